// Keeps an inbound message with its reply in the store, in one transaction, before it is acknowledged.
import type { EventEmitter } from "node:events";
import type { Acknowledgment, BusinessMessage, MessageError } from "../../ebxml/model.js";
import type { ErrorCode } from "../../errors.js";
import { comparableId, type MessageId, parseMessageId } from "../../identifiers.js";
import {
  type AnswerOutcome,
  isFinished,
  type MessageRowId,
  type NewInboundMessage,
  type StoredMessage,
  type StoredOutboundMessage,
  type StoredReply,
} from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { isDuplicateOf, newInboundRecord, type Arrival, type InboundRole } from "../inbound-record.js";
import type { Inbox } from "../../queue/inbox.js";
import type { InboundDisposition, MhsEvents, WarningCode } from "../model.js";
import type { OutboundSignals } from "../outbound/outbound-signals.js";
import { readDeliveryPolicy } from "../outbound/outbound-record.js";
import { arrivals, type PendingRequests } from "../request/pending-requests.js";
import type { StoreWatch } from "../../queue/store-watch.js";

export interface InboundHandlerParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly duplicateMilliseconds: number;
  /** See StoreOptions. */
  judge(message: BusinessMessage): "settles" | "keep-waiting" | "discard";
  readonly pending: PendingRequests;
  readonly signals: OutboundSignals;
  readonly inbox: Inbox<BusinessMessage>;
  readonly events: EventEmitter<MhsEvents>;
  now(): number;
}

/** The same message was accepted before, and gets the reply that it got then. */
export interface RepeatedArrival {
  readonly kind: "duplicate";
  readonly reply: StoredReply;
  readonly isSameBody: boolean;
}

export type AcceptResult = { readonly kind: "taken"; readonly disposition: InboundDisposition } | RepeatedArrival;

/** A message that is looked at, and not yet accepted. */
export interface OpenArrival {
  /** Whether it refers to a message of ours: then its action may be any. */
  readonly isExpected: boolean;
  /** It will turn out to be a duplicate, so it is not judged anew. */
  readonly isKnown: boolean;
  /** Keeps the message with its reply. Throws when it is not kept. */
  accept(reply: StoredReply): Promise<AcceptResult>;
}

export interface InboundHandler {
  /** Throws when nothing can be kept now; so do the next two. */
  open(arrival: Arrival): Promise<OpenArrival>;
  receiveAcknowledgment(acknowledgment: Acknowledgment): Promise<void>;
  receiveMessageError(error: MessageError): Promise<void>;
  /** Resolves when no answer to this message is being accepted here, and its request has it if it was. */
  whenSettled(messageId: string): Promise<void>;
  /** Waits for what is still being written down of messages that have their reply. */
  close(): Promise<void>;
}

/** A message of ours that an arrival refers to. */
interface Asked {
  readonly stored: StoredOutboundMessage;
  readonly messageId: MessageId;
  /** By a request that waits, here or elsewhere. */
  readonly isAwaited: boolean;
  /** By the answer itself, or by its consumer. */
  readonly completedBy: "response" | "consumer";
}

interface Reference {
  readonly isOurs: boolean;
  readonly asked?: Asked;
}

interface Plan {
  readonly record: NewInboundMessage;
  readonly disposition: InboundDisposition;
}

/** How long an answer may stay uncollected after the last moment in which its request can wait. */
const collectMilliseconds = 60_000;

export function createInboundHandler(parts: InboundHandlerParts): InboundHandler {
  const { store, watch, channel, pending, signals, inbox, events } = parts;
  const accepting = new Map<string, Promise<unknown>>();
  const writings = new Set<Promise<unknown>>();

  function warn(code: WarningCode, message: string, messageId: MessageId): void {
    events.emit("warning", { code, message, messageId });
  }

  async function findCandidates({ header }: BusinessMessage): Promise<readonly (StoredMessage | undefined)[]> {
    const { refToMessageId, conversationId } = header;
    if (refToMessageId !== undefined) {
      return [await watch.run(() => store.findByMessageId("outbound", refToMessageId))];
    }
    const all = await watch.run(() => store.findByConversation(conversationId));
    return all.filter(({ state }) => !isFinished(state));
  }

  /** By RefToMessageId; without one by ConversationId, if exactly one message that waits for a response has it. */
  async function findReference(message: BusinessMessage): Promise<Reference> {
    const candidates = await findCandidates(message);
    const ours = candidates.flatMap((stored) =>
      stored?.direction === "outbound" && stored.channel === channel && stored.attempts > 0 ? [stored] : [],
    );
    const [only, ...others] = ours.flatMap((stored) => {
      const { completedBy, isAwaited } = readDeliveryPolicy(stored);
      if (completedBy === "acknowledgment") return [];
      return [{ stored, messageId: parseMessageId(stored.messageId), isAwaited, completedBy }];
    });
    const isOurs = ours.length > 0;
    return only === undefined || others.length > 0 ? { isOurs } : { isOurs, asked: only };
  }

  function roleOf(message: BusinessMessage, asked: Asked | undefined): InboundRole {
    if (asked?.isAwaited !== true) return "consumer";
    switch (pending.judge(asked.messageId, message) ?? parts.judge(message)) {
      case "settles":
        return "answer";
      case "keep-waiting":
        return "kept-waiting";
      case "discard":
        return "discarded";
    }
  }

  function planOf(arrival: Arrival, reply: StoredReply, asked: Asked | undefined): Plan {
    const { message } = arrival;
    const acceptedAt = parts.now();
    const role = roleOf(message, asked);
    const isConsumed = role === "consumer" && inbox.hasConsumer(message.header);
    const order =
      role === "consumer"
        ? inbox.orderOf(message.header)
        : { isOrdered: false, destination: message.header.conversationId };
    const record = newInboundRecord(arrival, reply, {
      channel,
      acceptedAt,
      duplicateUntil: acceptedAt + parts.duplicateMilliseconds,
      role,
      order,
      ...(asked === undefined ? {} : { refersTo: asked.stored.id }),
    });
    const answers = asked?.completedBy === "response" ? { answers: { id: asked.stored.id } } : {};
    switch (role) {
      case "consumer": {
        const parked = isConsumed ? {} : { nextAttemptAt: inbox.parkUntil(acceptedAt) };
        return { record: { ...record, ...answers, ...parked }, disposition: isConsumed ? "for-consumer" : "unmatched" };
      }
      case "answer": {
        // Left to the one who waits; only when that is gone for sure, somebody else clears it away.
        const nextAttemptAt = (asked?.stored.deadline ?? acceptedAt) + collectMilliseconds;
        return { record: { ...record, ...answers, state: "delivered", nextAttemptAt }, disposition: "answer" };
      }
      case "kept-waiting":
        return { record: { ...record, state: "confirmed" }, disposition: "kept-waiting" };
      case "discarded":
        return {
          record: { ...record, state: "rejected", errorCode: "EBXML_DISCARDED_ANSWER" },
          disposition: "discarded",
        };
    }
  }

  /** The reply is promised already and does not wait; what fails here, the inbox clears away when it is due. */
  function writeLater(id: MessageRowId, to: "confirmed" | "rejected", code?: ErrorCode): void {
    const from = ["received", "delivered"] as const;
    const coded = code === undefined ? {} : { code, changes: { errorCode: code } };
    const writing: Promise<unknown> = watch
      .insist(() => store.transition({ id, from, to, at: parts.now(), ...coded }))
      .catch(() => undefined)
      .finally(() => writings.delete(writing));
    writings.add(writing);
  }

  function concludeAnswer(id: MessageRowId, asked: Asked, message: BusinessMessage): InboundDisposition {
    if (!asked.isAwaited) return inbox.hasConsumer(message.header) ? "for-consumer" : "unmatched";
    const disposition = pending.answer(asked.messageId, message);
    // Waited for elsewhere, or its time has just run out here: then whoever notes that reads the answer.
    if (disposition === undefined) return "answer";
    writeLater(id, "confirmed");
    return disposition;
  }

  /**
   * The store has decided between answers that came together, and between an answer and the end of its time. One that
   * is late or second is never delivered as an answer: who asked may have moved to another patient.
   */
  function conclude(
    id: MessageRowId,
    outcome: AnswerOutcome,
    asked: Asked,
    message: BusinessMessage,
  ): InboundDisposition {
    const { messageId } = message.header;
    switch (outcome) {
      case "answered":
        return concludeAnswer(id, asked, message);
      case "late":
      case "unknown":
        warn(arrivals.late.code, arrivals.late.message, messageId);
        writeLater(id, "rejected", "EBXML_LATE_ANSWER");
        return arrivals.late.as;
      case "conflicting":
        warn(arrivals.conflict.code, arrivals.conflict.message, messageId);
        writeLater(id, "rejected", "EBXML_CONFLICTING_ANSWER");
        return arrivals.conflict.as;
    }
  }

  function warnOf(disposition: InboundDisposition, messageId: MessageId): void {
    if (disposition === "unmatched") warn(arrivals.unmatched.code, arrivals.unmatched.message, messageId);
    if (disposition === "discarded") {
      warn("DISCARDED_ANSWER", "An answer was discarded; its request still waits", messageId);
    }
  }

  /** The store's own event of the answer may come first: it waits until the answer has been given here. */
  function noteAccepting<Result>(key: string | undefined, work: Promise<Result>): Promise<Result> {
    if (key === undefined) return work;
    const settled: Promise<unknown> = work
      .catch(() => undefined)
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .finally(() => {
        if (accepting.get(key) === settled) accepting.delete(key);
      });
    accepting.set(key, settled);
    return work;
  }

  async function accept(arrival: Arrival, reply: StoredReply, asked: Asked | undefined): Promise<AcceptResult> {
    const { message } = arrival;
    const { record, disposition } = planOf(arrival, reply, asked);
    const acceptance = await noteAccepting(
      record.answers === undefined ? undefined : asked?.stored.messageId,
      watch.runAcceptance(() => store.acceptInbound(record)),
    );
    if (acceptance.kind === "duplicate") return acceptance;
    const { answer, id } = acceptance;
    if (answer !== undefined && asked !== undefined) {
      const concluded = conclude(id, answer, asked, message);
      if (concluded === "unmatched") warnOf(concluded, message.header.messageId);
      return { kind: "taken", disposition: concluded };
    }
    if (disposition === "kept-waiting" && asked !== undefined) pending.noteAccepted(asked.messageId);
    warnOf(disposition, message.header.messageId);
    return { kind: "taken", disposition };
  }

  return {
    async whenSettled(messageId): Promise<void> {
      await accepting.get(comparableId(messageId));
    },
    async close(): Promise<void> {
      await Promise.all(writings);
    },
    async open(arrival): Promise<OpenArrival> {
      const { message } = arrival;
      const { messageId } = message.header;
      const [{ isOurs, asked }, known] = await Promise.all([
        findReference(message),
        watch.run(() => store.findByMessageId("inbound", messageId)),
      ]);
      return {
        isExpected: isOurs,
        isKnown: isDuplicateOf(known, message, parts.now()),
        accept: (reply) => accept(arrival, reply, asked),
      };
    },
    async receiveAcknowledgment(acknowledgment): Promise<void> {
      const outcome = await signals.receiveAcknowledgment(acknowledgment);
      if (outcome === "known") pending.noteAccepted(acknowledgment.acknowledgedMessageId);
      else {
        const { messageId } = acknowledgment.header;
        warn("UNMATCHED_SIGNAL", "An acknowledgment came for a message that is not ours", messageId);
      }
    },
    async receiveMessageError(error): Promise<void> {
      const { messageId, refToMessageId } = error.header;
      const outcome = await signals.receiveMessageError(error);
      if (outcome === "unknown" || refToMessageId === undefined) {
        warn("UNMATCHED_SIGNAL", "An error list came for a message that is not ours", messageId);
        return;
      }
      const errors = error.errors.filter(({ severity }) => severity === "Error");
      if (errors.length > 0) pending.end(refToMessageId, { kind: "ebxml-error", errors });
      else pending.noteAccepted(refToMessageId);
    },
  };
}
