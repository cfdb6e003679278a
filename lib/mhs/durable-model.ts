// What the message handling service promises of messages that a store keeps.
import type { Attachment, BusinessMessage } from "../ebxml/model.js";
import type { ConversationId, MessageId } from "../identifiers.js";
import type { MessagingContract } from "../sds/contract.js";
import type { MessageAttributes, MessageRowId } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";

/** Makes a service durable: what it accepts is in the store before anything leaves or is acknowledged. */
export interface DurableOptions {
  /** Stays open when the service closes: it belongs to who made it. */
  readonly store: MessageStore;
  /** Whose messages in the store these are: the same after a restart, and in all instances that share the work. */
  readonly channel: string;
  /** Names this process among those that share the work; another one after each restart. */
  readonly owner: string;
  /** After this time the work of an instance that died is taken over. Default 30,000. */
  readonly leaseMilliseconds?: number;
  /** Messages under way at a time, in each direction. Default 8. */
  readonly maximumParallel?: number;
  /** How long a repeated inbound message is recognised. Default 24 hours, which is also the least. */
  readonly duplicateMilliseconds?: number;
  /** How long a message that asks for a response waits for it once the peer has the message. Default 24 hours. */
  readonly responseMilliseconds?: number;
  readonly breaker?: Partial<BreakerSettings>;
  /**
   * Whether an answer to a request that waits in another instance settles it. Default: it does. The request's own
   * judge is asked where it waits here.
   */
  judge?(message: BusinessMessage): "settles" | "keep-waiting" | "discard";
}

/** When an endpoint that cannot be reached is left alone, and how often it is tried meanwhile. */
export interface BreakerSettings {
  /** So many tries in a row that reached nobody. Default 3. */
  readonly threshold: number;
  /** Between the tries before that, doubled each time. Default 100. */
  readonly retryMilliseconds: number;
  /** Until the first probe, doubled with each one that fails. Default 1,000. */
  readonly probeMilliseconds: number;
  /** Default 60,000. */
  readonly maximumProbeMilliseconds: number;
}

/** A message that is sent until the peer has it, also after a restart. */
export interface OutboxMessage {
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly refToMessageId?: MessageId;
  readonly contract: MessagingContract;
  readonly payload: Buffer;
  readonly attachments?: readonly Attachment[];
  /** Whom it is about: the store keeps a keyed hash of it. */
  readonly subject?: string;
  /** The id that the payload carries. */
  readonly applicationId?: string;
  /** What the acceptor wants back later; see the message store. */
  readonly context?: Buffer;
  /** Small details of the acceptor's own, stored as readable text. */
  readonly attributes?: MessageAttributes;
  /** Messages with the same text are sent one after another, each when the peer has the one before. */
  readonly orderedBy?: string;
  /**
   * What finishes it. Default "acknowledgment": the peer has it. "response": a business answer that refers to it.
   * "consumer": whoever consumes that answer, by a transition of its own; it never expires once the peer has it.
   */
  readonly completedBy?: "acknowledgment" | "response" | "consumer";
  /** "never": after an unknown outcome it fails with EBXML_OUTCOME_UNKNOWN. Default "by-contract". */
  readonly resendable?: "by-contract" | "never";
  /** The message that this one is a resend of. */
  readonly originalId?: MessageRowId;
}
