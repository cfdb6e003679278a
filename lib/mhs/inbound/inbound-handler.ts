// Decides to which message of ours an inbound one belongs and what it means there, and keeps both in one transaction.
import type { EventEmitter } from "node:events";
import type { Acknowledgment, BusinessMessage, MessageError } from "../../ebxml/model.js";
import { definedOnly } from "../../defined-only.js";
import { isCpisError } from "../../errors.js";
import { comparableId, parseMessageId, type MessageId } from "../../identifiers.js";
import type { Inbox } from "../../queue/inbox.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import {
  type AnsweredMessage,
  type AnswerOutcome,
  isFinished,
  type MessageRowId,
  type NewInboundMessage,
  type StoredMessage,
  type StoredOutboundMessage,
  type StoredReply,
} from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import type {
  AnswerDecision,
  AskedRequest,
  InboundAnswer,
  InboundDisposition,
  MhsEvents,
  WarningCode,
} from "../model.js";
import { readDeliveryPolicy } from "../outbound/outbound-record.js";
import type { OutboundSignals } from "../outbound/outbound-signals.js";
import { arrivals, type PendingRequests, type Waiter, type WaiterDecision } from "../request/pending-requests.js";
import { isDuplicateOf, newInboundRecord, type Arrival, type InboundRole } from "../inbound-record.js";

export interface InboundHandlerParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly duplicateMilliseconds: number;
  /** See StoreOptions. */
  readonly judge: ((asked: AskedRequest, answer: InboundAnswer) => AnswerDecision["kind"]) | undefined;
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
  /** Whether it will turn out to be a duplicate, and is not checked anew. Throws what the store throws. */
  isKnown(): Promise<boolean>;
  /** Keeps the message with its reply. Throws when it is not kept. */
  accept(reply: StoredReply): Promise<AcceptResult>;
}

export interface InboundHandler {
  /** Throws when nothing can be kept now; so do the next two. */
  open(arrival: Arrival): Promise<OpenArrival>;
  receiveAcknowledgment(acknowledgment: Acknowledgment): Promise<void>;
  receiveMessageError(error: MessageError): Promise<void>;
  /** Whether an answer to this message is being accepted here: its request is given it from here. */
  isAccepting(messageId: string): boolean;
}

/** A message of ours that an arrival refers to. */
type Asked =
  /** Its asker waits here. */
  | { readonly kind: "here"; readonly id: MessageRowId; readonly waiter: Waiter }
  /** Its asker waits in another instance, or no longer. */
  | { readonly kind: "elsewhere"; readonly id: MessageRowId; readonly stored: StoredOutboundMessage }
  /** Nobody waits: it is finished by its answer, or by the consumer of that. */
  | { readonly kind: "not-awaited"; readonly id: MessageRowId; readonly completedBy: "response" | "consumer" };

interface Reference {
  /** Whether the arrival names the message, and not only its conversation. */
  readonly isReferenced: boolean;
  readonly asked?: Asked;
}

/** What is decided of an arrival before it is kept. */
interface Decided {
  readonly role: InboundRole;
  /** Of an answer to a request that waits here. */
  readonly settlement?: Extract<WaiterDecision, { kind: "settles" }>;
}

interface Plan {
  readonly record: NewInboundMessage;
  readonly disposition: InboundDisposition;
}

/** How long an answer may stay uncollected after the last moment in which its request can wait. */
const collectMilliseconds = 60_000;
const refusals = { late: "EBXML_LATE_ANSWER", conflicting: "EBXML_CONFLICTING_ANSWER" } as const;

function roleOf(kind: "settles" | "keep-waiting" | "discard"): InboundRole {
  if (kind === "settles") return "answer";
  return kind === "keep-waiting" ? "kept-waiting" : "discarded";
}

export function createInboundHandler(parts: InboundHandlerParts): InboundHandler {
  const { store, watch, channel, pending, signals, inbox, events } = parts;
  const accepting = new Map<string, number>();

  function warn(code: WarningCode, message: string, messageId: MessageId): void {
    events.emit("warning", { code, message, messageId });
  }

  /** Of this channel, and sent: what never left cannot be answered. */
  function isSent(stored: StoredMessage | undefined): stored is StoredOutboundMessage {
    return stored?.direction === "outbound" && stored.channel === channel && stored.attempts > 0;
  }

  function askedOf(stored: StoredOutboundMessage): Asked | undefined {
    const { id } = stored;
    const { completedBy, isAwaited } = readDeliveryPolicy(stored);
    if (completedBy === "acknowledgment") return undefined;
    if (!isAwaited) return { kind: "not-awaited", id, completedBy };
    const waiter = pending.find(stored.messageId);
    return waiter === undefined ? { kind: "elsewhere", id, stored } : { kind: "here", id, waiter };
  }

  /** By the message that the arrival names. */
  async function findReferenced(refToMessageId: MessageId): Promise<Reference> {
    const waiter = pending.find(refToMessageId);
    if (waiter !== undefined) {
      return { isReferenced: true, asked: { kind: "here", id: waiter.id, waiter } };
    }
    const stored = await watch.run(() => store.findByMessageId("outbound", refToMessageId));
    if (!isSent(stored)) return { isReferenced: true };
    const asked = askedOf(stored);
    return { isReferenced: true, ...definedOnly({ asked }) };
  }

  /**
   * Without a reference the conversation proves nothing, for others can read it. It only says which request may look
   * for its own id in the payload: the one that waits for the sender, if there is one only.
   */
  async function findByConversation({ header }: BusinessMessage): Promise<Reference> {
    const all = await watch.run(() => store.findByConversation(header.conversationId));
    const candidates = all.flatMap((stored) => {
      const isAsked = comparableId(stored.toParty) === comparableId(header.fromPartyKey);
      if (!isSent(stored) || isFinished(stored.state) || !isAsked) return [];
      const asked = askedOf(stored);
      return asked === undefined || asked.kind === "not-awaited" ? [] : [asked];
    });
    const [only, ...others] = candidates;
    return only === undefined || others.length > 0 ? { isReferenced: false } : { isReferenced: false, asked: only };
  }

  function findReference(message: BusinessMessage): Promise<Reference> {
    const { refToMessageId } = message.header;
    return refToMessageId === undefined ? findByConversation(message) : findReferenced(refToMessageId);
  }

  /** As the one who asked would, from what the store knows of the question. */
  async function judgeStored(stored: StoredOutboundMessage, answer: InboundAnswer): Promise<InboundRole> {
    // Without a judge nobody here can tell whose answer it is when it does not say so itself.
    if (parts.judge === undefined) return answer.isReferenced ? "answer" : "discarded";
    const context = await watch.run(() => store.readContext(stored.id));
    const { service, interaction: action, applicationId } = stored;
    const asked: AskedRequest = {
      service,
      action,
      messageId: parseMessageId(stored.messageId),
      ...definedOnly({ applicationId, context }),
    };
    return roleOf(parts.judge(asked, answer));
  }

  async function decide(message: BusinessMessage, { asked, isReferenced }: Reference): Promise<Decided> {
    const answer = { message, receivedAt: parts.now(), isReferenced };
    switch (asked?.kind) {
      case "here": {
        const decision = asked.waiter.decide(answer);
        return decision.kind === "settles" ? { role: "answer", settlement: decision } : { role: roleOf(decision.kind) };
      }
      case "elsewhere":
        return { role: await judgeStored(asked.stored, answer) };
      case "not-awaited":
      case undefined:
        return { role: "consumer" };
    }
  }

  function answersOf(asked: Asked | undefined, { role, settlement }: Decided): AnsweredMessage | undefined {
    switch (asked?.kind) {
      case "here": {
        if (settlement === undefined) return undefined;
        const { acknowledgedAt } = asked.waiter;
        return {
          id: asked.id,
          refusals,
          ...definedOnly({ acknowledgedAt, audit: settlement.audit }),
        };
      }
      case "elsewhere":
        return role === "answer" ? { id: asked.id, refusals } : undefined;
      case "not-awaited":
        return asked.completedBy === "response" ? { id: asked.id, refusals } : undefined;
      case undefined:
        return undefined;
    }
  }

  function planOf(arrival: Arrival, reply: StoredReply, asked: Asked | undefined, decided: Decided): Plan {
    const { header } = arrival.message;
    const acceptedAt = parts.now();
    const { role } = decided;
    const order =
      role === "consumer" ? inbox.orderOf(header) : { isOrdered: false, destination: header.conversationId };
    const plain = newInboundRecord(arrival, reply, {
      channel,
      acceptedAt,
      duplicateUntil: acceptedAt + parts.duplicateMilliseconds,
      role,
      order,
      ...(asked === undefined ? {} : { refersTo: asked.id }),
    });
    const answers = answersOf(asked, decided);
    const record = answers === undefined ? plain : { ...plain, answers };
    switch (role) {
      case "consumer": {
        if (inbox.hasConsumer(header)) return { record, disposition: "for-consumer" };
        return { record: { ...record, nextAttemptAt: inbox.parkUntil(acceptedAt) }, disposition: "unmatched" };
      }
      case "answer": {
        // The one who waits here is given it as soon as it is kept.
        if (asked?.kind !== "elsewhere") return { record: { ...record, state: "confirmed" }, disposition: "answer" };
        // Left to the one who waits; only when that is gone for sure, somebody else clears it away.
        const nextAttemptAt = (asked.stored.deadline ?? acceptedAt) + collectMilliseconds;
        return { record: { ...record, state: "delivered", nextAttemptAt }, disposition: "answer" };
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

  /**
   * The store has decided between answers that came together, and between an answer and the end of its time. One that
   * is late or second is never delivered as an answer: who asked may have moved to another patient.
   */
  function conclude(
    outcome: AnswerOutcome,
    { settlement }: Decided,
    disposition: InboundDisposition,
    messageId: MessageId,
  ): InboundDisposition {
    switch (outcome) {
      case "answered":
        settlement?.settle();
        return disposition;
      case "late":
      case "unknown":
        warn(arrivals.late.code, arrivals.late.message, messageId);
        return arrivals.late.as;
      case "conflicting":
        warn(arrivals.conflict.code, arrivals.conflict.message, messageId);
        return arrivals.conflict.as;
    }
  }

  function warnOf(disposition: InboundDisposition, messageId: MessageId): void {
    if (disposition === "unmatched") warn(arrivals.unmatched.code, arrivals.unmatched.message, messageId);
    if (disposition === "discarded") {
      warn("DISCARDED_ANSWER", "An answer was discarded; its request still waits", messageId);
    }
  }

  async function whileAccepting<Result>(messageId: string, work: () => Promise<Result>): Promise<Result> {
    const key = comparableId(messageId);
    accepting.set(key, (accepting.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const others = (accepting.get(key) ?? 1) - 1;
      if (others > 0) accepting.set(key, others);
      else accepting.delete(key);
    }
  }

  /** The store could not say whether it took an answer. If it did, the one who asked is given it all the same. */
  async function lookUp(
    error: unknown,
    asked: Asked | undefined,
    { settlement }: Decided,
    messageId: MessageId,
  ): Promise<never> {
    if (
      settlement !== undefined &&
      asked !== undefined &&
      isCpisError(error) &&
      error.code === "STORE_OUTCOME_UNKNOWN"
    ) {
      const [row, kept] = await Promise.all([
        watch.insist(() => store.findById(asked.id)),
        watch.insist(() => store.findByMessageId("inbound", messageId)),
      ]);
      if (kept !== undefined && row?.answeredBy === kept.id) settlement.settle();
    }
    throw error;
  }

  async function accept(arrival: Arrival, reply: StoredReply, reference: Reference): Promise<AcceptResult> {
    const { asked } = reference;
    const { messageId } = arrival.message.header;
    const decided = await decide(arrival.message, reference);
    const { record, disposition } = planOf(arrival, reply, asked, decided);
    const keep = async (): Promise<AcceptResult> => {
      const acceptance = await watch
        .runAcceptance(() => store.acceptInbound(record))
        .catch((error: unknown) => lookUp(error, asked, decided, messageId));
      if (acceptance.kind === "duplicate") return acceptance;
      const { answer } = acceptance;
      const concluded = answer === undefined ? disposition : conclude(answer, decided, disposition, messageId);
      if (concluded === disposition) warnOf(disposition, messageId);
      if (disposition === "kept-waiting" && asked?.kind === "here") asked.waiter.noteAccepted();
      return { kind: "taken", disposition: concluded };
    };
    return decided.settlement !== undefined && asked?.kind === "here"
      ? whileAccepting(asked.waiter.messageId, keep)
      : keep();
  }

  return {
    isAccepting: (messageId) => accepting.has(comparableId(messageId)),
    async open(arrival): Promise<OpenArrival> {
      const { message } = arrival;
      const reference = await findReference(message);
      return {
        async isKnown(): Promise<boolean> {
          const known = await watch.run(() => store.findByMessageId("inbound", message.header.messageId));
          return isDuplicateOf(known, message, parts.now());
        },
        accept: (reply) => accept(arrival, reply, reference),
      };
    },
    async receiveAcknowledgment(acknowledgment): Promise<void> {
      const { acknowledgedMessageId, header } = acknowledgment;
      const outcome = await signals.receiveAcknowledgment(acknowledgment);
      if (outcome === "known") pending.find(acknowledgedMessageId)?.noteAccepted();
      else warn("UNMATCHED_SIGNAL", "An acknowledgment came for a message that is not ours", header.messageId);
    },
    async receiveMessageError(error): Promise<void> {
      const { messageId, refToMessageId } = error.header;
      const waiter = refToMessageId === undefined ? undefined : pending.find(refToMessageId);
      const errors = error.errors.filter(({ severity }) => severity === "Error");
      // Its end is written down by the request itself, with its audit.
      if (waiter !== undefined && errors.length > 0) {
        waiter.end({ kind: "ebxml-error", errors });
        return;
      }
      const outcome = await signals.receiveMessageError(error);
      if (outcome === "known") waiter?.noteAccepted();
      else warn("UNMATCHED_SIGNAL", "An error list came for a message that is not ours", messageId);
    },
  };
}
