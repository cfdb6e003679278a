// Says what the HTTP reply of a Spine mini service is: an answer, a fault, or neither.
import { CpisError, isCpisError } from "../errors.js";
import { parseDistributionEnvelope } from "../itk/distribution-envelope.js";
import { isItk } from "../itk/names.js";
import { readWebServiceHeader } from "../itk/web-service-message.js";
import { parseSoapEnvelope, type SoapEnvelope } from "../soap/envelope.js";
import { readSoapFault } from "../soap/fault.js";
import type { XmlElement } from "../xml/xml-element.js";
import type { SmspOutcome } from "./model.js";

export interface PostedReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body: Buffer;
}

/** Message ids are written with "uuid:", with "urn:uuid:" or bare. */
function bareId(id: string): string {
  return id.replace(/^(?:urn:)?uuid:/i, "").toUpperCase();
}

function charsetOf(contentType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*"?([A-Za-z0-9._:-]+)/i.exec(contentType ?? "")?.[1];
}

function parseEnvelope({ body, contentType }: PostedReply): SoapEnvelope | CpisError {
  const charset = charsetOf(contentType);
  try {
    return parseSoapEnvelope(body, charset === undefined ? {} : { charset });
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

/** The root of the one payload. Throws SMSP_RESPONSE_INVALID or SMSP_MALFORMED. */
function readPayload(body: XmlElement): XmlElement {
  const [envelope, ...others] = body.children.filter((child) => isItk(child, "DistributionEnvelope"));
  if (envelope === undefined) {
    throw new CpisError("SMSP_RESPONSE_INVALID", { detail: "it holds no distribution envelope" });
  }
  const [payload, ...more] = parseDistributionEnvelope(envelope).payloads;
  if (payload === undefined || others.length + more.length > 0) {
    throw new CpisError("SMSP_MALFORMED", { detail: "there is more than one payload" });
  }
  return payload.content;
}

function interpretAnswer({ header, body }: SoapEnvelope, messageId: string): SmspOutcome {
  const { relatesTo } = readWebServiceHeader(header);
  const isUnrelated = relatesTo.length > 0 && !relatesTo.some((id) => bareId(id) === bareId(messageId));
  if (isUnrelated) return { kind: "unrelated" };
  try {
    return { kind: "replied", payload: readPayload(body) };
  } catch (error) {
    if (isCpisError(error)) return { kind: "unparseable", error };
    throw error;
  }
}

/** Takes the reply to the message of that id. Never throws, whatever the bytes are. */
export function interpretReply(reply: PostedReply, messageId: string): SmspOutcome {
  const httpStatus = reply.status;
  const isSuccess = httpStatus >= 200 && httpStatus <= 299;
  if (isSuccess && reply.body.length === 0) return { kind: "empty", httpStatus };
  const envelope = parseEnvelope(reply);
  if (isCpisError(envelope)) {
    return isSuccess ? { kind: "unparseable", error: envelope } : { kind: "http-error", httpStatus };
  }
  const fault = readSoapFault(envelope.body);
  if (fault !== undefined) return { kind: "fault", fault, httpStatus };
  return isSuccess ? interpretAnswer(envelope, messageId) : { kind: "http-error", httpStatus };
}
