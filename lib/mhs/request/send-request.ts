// Sends one request and gives it one outcome.
import { longestTimerMilliseconds } from "../../time/back-off.js";
import type { EventEmitter } from "node:events";
import type { EbxmlPattern } from "../../ebxml/reliability.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, errorClass, isCpisError } from "../../errors.js";
import { selectPattern } from "../../sds/contract.js";
import type { NewAuditEntry } from "../../store/audit-model.js";
import type { MessageRowId } from "../../store/message-model.js";
import type { InboundAnswer, MhsEffects, MhsEvents, OutboundRequest, OwnParty, RequestOutcome } from "../model.js";
import { interpretReply, type HttpReply } from "../outbound/interpret-reply.js";
import { prepareMessage, type PreparedEbxml } from "../outbound/outbound-record.js";
import type { Sender, SendResult } from "../outbound/send-message.js";
import { interpretSynchronousReply, maximumAnswerBytes, type SynchronousMeaning } from "./synchronous-form.js";
import type { PendingRequests, Waiter, WaiterDecision } from "./pending-requests.js";
import { prepareSynchronous, type PreparedSynchronous } from "./synchronous-form.js";

export interface RunnerParts {
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  readonly events: EventEmitter<MhsEvents>;
  readonly sender: Sender;
  readonly pending: PendingRequests;
}

export type PreparedRequest<Result> = (PreparedEbxml | PreparedSynchronous) & {
  readonly request: OutboundRequest<Result>;
};

/** What a request's keeper learns of it while it runs, before its outcome. */
export interface RequestKeeper<Result> {
  /** The first byte is about to leave. */
  writing(): void;
  /** The peer said that it has the message, for the first time. */
  accepted(at: number): void;
  /** The reply of a synchronous exchange is here; the request ends when this has resolved. Never rejects. */
  replied(meaning: SynchronousMeaning<Result>): Promise<void>;
  /** What goes to the audit if the request ends so. */
  auditOf(outcome: RequestOutcome<Result>): NewAuditEntry | undefined;
}

export interface RequestEnd<Result> {
  readonly outcome: RequestOutcome<Result>;
  /** An answer came to the listener here: it, the end of the request and its audit are in the store. */
  readonly isRecorded: boolean;
}

interface Running<Result> {
  readonly prepared: PreparedRequest<Result>;
  readonly parts: RunnerParts;
  readonly keeper: RequestKeeper<Result>;
  readonly waiter: Waiter;
  readonly end: (outcome: RequestOutcome<Result>) => void;
}

/** Throws CONFIG_CONTRACT, CONFIG_INVALID, CONFIG_MISSING, EBXML_TOO_LARGE or EBXML_MIME. */
export function prepareRequest<Result>(
  request: OutboundRequest<Result>,
  { ownParty, effects }: RunnerParts,
): PreparedRequest<Result> {
  if (selectPattern(request.contract) === "sync-soap") return { request, ...prepareSynchronous(request) };
  const prepared = prepareMessage(request, ownParty, effects.now());
  // Spine takes requests by the other three. What it forwards, another party answers, in its own time.
  if (prepared.pattern === "forward-reliable") {
    throw new CpisError("CONFIG_CONTRACT", { detail: "a request cannot be sent with the pattern forward-reliable" });
  }
  return { request, ...prepared };
}

export function notSent(error: unknown): { readonly kind: "not-sent"; readonly error: CpisError } {
  if (isCpisError(error)) return { kind: "not-sent", error };
  return { kind: "not-sent", error: new CpisError("CPIS_INTERNAL", { detail: errorClass(error) }) };
}

/** A judge that fails must not make an unread answer look like one that never came. */
function judge<Result>(
  request: OutboundRequest<Result>,
  answer: InboundAnswer,
): RequestOutcome<Result> | "keep-waiting" | "discard" {
  try {
    const decision = request.judge(answer);
    return decision.kind === "settles" ? { kind: "answered", answer, result: decision.result } : decision.kind;
  } catch (error) {
    const detail = `the answer could not be judged (${errorClass(error)})`;
    return { kind: "unparseable", error: new CpisError("EBXML_MALFORMED", { detail }) };
  }
}

/**
 * Gives the end of a stored request exactly once. It is registered before anything is written, for its answer may come
 * before the reply. Nothing is ever sent twice: after an unknown outcome a second query would be a second access.
 */
export function sendRequest<Result>(
  prepared: PreparedRequest<Result>,
  id: MessageRowId,
  timeoutMilliseconds: number,
  parts: RunnerParts,
  keeper: RequestKeeper<Result>,
): Promise<RequestEnd<Result>> {
  const { request } = prepared;
  const { messageId, conversationId, signal } = request;
  const { pending, sender, events } = parts;
  const { promise, resolve } = Promise.withResolvers<RequestEnd<Result>>();
  let isOpen = true;
  let isWriting = false;
  let acknowledgedAt: number | undefined;

  function finish(end: RequestEnd<Result>): void {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    pending.remove(waiter);
    resolve(end);
  }

  const end = (outcome: RequestOutcome<Result>): void => finish({ outcome, isRecorded: false });
  const waiter: Waiter = {
    messageId,
    id,
    get acknowledgedAt() {
      return acknowledgedAt;
    },
    decide(answer): WaiterDecision {
      const outcome = judge(request, answer);
      if (typeof outcome === "string") return { kind: outcome };
      const audit = keeper.auditOf(outcome);
      const settle = (): void => finish({ outcome, isRecorded: true });
      return { kind: "settles", settle, ...definedOnly({ audit }) };
    },
    noteAccepted(): void {
      if (acknowledgedAt !== undefined) return;
      acknowledgedAt = parts.effects.now();
      keeper.accepted(acknowledgedAt);
    },
    end,
  };
  const onAbort = (): void => end({ kind: "aborted" });
  const onTimeout = (): void => {
    const error = new CpisError("EBXML_CONNECT_FAILED", { detail: "no connection before the request's time was over" });
    end(isWriting ? { kind: "timeout", wasAccepted: acknowledgedAt !== undefined } : { kind: "not-sent", error });
  };
  const timer = setTimeout(onTimeout, Math.min(timeoutMilliseconds, longestTimerMilliseconds));
  if (signal?.aborted === true || !pending.open(waiter)) {
    end({ kind: "aborted" });
    return promise;
  }
  signal?.addEventListener("abort", onAbort);

  const mayWrite = (): boolean => {
    if (!isOpen) return false;
    isWriting = true;
    keeper.writing();
    const { action } = request;
    events.emit("sending", { messageId, conversationId, action, bytes: prepared.message.body.length });
    return true;
  };
  const startedAt = parts.effects.now();
  const { url, message } = prepared;
  const answer = { replyMilliseconds: request.timeoutMilliseconds, maximumBytes: maximumAnswerBytes };
  const sending = prepared.pattern === "sync-soap" ? { url, message, mayWrite, answer } : { url, message, mayWrite };
  void sender.send(sending).then((result) => {
    const durationMilliseconds = parts.effects.now() - startedAt;
    concludeSending({ prepared, parts, keeper, waiter, end }, { result, durationMilliseconds });
  });
  return promise;
}

interface Sent<SendOutcome extends SendResult = SendResult> {
  readonly result: SendOutcome;
  readonly durationMilliseconds: number;
}

/** Notes what the sending came to, also of a request that was answered meanwhile. */
function concludeSending<Result>(running: Running<Result>, { result, durationMilliseconds }: Sent): void {
  const { prepared, parts, end } = running;
  const { messageId } = prepared.request;
  switch (result.kind) {
    case "replied":
      if (prepared.pattern === "sync-soap") void concludeSynchronously(running, { result, durationMilliseconds });
      else concludeReply(running, prepared.pattern, { result, durationMilliseconds });
      return;
    case "not-sent":
      parts.events.emit("replied", { messageId, kind: "not-sent", durationMilliseconds });
      end(result);
      return;
    case "unknown":
      parts.events.emit("replied", { messageId, kind: "unknown", durationMilliseconds });
      parts.events.emit("warning", {
        code: "NO_REPLY",
        message: `Whether the peer has a message is not known: ${result.reason}`,
        messageId,
      });
      // Any other answer comes to the listener. This one would have come here, and will not any more.
      if (prepared.pattern === "sync-soap") end(withoutAnswer(result));
  }
}

function withoutAnswer({ isReplyTooLarge }: Extract<SendResult, { kind: "unknown" }>) {
  if (isReplyTooLarge === true) return { kind: "unparseable", error: new CpisError("EBXML_TOO_LARGE") } as const;
  return { kind: "timeout", wasAccepted: false } as const;
}

async function concludeSynchronously<Result>(
  { prepared: { request }, parts: { events, effects }, keeper, end }: Running<Result>,
  { result, durationMilliseconds }: Sent<HttpReply>,
): Promise<void> {
  const { messageId } = request;
  const meaning = interpretSynchronousReply(result, request, effects.now());
  const { outcome } = meaning;
  events.emit("replied", { messageId, kind: outcome.kind, httpStatus: result.httpStatus, durationMilliseconds });
  if (outcome.kind === "mismatched") {
    events.emit("warning", { code: "FOREIGN_REPLY", message: "The reply is not about the message sent", messageId });
  }
  await keeper.replied(meaning);
  end(outcome);
}

function concludeReply<Result>(
  { prepared, parts: { events }, waiter, end }: Running<Result>,
  pattern: EbxmlPattern,
  { result, durationMilliseconds }: Sent<HttpReply>,
): void {
  const { messageId } = prepared.request;
  const meaning = interpretReply(result, { messageId, pattern });
  const kind = meaning.kind === "failed" ? meaning.outcome.kind : meaning.kind;
  if (meaning.kind === "failed") end(meaning.outcome);
  if (meaning.kind === "accepted" || meaning.kind === "acknowledged") waiter.noteAccepted();
  events.emit("replied", { messageId, kind, httpStatus: result.httpStatus, durationMilliseconds });
  if (meaning.kind === "undecided" && meaning.isForeign) {
    events.emit("warning", { code: "FOREIGN_REPLY", message: "The reply is not about the message sent", messageId });
  }
}
