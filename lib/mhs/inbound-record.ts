// How an inbound message is kept in a store: its whole body as it came, and for whom it is.
import type { BusinessMessage } from "../ebxml/model.js";
import { parseEbxml } from "../ebxml/parse-ebxml.js";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import { comparableId } from "../identifiers.js";
import type {
  MessageRowId,
  NewInboundMessage,
  StoredInboundMessage,
  StoredMessage,
  StoredReply,
} from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";

/** A business message that reached the listener. */
export interface Arrival {
  readonly message: BusinessMessage;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly bodyDigest: string;
}

/**
 * "consumer": for the flow that consumes it. "answer": for the request that waits, here or elsewhere. "kept-waiting"
 * and "discarded": an answer that its request did not take.
 */
export type InboundRole = "consumer" | "answer" | "kept-waiting" | "discarded";

export interface InboundDetails {
  readonly channel: string;
  readonly acceptedAt: number;
  readonly duplicateUntil: number;
  readonly role: InboundRole;
  readonly order: { readonly isOrdered: boolean; readonly destination: string };
  /** The outbound message that it refers to, whether or not it completes it. */
  readonly refersTo?: MessageRowId;
}

/** The sender is compared as ids are, so that a repetition is recognised in any case. */
export function newInboundRecord(
  { message, contentType = "", body, bodyDigest }: Arrival,
  reply: StoredReply,
  { channel, acceptedAt, duplicateUntil, role, order, refersTo }: InboundDetails,
): NewInboundMessage {
  const { header } = message;
  const { refToMessageId } = header;
  return {
    channel,
    ...order,
    interaction: header.action,
    service: header.service,
    messageId: header.messageId,
    conversationId: header.conversationId,
    ...definedOnly({ refToMessageId }),
    fromParty: comparableId(header.fromPartyKey),
    toParty: header.toPartyKey,
    acceptedAt,
    content: body,
    bodyDigest,
    reply,
    duplicateUntil,
    attributes: { role, contentType, duplicateUntil, ...definedOnly({ refersTo }) },
  };
}

export function isDuplicateOf(stored: StoredMessage | undefined, message: BusinessMessage, now: number): boolean {
  const duplicateUntil = stored?.attributes["duplicateUntil"];
  return (
    stored?.fromParty === comparableId(message.header.fromPartyKey) &&
    typeof duplicateUntil === "number" &&
    now < duplicateUntil
  );
}

export function isForConsumer({ attributes }: StoredInboundMessage): boolean {
  return attributes["role"] === "consumer";
}

/** Throws STORE_CORRUPT when the body is gone or is not what was accepted, and what the store throws. */
export async function readInboundMessage(store: MessageStore, stored: StoredMessage): Promise<BusinessMessage> {
  const content = await store.readContent(stored.id);
  const contentType = stored.attributes["contentType"];
  if (content.kind !== "content" || typeof contentType !== "string") {
    throw new CpisError("STORE_CORRUPT", { detail: "the content of an inbound message is not there" });
  }
  const reading = parseEbxml({ contentType, body: content.bytes });
  if (reading.kind === "parsed" && reading.message.kind === "message") return reading.message;
  throw new CpisError("STORE_CORRUPT", { detail: "an inbound message cannot be read any more" });
}
