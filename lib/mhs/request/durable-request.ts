// Runs one request whose every step is in the store: it is never sent twice, and what became of it can be read later.
import type { ErrorCode } from "../../errors.js";
import type { MessageRowId, OutboundState } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { readInboundMessage } from "../inbound-record.js";
import type { ReplyOutcome, SynchronousMeaning } from "./interpret-synchronous.js";
import { confirmReply, keepReply, type KeptReply } from "./store-sync-reply.js";
import type { OutboundRequest, RequestOutcome } from "../model.js";
import { newOutboundRecord } from "../outbound/outbound-record.js";
import {
  notSent,
  prepareRequest,
  sendRequest,
  type PreparedRequest,
  type RequestProgress,
  type RunnerParts,
} from "./send-request.js";
import { inTime, writeDown, type WritingParts } from "./background-writes.js";

export interface DurableRequestParts extends RunnerParts, WritingParts {
  readonly store: MessageStore;
  readonly channel: string;
  readonly owner: string;
}

/** How far a request has come, for the code that it ends with. */
interface Course {
  isWritten: boolean;
  isAccepted: boolean;
  /** Of a synchronous exchange: what it says, and what the store has made of it. */
  reply?: { readonly outcome: ReplyOutcome; readonly kept: Promise<KeptReply | undefined> };
}

/** After the request's own time its lease ends soon, so that another instance notes the fate of one whose owner died. */
const leaseGraceMilliseconds = 5_000;

const unfinished: readonly OutboundState[] = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response"];

function codeOf(outcome: Exclude<ReplyOutcome, { kind: "replied" }>, course: Course): ErrorCode {
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
      if (!course.isWritten) return "EBXML_NOT_SENT";
      return course.isAccepted ? "EBXML_NO_RESPONSE" : "EBXML_OUTCOME_UNKNOWN";
  }
}

/** With its lease, since whoever accepts it also sends it. */
async function record(prepared: PreparedRequest, parts: DurableRequestParts): Promise<MessageRowId | undefined> {
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
  const [id] = await watch.runAcceptance(() => store.acceptOutbound([{ ...row, deadline, lease }]));
  if (id === undefined) return undefined;
  const changes = { attempts: 1 };
  const sending = { id, from: ["queued"], to: "sending", at: acceptedAt, owner, keepLease: true, changes } as const;
  return (await watch.run(() => store.transition(sending))) === "done" ? id : undefined;
}

function noteAccepted(id: MessageRowId, { prepared, parts }: Recorded): void {
  const { store, pending, effects } = parts;
  // Not for an answer that came before the reply: that one finishes the message.
  queueMicrotask(() => {
    if (!pending.isOpen(prepared.request.messageId)) return;
    const at = effects.now();
    const changes = { acknowledgedAt: at };
    const from = ["sending"] as const;
    void writeDown(parts, () => store.transition({ id, from, to: "awaiting-response", at, keepLease: true, changes }));
  });
}

interface Recorded {
  readonly prepared: PreparedRequest;
  readonly parts: DurableRequestParts;
}

/** The answer that the store took before the request's end could be written down, if its judge takes it. */
async function readAnswer(id: MessageRowId, { prepared, parts }: Recorded): Promise<RequestOutcome | undefined> {
  const { store, effects } = parts;
  try {
    const asked = await store.findById(id);
    const stored = asked?.answeredBy === undefined ? undefined : await store.findById(asked.answeredBy);
    if (stored === undefined || asked?.state !== "completed") return undefined;
    const answer = { message: await readInboundMessage(store, stored), receivedAt: stored.createdAt };
    if (prepared.request.judge(answer) !== "settles") return undefined;
    const confirmed = { id: stored.id, from: ["delivered"], to: "confirmed", at: effects.now() } as const;
    void writeDown(parts, () => store.transition(confirmed));
    return { kind: "answered", answer };
  } catch {
    // The caller is told of a time-out, as without this last look.
    return undefined;
  }
}

function confirmWhenKept({ reply }: Course, { parts }: Recorded): void {
  const confirming: Promise<unknown> = Promise.resolve(reply?.kept)
    .then((kept) => kept?.state === "delivered" && confirmReply(kept.id, parts))
    .finally(() => parts.writings.delete(confirming));
  parts.writings.add(confirming);
}

/** The reply came in time, and storing it took until the time was over. */
async function takeReply(
  reply: NonNullable<Course["reply"]>,
  course: Course,
  recorded: Recorded,
): Promise<RequestOutcome> {
  const kept = await inTime(reply.kept);
  if (kept?.state !== "delivered") return { kind: "timeout", wasAccepted: false };
  confirmWhenKept(course, recorded);
  return reply.outcome;
}

/** Waits no longer for the store than a clinician should: an answer is given also when it could not be kept. */
async function keepInTime(
  meaning: SynchronousMeaning,
  kept: Promise<KeptReply | undefined>,
  { prepared, parts }: Recorded,
): Promise<void> {
  if (meaning.kept === undefined || (await inTime(kept)) !== undefined) return;
  const { messageId } = prepared.request;
  parts.events.emit("warning", {
    code: "NOT_STORED",
    message: "The reply to a message is not in the store",
    messageId,
  });
}

async function conclude(
  id: MessageRowId,
  outcome: RequestOutcome,
  course: Course,
  recorded: Recorded,
): Promise<RequestOutcome> {
  if (outcome.kind === "answered") return outcome;
  if (outcome.kind === "replied") {
    confirmWhenKept(course, recorded);
    return outcome;
  }
  const { store, effects } = recorded.parts;
  const code = codeOf(outcome, course);
  const changes = { errorCode: code };
  const failed = { id, from: unfinished, to: "failed", at: effects.now(), code, changes } as const;
  const written = writeDown(recorded.parts, () => store.transition(failed));
  const isOvertaken = (await inTime(written)) === "not-in-state";
  if (!isOvertaken || outcome.kind !== "timeout") return outcome;
  if (course.reply !== undefined) return takeReply(course.reply, course, recorded);
  return (await inTime(readAnswer(id, recorded))) ?? outcome;
}

/**
 * Its bytes are in the store before the first of them leaves; without the store nothing is sent. The time that the
 * store takes counts as the request's.
 */
export async function runDurableRequest(request: OutboundRequest, parts: DurableRequestParts): Promise<RequestOutcome> {
  if (request.signal?.aborted === true) return { kind: "aborted" };
  const startedAt = parts.effects.now();
  const course: Course = { isWritten: false, isAccepted: false };
  let prepared: PreparedRequest;
  let id: MessageRowId | undefined;
  try {
    prepared = prepareRequest(request, parts);
    id = await record(prepared, parts);
  } catch (error) {
    return notSent(error);
  }
  if (id === undefined) return { kind: "aborted" };
  const rowId = id;
  const recorded: Recorded = { prepared, parts };
  const ended = Promise.withResolvers<undefined>();
  const progress = {
    writing(): void {
      course.isWritten = true;
    },
    accepted(): void {
      if (!course.isAccepted) noteAccepted(rowId, recorded);
      course.isAccepted = true;
    },
    async replied(meaning: SynchronousMeaning): Promise<void> {
      // The end of its time is written down first: then the store knows a late reply for what it is.
      if (!parts.pending.isOpen(request.messageId)) await ended.promise;
      const kept = keepReply(meaning, { id: rowId, request }, parts);
      course.reply = { outcome: meaning.outcome, kept };
      await keepInTime(meaning, kept, recorded);
    },
  };
  const left = Math.max(0, request.timeoutMilliseconds - (parts.effects.now() - startedAt));
  try {
    return await conclude(rowId, await send(left, recorded, progress), course, recorded);
  } finally {
    ended.resolve(undefined);
  }
}

async function send(
  timeoutMilliseconds: number,
  { prepared, parts }: Recorded,
  progress: RequestProgress,
): Promise<RequestOutcome> {
  if (prepared.request.signal?.aborted === true) return { kind: "aborted" };
  const { request } = prepared;
  const shortened: OutboundRequest = { ...request, timeoutMilliseconds, judge: (answer) => request.judge(answer) };
  return sendRequest({ ...prepared, request: shortened }, parts, progress);
}
