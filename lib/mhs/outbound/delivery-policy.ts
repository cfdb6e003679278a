// Decides what becomes of an outbound message that a store keeps: pure, by its contract and by what happened to it.
import type { EbxmlError } from "../../ebxml/model.js";
import { definedOnly } from "../../defined-only.js";
import type { CpisError, ErrorCode } from "../../errors.js";
import type { MessagingPattern } from "../../sds/contract.js";
import { isRetriableFault } from "../../soap/fault.js";
import type { OutboundState } from "../../store/message-model.js";
import type { MessageChanges } from "../../store/message-store.js";
import type { ReplyMeaning } from "./interpret-reply.js";
import type { RequestFailure } from "../model.js";

/** What was agreed of a message when it was accepted. Times in milliseconds. */
export interface DeliveryPolicy {
  readonly pattern: MessagingPattern;
  /** Sendings after the first. */
  readonly retries: number;
  readonly retryIntervalMilliseconds: number;
  /** From the first sending; 0 for as long as the retries take. */
  readonly persistDurationMilliseconds: number;
  readonly resendable: "by-contract" | "never";
  /** "consumer": the peer has it, and a response, whenever it comes, goes to a consumer, who then finishes it. */
  readonly completedBy: "acknowledgment" | "response" | "consumer";
  /** How long a response is waited for once the peer has the message. */
  readonly responseMilliseconds: number;
  /** The one who asked waits in the program that accepted the message, and is gone when that ends. */
  readonly isAwaited: boolean;
}

/** Of the stored message. Times are milliseconds since 1970. */
export interface DeliveryState {
  readonly state: OutboundState;
  /** Sendings begun that may have reached the peer, with the one under way. */
  readonly attempts: number;
  /** Since the first sending. */
  readonly deadline?: number;
}

export type DeliveryEvent =
  /** Its time has come, and nobody works on it. In "sending": whoever did is gone. */
  | { readonly kind: "due" }
  /** The peer cannot have seen it; `retryAt` is when its endpoint may be tried again. */
  | { readonly kind: "not-sent"; readonly error: CpisError; readonly retryAt: number }
  | { readonly kind: "no-reply" }
  | { readonly kind: "replied"; readonly meaning: ReplyMeaning; readonly retryAfterMilliseconds?: number }
  /** By a post of its own. */
  | { readonly kind: "acknowledged" }
  /** By a post of its own, with errors of severity Error. */
  | { readonly kind: "refused"; readonly errors: readonly EbxmlError[] };

export interface DeliveryTransition {
  readonly kind: "transition";
  readonly to: OutboundState;
  readonly code?: ErrorCode;
  readonly changes?: Pick<MessageChanges, "attempts" | "nextAttemptAt" | "deadline" | "acknowledgedAt" | "attributes">;
  /** Whoever waits for the message, here or elsewhere, is told. */
  readonly isAnnounced?: boolean;
}

export type DeliveryDecision =
  /** Write this down, then send the bytes. */
  | { readonly kind: "send"; readonly attempts: number; readonly deadline: number }
  | DeliveryTransition
  /** What happened changes nothing. */
  | { readonly kind: "none" };

interface Case {
  readonly current: DeliveryState;
  readonly policy: DeliveryPolicy;
  readonly now: number;
}

/** A hundred years. */
const withoutEnd = 100 * 365 * 24 * 3_600_000;

function persistMilliseconds(policy: DeliveryPolicy): number {
  const { persistDurationMilliseconds, retries, retryIntervalMilliseconds } = policy;
  return persistDurationMilliseconds > 0 ? persistDurationMilliseconds : (retries + 1) * retryIntervalMilliseconds;
}

function failed(code: ErrorCode): DeliveryTransition {
  return { kind: "transition", to: "failed", code };
}

const expired: DeliveryTransition = { kind: "transition", to: "expired", code: "EBXML_NOT_ACKNOWLEDGED" };

/** The same bytes may go again: the peer knows them by their id. */
function isResendable({ pattern, resendable }: DeliveryPolicy): boolean {
  return pattern !== "express" && pattern !== "sync-soap" && resendable === "by-contract";
}

function begin({ current, policy, now }: Case): DeliveryDecision {
  return {
    kind: "send",
    attempts: current.attempts + 1,
    deadline: current.deadline ?? now + persistMilliseconds(policy),
  };
}

/** Waits for the next sending, or, when there is none left, for an acknowledgment that may still come. */
function waitForAcknowledgment(
  { current, policy, now }: Case,
  milliseconds: number,
  code?: ErrorCode,
): DeliveryTransition {
  const deadline = current.deadline ?? now;
  const next = now + milliseconds;
  const mayResend = isResendable(policy) && current.attempts <= policy.retries && next < deadline;
  return {
    kind: "transition",
    to: "awaiting-acknowledgement",
    changes: { nextAttemptAt: mayResend ? next : deadline },
    ...definedOnly({ code }),
  };
}

function afterUnknownOutcome(each: Case): DeliveryTransition {
  if (!isResendable(each.policy)) return failed("EBXML_OUTCOME_UNKNOWN");
  return waitForAcknowledgment(each, each.policy.retryIntervalMilliseconds);
}

function afterTemporaryRefusal(each: Case, milliseconds: number): DeliveryTransition {
  if (!isResendable(each.policy)) return failed("EBXML_REFUSED");
  const wait = Math.max(milliseconds, each.policy.retryIntervalMilliseconds);
  return waitForAcknowledgment(each, wait, "EBXML_REFUSED");
}

function afterDelivery({ policy, now }: Case, acknowledgedAt?: number): DeliveryTransition {
  const acknowledged = acknowledgedAt === undefined ? {} : { acknowledgedAt };
  if (policy.completedBy === "acknowledgment") return { kind: "transition", to: "completed", changes: acknowledged };
  const nextAttemptAt = now + (policy.completedBy === "consumer" ? withoutEnd : policy.responseMilliseconds);
  return { kind: "transition", to: "awaiting-response", changes: { ...acknowledged, nextAttemptAt } };
}

/** A connection that failed uses up no sending and starts no deadline: the peer has seen nothing of it. */
function afterNotSent({ current }: Case, event: Extract<DeliveryEvent, { kind: "not-sent" }>): DeliveryTransition {
  if (!event.error.retryable) return failed(event.error.code);
  const attempts = current.attempts - 1;
  const { code } = event.error;
  const changes = { attempts, nextAttemptAt: event.retryAt };
  if (attempts > 0) return { kind: "transition", to: "awaiting-acknowledgement", code, changes };
  return { kind: "transition", to: "queued", code, changes: { ...changes, deadline: null } };
}

function afterErrorList(each: Case, errors: readonly EbxmlError[]): DeliveryTransition {
  const isTemporary = errors.length > 0 && errors.every(({ errorCode }) => errorCode === "DeliveryFailure");
  return isTemporary ? afterTemporaryRefusal(each, 0) : failed("EBXML_REFUSED");
}

function afterHttpError(each: Case, httpStatus: number, retryAfterMilliseconds: number): DeliveryTransition {
  switch (httpStatus) {
    case 429:
    case 503:
      return afterTemporaryRefusal(each, retryAfterMilliseconds);
    case 500:
    case 502:
    case 504:
      return afterUnknownOutcome(each);
    default:
      return failed("EBXML_REFUSED");
  }
}

function afterFailure(each: Case, outcome: RequestFailure, retryAfterMilliseconds: number): DeliveryTransition {
  switch (outcome.kind) {
    case "soap-fault":
      return isRetriableFault(outcome.fault) ? afterTemporaryRefusal(each, 0) : failed("EBXML_REFUSED");
    case "ebxml-error":
      return afterErrorList(each, outcome.errors);
    case "http-error":
      return afterHttpError(each, outcome.httpStatus, retryAfterMilliseconds);
    case "unparseable":
    case "timeout":
    case "aborted":
    case "not-sent":
    case "mismatched":
    case "no-answer":
      return afterUnknownOutcome(each);
  }
}

function afterReply(each: Case, event: Extract<DeliveryEvent, { kind: "replied" }>): DeliveryTransition {
  const { meaning } = event;
  const { policy, now } = each;
  switch (meaning.kind) {
    case "acknowledged":
      return afterDelivery(each, now);
    case "accepted":
      return policy.pattern === "forward-reliable"
        ? waitForAcknowledgment(each, policy.retryIntervalMilliseconds)
        : afterDelivery(each);
    case "undecided":
      // An express message has no acknowledgment to wait for, but its answer may come.
      return policy.pattern === "express" && policy.completedBy !== "acknowledgment"
        ? afterDelivery(each)
        : afterUnknownOutcome(each);
    case "failed":
      return afterFailure(each, meaning.outcome, event.retryAfterMilliseconds ?? 0);
  }
}

function whenDue(each: Case): DeliveryDecision {
  const { current, policy, now } = each;
  switch (current.state) {
    case "queued":
      if (policy.isAwaited) return failed("EBXML_NOT_SENT");
      return begin(each);
    case "sending":
      if (policy.isAwaited || !isResendable(policy)) return failed("EBXML_OUTCOME_UNKNOWN");
      return waitForAcknowledgment(each, policy.retryIntervalMilliseconds);
    case "awaiting-acknowledgement": {
      if (policy.isAwaited) return failed("EBXML_OUTCOME_UNKNOWN");
      const deadline = current.deadline ?? now;
      if (now >= deadline) return expired;
      const mayResend = isResendable(policy) && current.attempts <= policy.retries;
      // One that was begun and reached nobody is not a resend.
      return mayResend || current.attempts === 0 ? begin(each) : waitForAcknowledgment(each, 0);
    }
    case "awaiting-response":
      return { kind: "transition", to: policy.isAwaited ? "failed" : "expired", code: "EBXML_NO_RESPONSE" };
    case "completed":
    case "failed":
    case "expired":
    case "held":
      return { kind: "none" };
  }
}

function isOver(state: OutboundState): boolean {
  return state === "completed" || state === "failed" || state === "expired" || state === "held";
}

/** By the contract and by what each failure says of the message's fate. Gives what to do next. */
export function decideDelivery(
  current: DeliveryState,
  event: DeliveryEvent,
  policy: DeliveryPolicy,
  now: number,
): DeliveryDecision {
  const each: Case = { current, policy, now };
  if (event.kind === "due") return whenDue(each);
  if (isOver(current.state)) return { kind: "none" };
  switch (event.kind) {
    case "not-sent":
      return afterNotSent(each, event);
    case "no-reply":
      return afterUnknownOutcome(each);
    case "replied":
      return afterReply(each, event);
    case "acknowledged":
      return current.state === "awaiting-response" ? { kind: "none" } : afterDelivery(each, now);
    case "refused":
      return afterErrorList(each, event.errors);
  }
}
