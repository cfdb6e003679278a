// What a stored message is: its states, its row, and what may be said about it.
import type { NewAuditEntry } from "./audit-model.js";

/** The store's own number of a message: grows with each one accepted, never used twice. */
export type MessageRowId = number & { readonly brand: "MessageRowId" };

/** For numbers that come from outside, as from an admin page. */
export function isMessageRowId(value: unknown): value is MessageRowId {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

export type Direction = "outbound" | "inbound";

/** `failed` is the dead letter: kept, visible, and resent as a new message. `held` waits for a person. */
export const outboundStates = [
  "queued",
  "sending",
  "awaiting-acknowledgement",
  "awaiting-response",
  "completed",
  "failed",
  "expired",
  "held",
] as const;
export const inboundStates = ["received", "delivered", "confirmed", "rejected"] as const;
/** A finished message never becomes unfinished again: a resend is a new message with `originalId`. */
export const finishedStates = ["completed", "failed", "expired", "confirmed", "rejected"] as const;

export type OutboundState = (typeof outboundStates)[number];
export type InboundState = (typeof inboundStates)[number];
export type MessageState = OutboundState | InboundState;
export type FinishedState = (typeof finishedStates)[number];

export function isFinished(state: MessageState): state is FinishedState {
  return finishedStates.some((finished) => finished === state);
}

/** Small details that name no patient, for example content type, SOAPAction or endpoint. Stored as readable text. */
export type MessageAttributes = Readonly<Record<string, string | number | boolean>>;

export function attributesWithout(attributes: MessageAttributes, names: readonly string[]): MessageAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

/**
 * What came of a request or a file in the words of the business, whatever became of the message itself: a query that
 * was answered with an error has failed, and its message is completed.
 */
export interface MessageOutcome {
  /** As "found", "not-found" or "failed" of a query, "accepted" or "partly-accepted" of an upload. */
  readonly outcome: string;
  /** Of a failure, as the flow is told it. */
  readonly outcomeCode?: string;
}

/** What the caller says of a message of either direction. Times are milliseconds since 1970. */
export interface MessageDetails {
  /** Whose workers the message belongs to, for example the id of a transport. */
  readonly channel: string;
  /**
   * The unit of order: with `isOrdered`, a message waits until all earlier ones of its destination are finished, or
   * have reached the peer and await no more than its response.
   */
  readonly destination: string;
  readonly isOrdered: boolean;
  readonly interaction: string;
  readonly service: string;
  /** Stored in comparable form, see comparableId; so is `refToMessageId`. */
  readonly messageId: string;
  readonly conversationId: string;
  readonly refToMessageId?: string;
  /** The id that the payload itself carries. */
  readonly applicationId?: string;
  readonly fromParty: string;
  readonly toParty: string;
  readonly nextAttemptAt?: number;
  readonly deadline?: number;
  readonly errorCode?: string;
  readonly attributes?: MessageAttributes;
}

/** A reply as bytes: a repeated message gets the same one again. */
export interface StoredReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

interface NewMessage extends MessageDetails {
  /** Whom the message is about, for example an NHS number: hashed before it is stored, and never logged. */
  readonly subject?: string;
  /** The exact bytes. */
  readonly content: Buffer;
  /** What the acceptor wants back when the message is answered; kept and sealed like the content, and never sent. */
  readonly context?: Buffer;
  readonly acceptedAt: number;
  /** A message that its acceptor works on itself, at once, is accepted with its lease. */
  readonly lease?: Lease;
  /** The user whose act it is, for the history. */
  readonly by?: string;
}

export interface Lease {
  readonly owner: string;
  readonly until: number;
}

export interface NewOutboundMessage extends NewMessage {
  /** Default "queued". */
  readonly state?: OutboundState;
  /** The message that this one is a resend of. */
  readonly originalId?: MessageRowId;
  /** Of a request: sendings begun when it is accepted. Default 0. */
  readonly attempts?: number;
}

/** A request that was accepted, with the number of its entry in the audit. */
export interface AcceptedRequest {
  readonly id: MessageRowId;
  readonly auditNumber?: number;
}

export interface NewInboundMessage extends NewMessage {
  /** Default "received". */
  readonly state?: InboundState;
  /** Of the whole body as it came, to tell a repeated message from another one under the same id. */
  readonly bodyDigest: string;
  /** Given again, byte for byte, to each repetition (ebMS 2.0, 6.5.4). */
  readonly reply: StoredReply;
  /** Until when a repetition is recognised; kept even when retention removes the message sooner. */
  readonly duplicateUntil: number;
  /** The outbound message that this one answers. */
  readonly answers?: AnsweredMessage;
}

export interface AnsweredMessage {
  readonly id: MessageRowId;
  /** "failed" when the answer is a refusal. Default "completed". */
  readonly state?: "completed" | "failed";
  /** Goes to the outbound message's `errorCode` and history. */
  readonly code?: string;
  /** When the peer had acknowledged the outbound message, unless that is noted already. */
  readonly acknowledgedAt?: number;
  /** Appended to the audit in the same transaction if the outbound message is answered by this one. */
  readonly audit?: NewAuditEntry;
  /** If it is not, the inbound message is rejected in the same transaction, under one of these codes. */
  readonly refusals?: { readonly late: string; readonly conflicting: string };
}

/** What became of the outbound message that an accepted inbound one answers. */
export type AnswerOutcome =
  /** The outbound message is finished by it. */
  | "answered"
  /** The outbound message had failed or expired: the answer is noted on it and its state stands. */
  | "late"
  /** Another answer came first, and stands. */
  | "conflicting"
  | "unknown";

export type InboundAcceptance =
  | { readonly kind: "accepted"; readonly id: MessageRowId; readonly answer?: AnswerOutcome }
  | {
      readonly kind: "duplicate";
      readonly reply: StoredReply;
      readonly isSameBody: boolean;
      /** Of the message accepted first; both are absent when retention has removed it. */
      readonly id?: MessageRowId;
      readonly state?: InboundState;
    };

/** A message as it is stored, without its bytes. */
export type StoredMessage = StoredOutboundMessage | StoredInboundMessage;

export interface StoredOutboundMessage extends StoredDetails {
  readonly direction: "outbound";
  readonly state: OutboundState;
}

export interface StoredInboundMessage extends StoredDetails {
  readonly direction: "inbound";
  readonly state: InboundState;
}

interface StoredDetails extends MessageDetails {
  readonly id: MessageRowId;
  readonly attributes: MessageAttributes;
  /** Found by the keyed hash; the subject itself is not stored. */
  readonly subjectHash?: string;
  readonly createdAt: number;
  /** Of the last transition. */
  readonly updatedAt: number;
  /** Sendings or deliveries begun. */
  readonly attempts: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: number;
  /** By the peer's transport; says nothing about the answer. */
  readonly acknowledgedAt?: number;
  readonly answeredAt?: number;
  readonly answeredBy?: MessageRowId;
  readonly originalId?: MessageRowId;
  /** See MessageOutcome; absent while it is not known. */
  readonly outcome?: string;
  readonly outcomeCode?: string;
  /** When a person had dealt with a dead letter. */
  readonly dealtWithAt?: number;
  readonly contentBytes: number;
}

/** One line of the message log. */
export interface HistoryEntry {
  readonly at: number;
  readonly state: MessageState;
  readonly code?: string;
  /** The user who did it; absent for what the program did. */
  readonly by?: string;
}

export type ContentReading =
  | { readonly kind: "content"; readonly bytes: Buffer }
  /** Metadata-only storage: the message is finished and its bytes are gone. */
  | { readonly kind: "dropped" }
  | { readonly kind: "unknown" };
