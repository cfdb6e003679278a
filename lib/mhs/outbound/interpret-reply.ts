// Decides what an HTTP reply means for the message it answers, by messaging pattern.
import { CpisError } from "../../errors.js";
import { isSameId, type MessageId } from "../../identifiers.js";
import type { MessagingPattern } from "../../sds/contract.js";
import { classifyReplyBody, type ReplyBody } from "./classify-reply.js";
import type { RequestFailure } from "../model.js";
import type { SendResult } from "./send-message.js";

export type HttpReply = Extract<SendResult, { kind: "replied" }>;

export type ReplyMeaning =
  | { readonly kind: "accepted" }
  /** Accepted, and the peer said so by an Acknowledgment. */
  | { readonly kind: "acknowledged" }
  /** The peer neither took nor refused the message as the pattern has it: the answer may still come. */
  | { readonly kind: "undecided"; readonly isForeign: boolean }
  | { readonly kind: "failed"; readonly outcome: RequestFailure };

export interface SentMessage {
  readonly messageId: MessageId;
  readonly pattern: MessagingPattern;
}

function isAboutOther(sent: SentMessage, refToMessageId: MessageId | undefined): boolean {
  return refToMessageId !== undefined && !isSameId(refToMessageId, sent.messageId);
}

function interpretUnknownBody(
  body: Extract<ReplyBody, { kind: "other" | "unreadable" }>,
  sent: SentMessage,
): ReplyMeaning {
  if (sent.pattern !== "express") return { kind: "undecided", isForeign: true };
  const error =
    body.kind === "unreadable"
      ? body.error
      : new CpisError("EBXML_MALFORMED", { detail: "the reply is no acknowledgment, no error list and no fault" });
  return { kind: "failed", outcome: { kind: "unparseable", error } };
}

/**
 * The body decides before the status does: errors come with 200 as well as with 500. Express is accepted by an empty
 * reply; the reliable patterns by nothing but an Acknowledgment of this very message (forward: also by an empty reply).
 */
export function interpretReply(reply: HttpReply, sent: SentMessage): ReplyMeaning {
  const body = classifyReplyBody({ contentType: reply.contentType, body: reply.body });
  const isSuccess = reply.httpStatus >= 200 && reply.httpStatus < 300;
  const httpError: ReplyMeaning = { kind: "failed", outcome: { kind: "http-error", httpStatus: reply.httpStatus } };
  switch (body.kind) {
    case "fault":
      return { kind: "failed", outcome: { kind: "soap-fault", fault: body.fault, httpStatus: reply.httpStatus } };
    case "message-error":
      return { kind: "failed", outcome: { kind: "ebxml-error", errors: body.errors } };
    case "acknowledgment":
      if (!isAboutOther(sent, body.acknowledgedMessageId)) return { kind: "acknowledged" };
      return isSuccess ? { kind: "undecided", isForeign: true } : httpError;
    case "warnings":
      if (!isSuccess) return httpError;
      return isAboutOther(sent, body.refToMessageId) ? { kind: "undecided", isForeign: true } : { kind: "accepted" };
    case "empty":
      if (!isSuccess) return httpError;
      return sent.pattern === "reliable" ? { kind: "undecided", isForeign: false } : { kind: "accepted" };
    case "other":
    case "unreadable":
      return isSuccess ? interpretUnknownBody(body, sent) : httpError;
  }
}
