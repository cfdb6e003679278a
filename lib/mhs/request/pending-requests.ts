// Holds the requests that wait, and gives what arrives at the listener to the one it belongs to.
import type { EventEmitter } from "node:events";
import type { Acknowledgment, BusinessMessage, EbxmlError, MessageError } from "../../ebxml/model.js";
import { CpisError, errorClass } from "../../errors.js";
import type { MessageId } from "../../identifiers.js";
import { createCorrelation, type RequestIds } from "./correlation.js";
import type {
  InboundAnswer,
  InboundDisposition,
  MhsEvents,
  OutboundRequest,
  RequestOutcome,
  WarningCode,
} from "../model.js";

/** An open request as the desk keeps it. */
export interface Waiter {
  readonly judge: OutboundRequest["judge"];
  /** The peer said that it has the message. */
  noteAccepted(): void;
  /** Called at most once. */
  end(outcome: RequestOutcome): void;
}

export interface RequestDesk {
  /** Throws CPIS_INVALID_REQUEST for a message id that was used before. */
  open(ids: RequestIds, waiter: Waiter): void;
  /** Ends an open request with an outcome other than an answer; no effect on one that has ended. */
  end(messageId: MessageId, outcome: RequestOutcome): void;
  endAll(outcome: RequestOutcome): void;
  /** Notes that the peer has the message of a request that is still open. */
  noteAccepted(messageId: MessageId): void;
  isOpen(messageId: MessageId): boolean;
  openRequests(): readonly RequestIds[];
  /** What an open request says of an answer, without ending it. A judge that fails settles: it is told when it ends. */
  judge(messageId: MessageId, message: BusinessMessage): ReturnType<OutboundRequest["judge"]> | undefined;
  /** Gives an answer to the open request that it belongs to, whatever the message refers to. */
  answer(messageId: MessageId, message: BusinessMessage): InboundDisposition | undefined;
  /** Whether the message answers a request, open or ended: then its action may be any. */
  isExpected(message: BusinessMessage): boolean;
  receiveAnswer(message: BusinessMessage): InboundDisposition;
  receiveAcknowledgment(acknowledgment: Acknowledgment): void;
  receiveMessageError(error: MessageError): void;
}

export interface RequestDeskParts {
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

/** Errors only: warnings do not end a request. */
function severeErrors(error: MessageError): readonly EbxmlError[] {
  return error.errors.filter(({ severity }) => severity === "Error");
}

export function createRequestDesk(parts: RequestDeskParts): RequestDesk {
  const { events } = parts;
  const correlation = createCorrelation<Waiter>({ now: () => parts.now() });

  function warn(code: WarningCode, message: string, messageId: MessageId): void {
    events.emit("warning", { code, message, messageId });
  }

  function end(messageId: MessageId, outcome: RequestOutcome): void {
    const waiter = correlation.findOpen(messageId);
    if (waiter === undefined) return;
    correlation.settle(messageId, outcome.kind === "answered" ? outcome.answer.message.header.messageId : undefined);
    waiter.end(outcome);
  }

  /** A judge that fails must not make an unread answer look like one that never came. */
  function judge(messageId: MessageId, waiter: Waiter, answer: InboundAnswer): InboundDisposition {
    try {
      switch (waiter.judge(answer)) {
        case "settles":
          end(messageId, { kind: "answered", answer });
          return "answer";
        case "keep-waiting":
          return "kept-waiting";
        case "discard":
          warn("DISCARDED_ANSWER", "An answer was discarded; its request still waits", answer.message.header.messageId);
          return "discarded";
      }
    } catch (error) {
      const detail = `the answer could not be judged (${errorClass(error)})`;
      const failure = new CpisError("EBXML_MALFORMED", { detail });
      end(messageId, { kind: "unparseable", error: failure });
      return "discarded";
    }
  }

  /** An answer proves that the request was delivered, whatever became of the reply to it. */
  function give(messageId: MessageId, waiter: Waiter, message: BusinessMessage): InboundDisposition {
    waiter.noteAccepted();
    return judge(messageId, waiter, { message, receivedAt: parts.now() });
  }

  return {
    open: (ids, waiter) => correlation.register(ids, waiter),
    end,
    endAll(outcome): void {
      for (const { messageId } of correlation.openRequests()) end(messageId, outcome);
    },
    noteAccepted: (messageId) => correlation.findOpen(messageId)?.noteAccepted(),
    isOpen: (messageId) => correlation.findOpen(messageId) !== undefined,
    openRequests: () => correlation.openRequests(),
    judge(messageId, message): ReturnType<OutboundRequest["judge"]> | undefined {
      try {
        return correlation.findOpen(messageId)?.judge({ message, receivedAt: parts.now() });
      } catch {
        return "settles";
      }
    },
    answer(messageId, message): InboundDisposition | undefined {
      const waiter = correlation.findOpen(messageId);
      return waiter === undefined ? undefined : give(messageId, waiter, message);
    },
    isExpected: (message) => correlation.match(message.header).kind !== "unmatched",
    receiveAnswer(message): InboundDisposition {
      const match = correlation.match(message.header);
      if (match.kind === "open") {
        return give(match.messageId, match.waiter, message);
      }
      if (match.kind === "repeated") return "duplicate";
      const arrival = arrivals[match.kind];
      if (match.kind === "late") correlation.noteLateAnswer(match.messageId, message.header.messageId);
      warn(arrival.code, arrival.message, message.header.messageId);
      return arrival.as;
    },
    receiveAcknowledgment(acknowledgment): void {
      const { acknowledgedMessageId } = acknowledgment;
      if (!correlation.isKnown(acknowledgedMessageId)) {
        warn(
          "UNMATCHED_SIGNAL",
          "An acknowledgment came for a message that is not ours",
          acknowledgment.header.messageId,
        );
        return;
      }
      correlation.findOpen(acknowledgedMessageId)?.noteAccepted();
    },
    receiveMessageError(error): void {
      const { refToMessageId, messageId } = error.header;
      if (refToMessageId === undefined || !correlation.isKnown(refToMessageId)) {
        warn("UNMATCHED_SIGNAL", "An error list came for a message that is not ours", messageId);
        return;
      }
      const errors = severeErrors(error);
      if (errors.length > 0) end(refToMessageId, { kind: "ebxml-error", errors });
      else correlation.findOpen(refToMessageId)?.noteAccepted();
    },
  };
}
