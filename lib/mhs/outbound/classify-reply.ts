// Says what the body of an HTTP reply is, whatever its status: Spine sends errors with 200 as well as with 500.
import type { EbxmlError } from "../../ebxml/model.js";
import { openMessage } from "../../ebxml/parse-ebxml.js";
import { readErrorList } from "../../ebxml/read-error-list.js";
import { readAcknowledgedMessageId, readRefToMessageId } from "../../ebxml/read-header.js";
import { isCpisError, type CpisError } from "../../errors.js";
import type { MessageId } from "../../identifiers.js";
import { readSoapEnvelope, type SoapEnvelope } from "../../soap/envelope.js";
import { readSoapFault, type SoapFault } from "../../soap/fault.js";

export interface Reply {
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export type ReplyBody =
  | { readonly kind: "fault"; readonly fault: SoapFault }
  /** An error list with at least one entry of severity Error. */
  | { readonly kind: "message-error"; readonly errors: readonly EbxmlError[]; readonly refToMessageId?: MessageId }
  /** Of the message named; the caller compares it with its own. Warnings may come along. */
  | {
      readonly kind: "acknowledgment";
      readonly acknowledgedMessageId: MessageId;
      readonly warnings: readonly EbxmlError[];
    }
  /** An error list that holds warnings only, without acknowledgment: the message was accepted. */
  | { readonly kind: "warnings"; readonly errors: readonly EbxmlError[]; readonly refToMessageId?: MessageId }
  /** No bytes, or white space only. */
  | { readonly kind: "empty" }
  /** A SOAP envelope that is none of the above, for example the answer of a synchronous exchange. */
  | { readonly kind: "other"; readonly envelope: SoapEnvelope }
  /** Not a readable SOAP message. */
  | { readonly kind: "unreadable"; readonly error: CpisError };

function isBlank(body: Buffer): boolean {
  return body.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** Signals are judged by what they are for, not by whether the rest of their header is complete. */
function classifyEnvelope(envelope: SoapEnvelope): ReplyBody {
  const fault = readSoapFault(envelope.body);
  if (fault !== undefined) return { kind: "fault", fault };
  const { header } = envelope;
  if (header === undefined) return { kind: "other", envelope };
  const errorList = readErrorList(header);
  const refToMessageId = readRefToMessageId(header);
  const reference = refToMessageId === undefined ? {} : { refToMessageId };
  if (errorList?.highestSeverity === "Error") {
    return { kind: "message-error", errors: errorList.errors, ...reference };
  }
  const acknowledgedMessageId = readAcknowledgedMessageId(header);
  if (acknowledgedMessageId !== undefined) {
    return { kind: "acknowledgment", acknowledgedMessageId, warnings: errorList?.errors ?? [] };
  }
  if (errorList !== undefined) return { kind: "warnings", errors: errorList.errors, ...reference };
  return { kind: "other", envelope };
}

/** Never throws. The order is: fault, error list, acknowledgment, empty, anything else. */
export function classifyReplyBody(reply: Reply): ReplyBody {
  if (isBlank(reply.body)) return { kind: "empty" };
  try {
    return classifyEnvelope(readSoapEnvelope(openMessage(reply).root));
  } catch (cause) {
    if (!isCpisError(cause)) throw cause;
    return { kind: "unreadable", error: cause };
  }
}
