// What a person does with a stored ebXML message: sends its payload again as a new message, or lets a held one go.
import { nameBasedUuid } from "../../name-based-uuid.js";
import type { PersonalAct, ResendOutcome } from "../../queue/model.js";
import { encodeBusinessMessage } from "../../ebxml/encode-message.js";
import type { BusinessMessage, EncodedMessage } from "../../ebxml/model.js";
import { parseEbxml } from "../../ebxml/parse-ebxml.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import { parseMessageId, type MessageId } from "../../identifiers.js";
import {
  attributesWithout,
  type NewOutboundMessage,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../../store/message-model.js";
import type { MessageStore, Transition } from "../../store/message-store.js";
import { formatEbxmlTime } from "../ebxml-time.js";

/** By the attributes that every message to send has. */
export function isOutboundEbxml({ direction, attributes }: StoredMessage): boolean {
  return direction === "outbound" && typeof attributes["pattern"] === "string" && "soapAction" in attributes;
}

/** A request whose asker waits for the answer: it is never sent again, by nobody. */
export function isRequest({ attributes }: StoredMessage): boolean {
  return attributes["isAwaited"] === true;
}

function refuseRequest(message: StoredOutboundMessage): void {
  if (isRequest(message)) throw new CpisError("EBXML_NOT_RESENDABLE");
}

/**
 * Lets a held message go, with all its sendings before it again, as a transition that only one of several people makes.
 * Throws EBXML_NOT_RESENDABLE.
 */
export function releaseOfMessage(message: StoredOutboundMessage, { by, at, forgotten }: PersonalAct): Transition {
  refuseRequest(message);
  const attributes = attributesWithout(message.attributes, forgotten);
  return {
    id: message.id,
    from: ["held"],
    to: "queued",
    at,
    by,
    code: "released",
    changes: { attributes, attempts: 0, nextAttemptAt: null, deadline: null, errorCode: null },
  };
}

/** The same each time, so that of several people who resend one message one makes the new one. */
function successorId({ messageId }: StoredOutboundMessage): MessageId {
  return parseMessageId(nameBasedUuid("0b9b5d1c6c8e4bb0a7f0d3f6f1c54a2e", `resend ${messageId}`));
}

async function readMessage(store: MessageStore, stored: StoredOutboundMessage): Promise<BusinessMessage> {
  const reading = await store.readContent(stored.id);
  if (reading.kind !== "content") throw new CpisError("STORE_CONTENT_GONE");
  const contentType = stored.attributes["contentType"];
  const parsed = parseEbxml({
    contentType: typeof contentType === "string" ? contentType : undefined,
    body: reading.bytes,
  });
  if (parsed.kind === "parsed" && parsed.message.kind === "message") return parsed.message;
  throw new CpisError("STORE_CORRUPT", { detail: "the content of an outbound message" });
}

function encodeAgain(message: BusinessMessage, messageId: MessageId, at: number): EncodedMessage {
  const { header, payload, reliability, attachments, externalReferences } = message;
  return encodeBusinessMessage({
    kind: "message",
    header: { ...header, messageId, timestamp: formatEbxmlTime(at) },
    reliability,
    attachments,
    externalReferences,
    ...definedOnly({ payload }),
  });
}

function rowOf(
  original: StoredOutboundMessage,
  { contentType, soapAction, body }: EncodedMessage,
  { by, at, forgotten }: PersonalAct,
): Omit<NewOutboundMessage, "messageId" | "context"> {
  const { channel, destination, isOrdered, interaction, service, conversationId } = original;
  const { fromParty, toParty, refToMessageId, applicationId } = original;
  return {
    ...{ channel, destination, isOrdered, interaction, service, conversationId, fromParty, toParty },
    ...definedOnly({ refToMessageId, applicationId }),
    acceptedAt: at,
    by,
    originalId: original.id,
    content: body,
    attributes: { ...attributesWithout(original.attributes, forgotten), contentType, soapAction },
  };
}

/**
 * Accepts the payload as a new message, in an envelope of its own, under the contract of the first and linked with it.
 * Of several people at once one makes it. Throws EBXML_NOT_RESENDABLE, STORE_CONTENT_GONE, STORE_CORRUPT, or what the
 * store throws.
 */
export async function resendMessage(
  original: StoredOutboundMessage,
  act: PersonalAct,
  store: MessageStore,
): Promise<ResendOutcome> {
  refuseRequest(original);
  const messageId = successorId(original);
  const encoded = encodeAgain(await readMessage(store, original), messageId, act.at);
  const context = await store.readContext(original.id);
  const row = { ...rowOf(original, encoded, act), messageId, ...definedOnly({ context }) };
  try {
    const [id] = await store.acceptOutbound([row]);
    if (id !== undefined) return { kind: "resent", id };
  } catch (error) {
    if (!isCpisError(error) || error.code !== "STORE_MESSAGE_ID_TAKEN") throw error;
  }
  const successor = await store.findByMessageId("outbound", messageId);
  if (successor === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no row number was given" });
  return { kind: "resent-before", id: successor.id };
}
