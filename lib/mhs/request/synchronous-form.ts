// The synchronous form: the bytes of a request whose answer comes in the reply, and what that reply means.
import { definedOnly } from "../../defined-only.js";
import { CpisError, errorClass } from "../../errors.js";
import { isSameId, type MessageId } from "../../identifiers.js";
import { readSynchronousReply, type SynchronousReply } from "../../soap/synchronous-reply.js";
import { encodeSynchronousRequest } from "../../soap/synchronous-request.js";
import { classifyReplyBody } from "../outbound/classify-reply.js";
import type { HttpReply } from "../outbound/interpret-reply.js";
import { endpointOf, type PreparedMessage } from "../outbound/outbound-record.js";
import type { OutboundRequest, RequestOutcome } from "../model.js";

/** What a reply can be; the request has no other answer. */
export type ReplyOutcome<Result = unknown> = Exclude<RequestOutcome<Result>, { kind: "answered" }>;

/** A reply as it is to be kept: the bytes, and what could be read of them. */
export interface ReplyToKeep {
  readonly body: Buffer;
  readonly contentType: string;
  readonly messageId?: string;
  readonly interaction?: string;
}

export interface SynchronousMeaning<Result = unknown> {
  readonly outcome: ReplyOutcome<Result>;
  /** Whether it is an answer to this message, as far as it and the one who asked can tell. */
  readonly settles: boolean;
  /** Absent for a refusal, which says no more than its codes. */
  readonly kept?: ReplyToKeep;
}

/** The longest answer that is read, as of a message that comes to the listener by default. */
export const maximumAnswerBytes = 5_242_880 + 65_536;

function judge<Result>(
  request: Pick<OutboundRequest<Result>, "judgeReply">,
  given: SynchronousReply,
  receivedAt: number,
): SynchronousMeaning<Result> {
  const reply = { ...given, receivedAt };
  try {
    const { settles, result } = request.judgeReply(reply);
    return { outcome: { kind: "replied", reply, result }, settles };
  } catch (error) {
    const detail = `the answer could not be judged (${errorClass(error)})`;
    return {
      outcome: { kind: "unparseable", error: new CpisError("SOAP_MALFORMED", { detail }) },
      settles: false,
    };
  }
}

function isAboutOther({ relatesTo }: SynchronousReply, messageId: MessageId): boolean {
  return relatesTo.some((id) => !isSameId(id, messageId));
}

/**
 * The body decides before the status does, but for an answer: that must come with status 200. A reply that says it is
 * about another message is none, whatever it holds.
 */
export function interpretSynchronousReply<Result>(
  { httpStatus, contentType = "", body }: HttpReply,
  request: Pick<OutboundRequest<Result>, "messageId" | "judgeReply">,
  receivedAt: number,
): SynchronousMeaning<Result> {
  const classified = classifyReplyBody({ contentType, body });
  const bytes: ReplyToKeep = { body, contentType };
  if (classified.kind === "fault") {
    return { outcome: { kind: "soap-fault", fault: classified.fault, httpStatus }, settles: false };
  }
  if (classified.kind === "message-error") {
    return { outcome: { kind: "ebxml-error", errors: classified.errors }, settles: false };
  }
  if (httpStatus < 200 || httpStatus > 299) return { outcome: { kind: "http-error", httpStatus }, settles: false };
  const noAnswer: ReplyOutcome<Result> = { kind: "no-answer", httpStatus };
  if (classified.kind === "empty") return { outcome: noAnswer, settles: false };
  if (classified.kind === "unreadable") {
    return { outcome: { kind: "unparseable", error: classified.error }, settles: false, kept: bytes };
  }
  if (classified.kind !== "other") return { outcome: noAnswer, settles: false, kept: bytes };
  const reply = readSynchronousReply(classified.envelope);
  const { messageId, interaction } = reply;
  const kept: ReplyToKeep = {
    ...bytes,
    ...definedOnly({ messageId, interaction }),
  };
  if (isAboutOther(reply, request.messageId)) return { outcome: { kind: "mismatched" }, settles: false, kept };
  if (httpStatus !== 200 || reply.body.children.length === 0) return { outcome: noAnswer, settles: false, kept };
  return { ...judge(request, reply, receivedAt), kept };
}

export interface PreparedSynchronous extends PreparedMessage {
  readonly pattern: "sync-soap";
}

/** Throws CONFIG_MISSING without the ASID of the system that asks, and CONFIG_INVALID. */
export function prepareSynchronous(request: OutboundRequest): PreparedSynchronous {
  const { contract, service, action, messageId, fromAsid, payload } = request;
  if (fromAsid === undefined) throw new CpisError("CONFIG_MISSING", { detail: "the ASID of the system that asks" });
  const url = endpointOf(contract);
  const message = encodeSynchronousRequest({
    messageId,
    service,
    interaction: action,
    endpointUrl: url.href,
    // The reply comes on the same connection, and Spine is known to take requests that name no address of ours.
    fromAddress: "",
    fromAsid,
    toAsid: contract.toAsid,
    payload,
  });
  return { message, pattern: "sync-soap", url };
}
