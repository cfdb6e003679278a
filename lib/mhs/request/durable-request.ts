// Runs one request whose every step is in the store: it is never sent twice, and what became of it can be read later.
import { definedOnly } from "../../defined-only.js";
import { longestTimerMilliseconds } from "../../time/back-off.js";
import { CpisError, type ErrorCode } from "../../errors.js";
import type { NewAuditEntry } from "../../store/audit-model.js";
import type { AcceptedRequest, MessageRowId, OutboundState, StoredMessage } from "../../store/message-model.js";
import type { MessageStore, Transition } from "../../store/message-store.js";
import { readInboundMessage } from "../inbound-record.js";
import type { OutboundRequest, RequestFailure, RequestOutcome } from "../model.js";
import { newOutboundRecord } from "../outbound/outbound-record.js";
import { readRefusal } from "../outbound/outbound-signals.js";
import { inTime, writeDown, type WritingParts } from "./background-writes.js";
import type { ReplyOutcome, SynchronousMeaning } from "./synchronous-form.js";
import {
  notSent,
  prepareRequest,
  sendRequest,
  type PreparedRequest,
  type RequestKeeper,
  type RunnerParts,
} from "./send-request.js";
import { keepReply, type KeptReply } from "./store-sync-reply.js";

export interface DurableRequestParts extends RunnerParts, WritingParts {
  readonly store: MessageStore;
  readonly channel: string;
  readonly owner: string;
}

/** How far a request has come, for the code that it ends with. */
interface Progress<Result> {
  isWritten: boolean;
  acknowledgedAt?: number;
  hasEnded: boolean;
  /** Of a synchronous exchange: what it says, and what the store has made of it. */
  reply?: { readonly outcome: ReplyOutcome<Result>; readonly kept: Promise<KeptReply | undefined> };
}

interface Recorded<Result> {
  readonly prepared: PreparedRequest<Result>;
  readonly id: MessageRowId;
  readonly parts: DurableRequestParts;
  readonly auditOf: (outcome: RequestOutcome<Result>) => NewAuditEntry | undefined;
}

/** After the request's own time its lease ends soon, so that another instance notes the fate of one whose owner died. */
const leaseGraceMilliseconds = 5_000;
/** An answer that comes sooner is noted together with the acknowledgement. */
const noteAfterMilliseconds = 500;

const unfinished: readonly OutboundState[] = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response"];

function codeOf<Result>(outcome: RequestFailure, { isWritten, acknowledgedAt }: Progress<Result>): ErrorCode {
  switch (outcome.kind) {
    case "mismatched":
      return "SOAP_REPLY_MISMATCH";
    case "no-answer":
      return "SOAP_NO_ANSWER";
    case "not-sent":
      return outcome.error.code;
    case "soap-fault":
    case "ebxml-error":
      return "EBXML_REFUSED";
    case "http-error":
      return [500, 502, 504].includes(outcome.httpStatus) ? "EBXML_OUTCOME_UNKNOWN" : "EBXML_REFUSED";
    case "unparseable":
      return "EBXML_OUTCOME_UNKNOWN";
    case "timeout":
    case "aborted":
      if (!isWritten) return "EBXML_NOT_SENT";
      return acknowledgedAt === undefined ? "EBXML_OUTCOME_UNKNOWN" : "EBXML_NO_RESPONSE";
  }
}

/** With its lease and its first sending, since whoever accepts it also sends it, once. */
function record<Result>(prepared: PreparedRequest<Result>, parts: DurableRequestParts): Promise<AcceptedRequest> {
  const { request } = prepared;
  const { store, watch, channel, owner, ownParty, effects } = parts;
  const acceptedAt = effects.now();
  const deadline = acceptedAt + request.timeoutMilliseconds;
  const row = newOutboundRecord(request, prepared, {
    channel,
    ownParty,
    acceptedAt,
    policy: {
      resendable: "never",
      completedBy: "response",
      responseMilliseconds: request.timeoutMilliseconds + leaseGraceMilliseconds,
      isAwaited: true,
    },
  });
  const lease = { owner, until: deadline + leaseGraceMilliseconds };
  const message = { ...row, state: "sending", attempts: 1, deadline, lease } as const;
  return watch.runAcceptance(() => store.acceptRequest(message, request.audit?.asked));
}

/** Not for a request that has ended meanwhile: its end is noted with it. */
function noteAccepted<Result>(at: number, progress: Progress<Result>, { id, parts }: Recorded<Result>): void {
  const { store } = parts;
  progress.acknowledgedAt = at;
  const changes = { acknowledgedAt: at };
  const noted: Transition = { id, from: ["sending"], to: "awaiting-response", at, keepLease: true, changes };
  const timer = setTimeout(() => {
    if (!progress.hasEnded) void writeDown(parts, () => store.transition(noted));
  }, noteAfterMilliseconds);
  timer.unref();
}

/** The answer that the store took and that nobody here was given, if its judge takes it. */
async function collectAnswer<Result>(
  asked: StoredMessage,
  { prepared, parts, auditOf }: Recorded<Result>,
): Promise<RequestOutcome<Result> | undefined> {
  const { store, effects } = parts;
  const stored = asked.answeredBy === undefined ? undefined : await store.findById(asked.answeredBy);
  if (stored === undefined || asked.state !== "completed") return undefined;
  const message = await readInboundMessage(store, stored);
  const answer = { message, receivedAt: stored.createdAt, isReferenced: stored.refToMessageId !== undefined };
  const decision = prepared.request.judge(answer);
  if (decision.kind !== "settles") return undefined;
  const outcome = { kind: "answered", answer, result: decision.result } as const;
  const audit = auditOf(outcome);
  void writeDown(parts, () =>
    store.transition({
      id: stored.id,
      from: ["delivered"],
      to: "confirmed",
      at: effects.now(),
      ...definedOnly({ audit }),
    }),
  );
  return outcome;
}

/** What the store knows of a request that ended there before its end could be written down. */
async function readEnd<Result>(recorded: Recorded<Result>): Promise<RequestOutcome<Result> | undefined> {
  const { id, parts } = recorded;
  try {
    const asked = await parts.store.findById(id);
    if (asked === undefined) return undefined;
    const errors = readRefusal(asked);
    return errors === undefined ? await collectAnswer(asked, recorded) : { kind: "ebxml-error", errors };
  } catch {
    // The caller is told of a time-out, as without this last look.
    return undefined;
  }
}

/** Waits no longer for the store than a clinician should: an answer is given also when it could not be kept. */
async function keepInTime<Result>(
  meaning: SynchronousMeaning<Result>,
  kept: Promise<KeptReply | undefined>,
  { prepared, parts }: Recorded<Result>,
): Promise<void> {
  if (meaning.kept === undefined || (await inTime(kept)) !== undefined) return;
  const { messageId } = prepared.request;
  parts.events.emit("warning", {
    code: "NOT_STORED",
    message: "The reply to a message is not in the store",
    messageId,
  });
}

function appendAudit<Result>(outcome: RequestOutcome<Result>, { auditOf, parts, prepared }: Recorded<Result>): void {
  const entry = auditOf(outcome);
  if (entry === undefined) return;
  void writeDown(parts, () => parts.store.appendAudit(entry)).then((number) => {
    if (number !== undefined) return;
    const message = "The outcome of a request is not in the audit";
    parts.events.emit("warning", { code: "NOT_AUDITED", message, messageId: prepared.request.messageId });
  });
}

/** Notes an end that no answer has noted. Gives the outcome, which may be an answer after all. */
async function conclude<Result>(
  outcome: RequestOutcome<Result>,
  progress: Progress<Result>,
  recorded: Recorded<Result>,
): Promise<RequestOutcome<Result>> {
  const { id, parts, auditOf } = recorded;
  const { store, effects } = parts;
  if (outcome.kind === "replied" || outcome.kind === "answered") return outcome;
  const code = codeOf(outcome, progress);
  const { acknowledgedAt } = progress;
  const changes = { errorCode: code, ...definedOnly({ acknowledgedAt }) };
  const audit = auditOf(outcome);
  const audited = audit === undefined ? {} : { audit };
  const failed = { id, from: unfinished, to: "failed", at: effects.now(), code, changes, ...audited } as const;
  const writing = writeDown(parts, () => store.transition(failed));
  const written = await inTime(writing);
  if (written === undefined) void writing.then((late) => late === "done" || appendAudit(outcome, recorded));
  if (written === "done" || written === undefined) return outcome;
  const kept = await inTime(progress.reply?.kept ?? Promise.resolve(undefined));
  // Its end and its audit stand with the reply, which may have come in the last moment.
  if (kept?.state === "given") return outcome.kind === "timeout" ? (progress.reply?.outcome ?? outcome) : outcome;
  if (kept?.state === "rejected") return outcome;
  const found = outcome.kind === "timeout" ? await inTime(readEnd(recorded)) : undefined;
  if (found?.kind === "answered") return found;
  appendAudit(found ?? outcome, recorded);
  return found ?? outcome;
}

/** What cannot be recorded is not asked. */
function notRecorded<Result>(error: unknown, { audit }: OutboundRequest<Result>): RequestOutcome<Result> {
  const outcome = notSent(error);
  const { code, retryable } = outcome.error;
  if (audit === undefined || !code.startsWith("STORE_") || code === "STORE_MESSAGE_ID_TAKEN") return outcome;
  return notSent(new CpisError("CPIS_NOT_AUDITED", { cause: outcome.error, detail: code, retryable }));
}

function isAborted<Result>({ signal }: OutboundRequest<Result>): boolean {
  return signal?.aborted === true;
}

/** Undefined for a store that does not answer in the request's time, or not before the request is given up. */
function acceptedInTime<Result>(
  accepting: Promise<AcceptedRequest>,
  { timeoutMilliseconds, signal }: OutboundRequest<Result>,
): Promise<AcceptedRequest | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const giveUp = (): void => resolve(undefined);
  const timer = setTimeout(giveUp, Math.min(timeoutMilliseconds, longestTimerMilliseconds));
  signal?.addEventListener("abort", giveUp);
  return Promise.race([accepting, over]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  });
}

/** A request that its store took too late is never sent; what the store has of it says so. */
function withdraw<Result>(
  accepting: Promise<Recorded<Result>>,
  outcome: RequestFailure,
  { writings }: DurableRequestParts,
): void {
  const withdrawing: Promise<unknown> = accepting
    .then((recorded) => conclude(outcome, { isWritten: false, hasEnded: true }, recorded))
    // What the store did not take need not be withdrawn.
    .catch(() => undefined)
    .finally(() => writings.delete(withdrawing));
  writings.add(withdrawing);
}

/**
 * Its bytes are in the store before the first of them leaves; without the store nothing is sent. The time that the
 * store takes counts as the request's.
 */
export async function runRequest<Result>(
  request: OutboundRequest<Result>,
  parts: DurableRequestParts,
): Promise<RequestOutcome<Result>> {
  if (isAborted(request)) return { kind: "aborted" };
  const { effects, pending } = parts;
  // A clock that is never set: what a caller waits for must not depend on somebody correcting the time.
  const startedAt = performance.now();
  const progress: Progress<Result> = { isWritten: false, hasEnded: false };
  let prepared: PreparedRequest<Result>;
  let recorded: Recorded<Result>;
  try {
    prepared = prepareRequest(request, parts);
    const recordOf = ({ id, auditNumber }: AcceptedRequest): Recorded<Result> => {
      const auditOf = (outcome: RequestOutcome<Result>): NewAuditEntry | undefined => {
        if (request.audit === undefined) return undefined;
        const entry = request.audit.ended(outcome, effects.now());
        return auditNumber === undefined ? entry : { ...entry, concerns: auditNumber };
      };
      return { prepared, id, parts, auditOf };
    };
    const accepting = record(prepared, parts);
    const accepted = await acceptedInTime(accepting, request);
    if (accepted === undefined) {
      const detail = "it did not answer in the request's time";
      const outcome = isAborted(request)
        ? ({ kind: "aborted" } as const)
        : notSent(new CpisError("STORE_UNAVAILABLE", { detail }));
      withdraw(accepting.then(recordOf), outcome, parts);
      return outcome.kind === "aborted" ? outcome : notRecorded(outcome.error, request);
    }
    recorded = recordOf(accepted);
  } catch (error) {
    return notRecorded(error, request);
  }
  const { id, auditOf } = recorded;
  const ended = Promise.withResolvers<undefined>();
  const keeper: RequestKeeper<Result> = {
    auditOf,
    writing(): void {
      progress.isWritten = true;
    },
    accepted(at): void {
      if (!progress.hasEnded) noteAccepted(at, progress, recorded);
    },
    async replied(meaning): Promise<void> {
      // The end of its time is written down first: then the store knows a late reply for what it is.
      if (pending.find(request.messageId) === undefined) await ended.promise;
      const kept = keepReply(meaning, { id, request, audit: auditOf(meaning.outcome) }, parts);
      progress.reply = { outcome: meaning.outcome, kept };
      await keepInTime(meaning, kept, recorded);
    },
  };
  const left = Math.max(0, request.timeoutMilliseconds - (performance.now() - startedAt));
  try {
    const { outcome, isRecorded } = await sendRequest(prepared, id, left, parts, keeper);
    progress.hasEnded = true;
    return isRecorded ? outcome : await conclude(outcome, progress, recorded);
  } finally {
    ended.resolve(undefined);
  }
}
