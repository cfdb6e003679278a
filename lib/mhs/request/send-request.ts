// Runs one request from its first byte to its one outcome.
import type { EventEmitter } from "node:events";
import type { EbxmlPattern } from "../../ebxml/reliability.js";
import { CpisError, errorClass, isCpisError } from "../../errors.js";
import type { MessageId } from "../../identifiers.js";
import { interpretReply, type HttpReply } from "../outbound/interpret-reply.js";
import type { MhsEffects, MhsEvents, OutboundRequest, OwnParty, RequestOutcome } from "../model.js";
import { interpretSynchronousReply, maximumAnswerBytes, type SynchronousMeaning } from "./interpret-synchronous.js";
import { prepareMessage, type PreparedEbxml } from "../outbound/outbound-record.js";
import { prepareSynchronous, type PreparedSynchronous } from "./prepare-synchronous.js";
import type { PendingRequests } from "./pending-requests.js";
import { selectPattern } from "../../sds/contract.js";
import type { Sender, SendResult } from "../outbound/send-message.js";

export interface RunnerParts {
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  readonly events: EventEmitter<MhsEvents>;
  readonly sender: Sender;
  readonly pending: PendingRequests;
}

export type PreparedRequest = (PreparedEbxml | PreparedSynchronous) & { readonly request: OutboundRequest };

/** What a request's keeper learns of it while it runs, before its outcome. */
export interface RequestProgress {
  /** The first byte is about to leave. */
  writing(): void;
  /** The peer said that it has the message. */
  accepted(): void;
  /** The reply of a synchronous exchange is here; the request ends when this has resolved. Never rejects. */
  replied(meaning: SynchronousMeaning): Promise<void>;
}

/** What timers take; a longer one would fire at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** Throws CONFIG_CONTRACT, CONFIG_INVALID, CONFIG_MISSING, EBXML_TOO_LARGE or EBXML_MIME. */
export function prepareRequest(request: OutboundRequest, { ownParty, effects }: RunnerParts): PreparedRequest {
  if (selectPattern(request.contract) === "sync-soap") return { request, ...prepareSynchronous(request) };
  const prepared = prepareMessage(request, ownParty, effects.now());
  // Spine takes requests by the other three. What it forwards, another party answers, in its own time.
  if (prepared.pattern === "forward-reliable") {
    throw new CpisError("CONFIG_CONTRACT", { detail: "a request cannot be sent with the pattern forward-reliable" });
  }
  return { request, ...prepared };
}

export function notSent(error: unknown): RequestOutcome {
  if (isCpisError(error)) return { kind: "not-sent", error };
  return { kind: "not-sent", error: new CpisError("CPIS_INTERNAL", { detail: errorClass(error) }) };
}

/**
 * Gives the outcome of a request exactly once. The request is registered before anything is written, for its answer
 * may come before the reply. Nothing is ever sent twice: after an unknown outcome a second query would be a second
 * access.
 */
export function sendRequest(
  prepared: PreparedRequest,
  parts: RunnerParts,
  progress: RequestProgress,
): Promise<RequestOutcome> {
  const { request } = prepared;
  const { messageId, conversationId, signal } = request;
  const { pending, sender, events } = parts;
  const { promise, resolve } = Promise.withResolvers<RequestOutcome>();
  let isOpen = true;
  let isWriting = false;
  let wasAccepted = false;

  const onAbort = (): void => pending.end(messageId, { kind: "aborted" });
  const onTimeout = (): void => {
    const error = new CpisError("EBXML_CONNECT_FAILED", { detail: "no connection before the request's time was over" });
    pending.end(messageId, isWriting ? { kind: "timeout", wasAccepted } : { kind: "not-sent", error });
  };
  const isTaken = pending.open({
    messageId,
    judge: (answer) => request.judge(answer),
    noteAccepted: () => {
      wasAccepted = true;
      progress.accepted();
    },
    end: (outcome) => {
      isOpen = false;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    },
  });
  if (!isTaken) return Promise.resolve({ kind: "aborted" });
  const timer = setTimeout(onTimeout, Math.min(request.timeoutMilliseconds, longestTimerMilliseconds));
  signal?.addEventListener("abort", onAbort);

  const mayWrite = (): boolean => {
    if (!isOpen) return false;
    isWriting = true;
    progress.writing();
    const { action } = request;
    events.emit("sending", { messageId, conversationId, action, bytes: prepared.message.body.length });
    return true;
  };
  const startedAt = parts.effects.now();
  const { url, message } = prepared;
  const answer = { replyMilliseconds: request.timeoutMilliseconds, maximumBytes: maximumAnswerBytes };
  const sending = prepared.pattern === "sync-soap" ? { url, message, mayWrite, answer } : { url, message, mayWrite };
  void sender.send(sending).then((result) => {
    concludeSending(prepared, parts, progress, { result, durationMilliseconds: parts.effects.now() - startedAt });
  });
  return promise;
}

interface Sent<Result extends SendResult = SendResult> {
  readonly result: Result;
  readonly durationMilliseconds: number;
}

/** Notes what the sending came to, also of a request that was answered meanwhile. */
function concludeSending(
  prepared: PreparedRequest,
  parts: RunnerParts,
  progress: RequestProgress,
  { result, durationMilliseconds }: Sent,
): void {
  const { messageId } = prepared.request;
  switch (result.kind) {
    case "replied":
      if (prepared.pattern === "sync-soap") {
        void concludeSynchronously(prepared.request, parts, progress, { result, durationMilliseconds });
      } else concludeReply(messageId, prepared.pattern, parts, { result, durationMilliseconds });
      return;
    case "not-sent":
      parts.events.emit("replied", { messageId, kind: "not-sent", durationMilliseconds });
      parts.pending.end(messageId, result);
      return;
    case "unknown":
      parts.events.emit("replied", { messageId, kind: "unknown", durationMilliseconds });
      parts.events.emit("warning", {
        code: "NO_REPLY",
        message: `Whether the peer has a message is not known: ${result.reason}`,
        messageId,
      });
      // Any other answer comes to the listener. This one would have come here, and will not any more.
      if (prepared.pattern === "sync-soap") parts.pending.end(messageId, withoutAnswer(result));
  }
}

function withoutAnswer({ isReplyTooLarge }: Extract<SendResult, { kind: "unknown" }>): RequestOutcome {
  if (isReplyTooLarge === true) return { kind: "unparseable", error: new CpisError("EBXML_TOO_LARGE") };
  return { kind: "timeout", wasAccepted: false };
}

async function concludeSynchronously(
  request: OutboundRequest,
  { events, pending, effects }: RunnerParts,
  progress: RequestProgress,
  { result, durationMilliseconds }: Sent<HttpReply>,
): Promise<void> {
  const { messageId } = request;
  const meaning = interpretSynchronousReply(result, request, effects.now());
  const { outcome } = meaning;
  events.emit("replied", { messageId, kind: outcome.kind, httpStatus: result.httpStatus, durationMilliseconds });
  if (outcome.kind === "mismatched") {
    events.emit("warning", { code: "FOREIGN_REPLY", message: "The reply is not about the message sent", messageId });
  }
  await progress.replied(meaning);
  pending.end(messageId, outcome);
}

function concludeReply(
  messageId: MessageId,
  pattern: EbxmlPattern,
  { events, pending }: RunnerParts,
  { result, durationMilliseconds }: Sent<HttpReply>,
): void {
  const meaning = interpretReply(result, { messageId, pattern });
  const kind = meaning.kind === "failed" ? meaning.outcome.kind : meaning.kind;
  if (meaning.kind === "failed") pending.end(messageId, meaning.outcome);
  if (meaning.kind === "accepted" || meaning.kind === "acknowledged") pending.noteAccepted(messageId);
  events.emit("replied", { messageId, kind, httpStatus: result.httpStatus, durationMilliseconds });
  if (meaning.kind === "undecided" && meaning.isForeign) {
    events.emit("warning", { code: "FOREIGN_REPLY", message: "The reply is not about the message sent", messageId });
  }
}
