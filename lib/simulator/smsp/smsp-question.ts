// Reads what a simulated Spine mini service is asked, or says why it cannot be answered.
import { smspQueryInteraction } from "../../smsp/smsp-client.js";
import { parseBareQueryStub, type QueryStub } from "../../cpis/query/query-stub.js";
import { validateQueryStub } from "../../cpis/query/validate-request.js";
import { CpisError, isCpisError } from "../../errors.js";
import { interactionOf, parseDistributionEnvelope } from "../../itk/distribution-envelope.js";
import type { DistributionHeader, ReceivedDistribution } from "../../itk/distribution-envelope.js";
import { isItk } from "../../itk/names.js";
import { readWebServiceHeader, type ReceivedWebServiceHeader } from "../../itk/web-service-message.js";
import { parseSoapEnvelope } from "../../soap/envelope.js";
import type { XmlElement } from "../../xml/xml-element.js";

export type SmspReading =
  | {
      readonly kind: "question";
      readonly soap: ReceivedWebServiceHeader;
      readonly header: Partial<DistributionHeader>;
      readonly query: QueryStub;
    }
  /** The envelope can be answered, and its payload is not a valid query. */
  | {
      readonly kind: "invalid";
      readonly soap: ReceivedWebServiceHeader;
      readonly header: Partial<DistributionHeader>;
      readonly error: CpisError;
    }
  | { readonly kind: "refused"; readonly error: CpisError };

function readQuery(payload: XmlElement): QueryStub | CpisError {
  try {
    const query = parseBareQueryStub(payload);
    validateQueryStub(query);
    return query;
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

/** Routed on the interaction alone, as the official harness does. Throws SMSP_MALFORMED or what the envelope throws. */
function readEnvelope(body: XmlElement): ReceivedDistribution {
  const envelope = body.children.find((child) => isItk(child, "DistributionEnvelope"));
  if (envelope === undefined) throw new CpisError("SMSP_MALFORMED", { detail: "DistributionEnvelope is missing" });
  const distribution = parseDistributionEnvelope(envelope);
  if (interactionOf(distribution.header) !== smspQueryInteraction) {
    throw new CpisError("SMSP_MALFORMED", { detail: "the interaction is not the query of CP-IS" });
  }
  return distribution;
}

/** Takes the body of an HTTP request. Never throws for anything that can be in the bytes. */
export function readSmspQuestion(bytes: Uint8Array): SmspReading {
  try {
    const { header: soapHeader, body } = parseSoapEnvelope(bytes);
    const soap = readWebServiceHeader(soapHeader);
    const { header, payloads } = readEnvelope(body);
    const [payload, ...others] = payloads;
    if (payload === undefined || others.length > 0) {
      throw new CpisError("SMSP_MALFORMED", { detail: "there is more than one payload" });
    }
    const query = readQuery(payload.content);
    if (isCpisError(query)) return { kind: "invalid", soap, header, error: query };
    return { kind: "question", soap, header, query };
  } catch (error) {
    if (isCpisError(error)) return { kind: "refused", error };
    throw error;
  }
}
