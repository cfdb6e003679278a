// Holds the requests that wait here, and gives each answer to the one that it belongs to.
import type { EventEmitter } from "node:events";
import type { BusinessMessage } from "../../ebxml/model.js";
import { CpisError, errorClass } from "../../errors.js";
import { comparableId, type MessageId } from "../../identifiers.js";
import type { InboundAnswer, InboundDisposition, MhsEvents, OutboundRequest, RequestOutcome } from "../model.js";

/** A request that waits. */
export interface Waiter {
  readonly messageId: MessageId;
  readonly judge: OutboundRequest["judge"];
  /** The peer said that it has the message. */
  noteAccepted(): void;
  /** Called at most once. */
  end(outcome: RequestOutcome): void;
}

export interface PendingRequests {
  /**
   * Must come before the first byte is sent: the answer may be faster than the reply. False once all have ended, and
   * then nothing may be sent.
   */
  open(waiter: Waiter): boolean;
  /** Ends a request with an outcome other than an answer; no effect on one that has ended. */
  end(messageId: MessageId, outcome: RequestOutcome): void;
  /** Ends every request, and takes no more. */
  close(): void;
  /** Notes that the peer has the message of a request that still waits. */
  noteAccepted(messageId: MessageId): void;
  isOpen(messageId: MessageId): boolean;
  openRequests(): readonly MessageId[];
  /** What a waiting request says of an answer, without ending it. A judge that fails settles: it is told when it ends. */
  judge(messageId: MessageId, message: BusinessMessage): ReturnType<OutboundRequest["judge"]> | undefined;
  /** Gives an answer to the request that it belongs to; undefined when that does not wait here. */
  answer(messageId: MessageId, message: BusinessMessage): InboundDisposition | undefined;
}

export interface PendingRequestsParts {
  now(): number;
  readonly events: EventEmitter<MhsEvents>;
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

export function createPendingRequests({ events, ...parts }: PendingRequestsParts): PendingRequests {
  const waiting = new Map<string, Waiter>();
  let isClosed = false;
  const find = (messageId: MessageId): Waiter | undefined => waiting.get(comparableId(messageId));

  function end(messageId: MessageId, outcome: RequestOutcome): void {
    const waiter = find(messageId);
    if (waiter === undefined) return;
    waiting.delete(comparableId(messageId));
    waiter.end(outcome);
  }

  /** A judge that fails must not make an unread answer look like one that never came. */
  function judgeAndEnd(waiter: Waiter, answer: InboundAnswer): InboundDisposition {
    const { messageId } = waiter;
    try {
      switch (waiter.judge(answer)) {
        case "settles":
          end(messageId, { kind: "answered", answer });
          return "answer";
        case "keep-waiting":
          return "kept-waiting";
        case "discard":
          events.emit("warning", {
            code: "DISCARDED_ANSWER",
            message: "An answer was discarded; its request still waits",
            messageId: answer.message.header.messageId,
          });
          return "discarded";
      }
    } catch (error) {
      const detail = `the answer could not be judged (${errorClass(error)})`;
      end(messageId, { kind: "unparseable", error: new CpisError("EBXML_MALFORMED", { detail }) });
      return "discarded";
    }
  }

  return {
    open(waiter): boolean {
      if (!isClosed) waiting.set(comparableId(waiter.messageId), waiter);
      return !isClosed;
    },
    end,
    close(): void {
      isClosed = true;
      for (const { messageId } of [...waiting.values()]) end(messageId, { kind: "aborted" });
    },
    noteAccepted: (messageId) => find(messageId)?.noteAccepted(),
    isOpen: (messageId) => find(messageId) !== undefined,
    openRequests: () => [...waiting.values()].map(({ messageId }) => messageId),
    judge(messageId, message): ReturnType<OutboundRequest["judge"]> | undefined {
      try {
        return find(messageId)?.judge({ message, receivedAt: parts.now() });
      } catch {
        return "settles";
      }
    },
    answer(messageId, message): InboundDisposition | undefined {
      const waiter = find(messageId);
      if (waiter === undefined) return undefined;
      // An answer proves that the request was delivered, whatever became of the reply to it.
      waiter.noteAccepted();
      return judgeAndEnd(waiter, { message, receivedAt: parts.now() });
    },
  };
}
