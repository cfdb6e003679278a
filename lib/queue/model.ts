// What those who consume stored messages are promised, whatever the messages came by.
import { CpisError, type ErrorCode } from "../errors.js";
import type { InboundState, MessageRowId, StoredInboundMessage } from "../store/message-model.js";

/** An inbound message as a consumer gets it. */
export interface Delivery<Message> {
  readonly id: MessageRowId;
  readonly message: Message;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** 1 the first time. */
  readonly delivery: number;
}

export interface ConsumerOptions<Message> {
  /** Absent: any. */
  readonly services?: readonly string[];
  /** Absent: any. */
  readonly actions?: readonly string[];
  /** "on-handover": confirmed when `deliver` resolves. "by-consumer": by `confirm`. */
  readonly confirm: "on-handover" | "by-consumer";
  /** Afterwards the message is set aside. Default 5. */
  readonly maximumDeliveries?: number;
  /** After a delivery that failed or was not confirmed. Default 60,000. */
  readonly redeliverAfterMilliseconds?: number;
  /** A delivery that takes longer counts as failed. Default `redeliverAfterMilliseconds`. */
  readonly maximumDeliveryMilliseconds?: number;
  /**
   * "conversation": a message waits until the earlier ones of its conversation are confirmed or set aside; "all": until
   * all earlier ones of this consumer are. Default "conversation".
   */
  readonly inOrder?: "none" | "conversation" | "all";
  /** At least once. A rejection is a failed delivery; one with UnwantedMessage sets the message aside for good. */
  deliver(delivery: Delivery<Message>): Promise<void>;
}

/** What a consumer rejects with that has looked at a message and will never want it. */
export class UnwantedMessage extends CpisError {}

export interface Consumer {
  /** No more deliveries begin; waits for those under way. What is not confirmed stays for the next consumer. */
  close(): Promise<void>;
}

/** "confirmed" also for a message that was confirmed before. */
export type ConfirmOutcome =
  | { readonly kind: "confirmed" }
  /** It was set aside before. */
  | { readonly kind: "not-confirmable"; readonly state: InboundState }
  | { readonly kind: "unknown" };

/** What a person does with a stored message. */
export interface PersonalAct {
  /** The user's name, for the history. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Attributes of the message's course so far that do not hold for what follows. */
  readonly forgotten: readonly string[];
}

/** "resent-before": it has a successor already, whose id this is. Nothing was done now. */
export interface ResendOutcome {
  readonly kind: "resent" | "resent-before";
  readonly id: MessageRowId;
}

/** Told of what an operator should know; each in words without content. */
export interface DeliveryReports {
  /** No consumer took an inbound message; it stays, set aside. */
  setAside(event: { messageId: string; code: ErrorCode }): void;
  /** Once when the message store fails, and once when it works again. */
  storeUnavailable(event: { code: ErrorCode }): void;
  storeAvailable(): void;
  warning(event: { code: "NOT_DELIVERED" | "INTERNAL"; message: string; messageId?: string }): void;
}

/** What the inbox must know of the messages that it delivers. */
export interface InboundPolicy<Message> {
  /** The code of a message that was delivered too often. */
  readonly notDelivered: ErrorCode;
  /** False for a message that settles a request and has no other consumer: nobody else may confirm it. */
  isForConsumer(message: StoredInboundMessage): boolean;
  /** Why a message must not be delivered, if so: it is set aside under this code. */
  findFlaw(message: StoredInboundMessage): Promise<ErrorCode | undefined>;
  /** Throws STORE_CORRUPT when the body is gone or is not what was accepted, and what the store throws. */
  read(message: StoredInboundMessage): Promise<Message>;
}
