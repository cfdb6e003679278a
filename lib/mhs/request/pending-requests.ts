// Holds the requests that wait here, and gives each answer to the one that it belongs to.
import { comparableId, type MessageId } from "../../identifiers.js";
import type { NewAuditEntry } from "../../store/audit-model.js";
import type { MessageRowId } from "../../store/message-model.js";
import type { InboundAnswer, RequestFailure } from "../model.js";

/** What a waiting request makes of an answer: judged, and not yet carried out. */
export type WaiterDecision =
  | {
      readonly kind: "settles";
      readonly audit?: NewAuditEntry;
      /** Ends the request, once the answer is in the store. No effect on one that has ended. */
      settle(): void;
    }
  | { readonly kind: "keep-waiting" }
  | { readonly kind: "discard" };

/** A request that waits. */
export interface Waiter {
  readonly messageId: MessageId;
  /** Of the store. */
  readonly id: MessageRowId;
  /** When the peer said that it has the message. */
  readonly acknowledgedAt: number | undefined;
  /** Judges an answer, without ending the request. Never throws: a judge that fails ends it as unparseable. */
  decide(answer: InboundAnswer): WaiterDecision;
  /** The peer said that it has the message. */
  noteAccepted(): void;
  /** Called at most once. */
  end(outcome: RequestFailure): void;
}

export interface PendingRequests {
  /**
   * Must come before the first byte is sent: the answer may be faster than the reply. False once all have ended, and
   * then nothing may be sent.
   */
  open(waiter: Waiter): boolean;
  find(messageId: string): Waiter | undefined;
  remove(waiter: Waiter): void;
  waiting(): readonly Waiter[];
  /** Ends every request as aborted, and takes no more. */
  close(): void;
}

/** What is said of answers that are nobody's. */
export const arrivals = {
  late: { code: "LATE_ANSWER", message: "An answer came for a request that had ended without one", as: "late-answer" },
  conflict: {
    code: "CONFLICTING_ANSWER",
    message: "A second, different answer came for a request; the first one stands",
    as: "conflicting-answer",
  },
  unmatched: { code: "UNMATCHED_ANSWER", message: "A message came that answers no request of ours", as: "unmatched" },
} as const;

export function createPendingRequests(): PendingRequests {
  const waiters = new Map<string, Waiter>();
  let isClosed = false;
  return {
    open(waiter): boolean {
      if (!isClosed) waiters.set(comparableId(waiter.messageId), waiter);
      return !isClosed;
    },
    find: (messageId) => waiters.get(comparableId(messageId)),
    remove(waiter): void {
      if (waiters.get(comparableId(waiter.messageId)) === waiter) waiters.delete(comparableId(waiter.messageId));
    },
    waiting: () => [...waiters.values()],
    close(): void {
      isClosed = true;
      for (const waiter of [...waiters.values()]) waiter.end({ kind: "aborted" });
    },
  };
}
