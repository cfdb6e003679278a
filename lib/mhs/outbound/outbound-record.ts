// How an outbound message is kept in a store: its exact bytes, how to send them, and what was agreed of it.
import { encodeBusinessMessage } from "../../ebxml/encode-message.js";
import type { Attachment, EncodedMessage } from "../../ebxml/model.js";
import { reliabilityElements, type EbxmlPattern } from "../../ebxml/reliability.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { parseMessageId, type ConversationId, type MessageId } from "../../identifiers.js";
import { selectPattern, type MessagingContract, type MessagingPattern } from "../../sds/contract.js";
import type { MessageAttributes, NewOutboundMessage, StoredMessage } from "../../store/message-model.js";
import type { DeliveryPolicy } from "./delivery-policy.js";
import { formatEbxmlTime } from "../ebxml-time.js";
import type { OwnParty } from "../model.js";

/** What a message is made of, whoever asks for it. */
export interface MessageToEncode {
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly refToMessageId?: MessageId;
  readonly contract: MessagingContract;
  readonly payload: Buffer;
  readonly attachments?: readonly Attachment[];
  readonly subject?: string;
  readonly applicationId?: string;
  readonly context?: Buffer;
  readonly attributes?: MessageAttributes;
}

export interface PreparedMessage {
  readonly message: EncodedMessage;
  readonly pattern: MessagingPattern;
  readonly url: URL;
}

export interface PreparedEbxml extends PreparedMessage {
  readonly pattern: EbxmlPattern;
}

/** What is read back of a stored message before it is sent. */
export interface OutboundRecord {
  readonly messageId: MessageId;
  readonly url: URL;
  readonly contentType: string;
  readonly soapAction: string;
  readonly policy: DeliveryPolicy;
}

function patternOf(contract: MessagingContract): EbxmlPattern {
  const pattern = selectPattern(contract);
  if (pattern !== "sync-soap") return pattern;
  throw new CpisError("CONFIG_CONTRACT", {
    detail: "the contract is for synchronous SOAP, in which only requests can be sent",
  });
}

/** Throws CONFIG_INVALID. */
export function endpointOf({ endpointUrl }: MessagingContract): URL {
  const url = URL.canParse(endpointUrl) ? new URL(endpointUrl) : undefined;
  if (url?.protocol !== "https:") {
    throw new CpisError("CONFIG_INVALID", { detail: "the endpoint address is not an https address" });
  }
  return url;
}

/** Throws CONFIG_CONTRACT, CONFIG_INVALID, EBXML_TOO_LARGE or EBXML_MIME. */
export function prepareMessage(outgoing: MessageToEncode, ownParty: OwnParty, now: number): PreparedEbxml {
  const { contract, service, action, messageId, conversationId, refToMessageId, payload } = outgoing;
  const pattern = patternOf(contract);
  const url = endpointOf(contract);
  const message = encodeBusinessMessage({
    kind: "message",
    header: {
      fromPartyKey: ownParty.partyKey,
      toPartyKey: contract.toPartyKey,
      cpaId: contract.cpaId,
      conversationId,
      service,
      action,
      messageId,
      timestamp: formatEbxmlTime(now),
      ...definedOnly({ refToMessageId }),
    },
    reliability: reliabilityElements(pattern),
    payload,
    attachments: outgoing.attachments ?? [],
    externalReferences: [],
  });
  return { message, pattern, url };
}

interface RecordDetails {
  readonly channel: string;
  readonly ownParty: OwnParty;
  readonly acceptedAt: number;
  readonly policy: Pick<DeliveryPolicy, "resendable" | "completedBy" | "responseMilliseconds" | "isAwaited">;
  readonly orderedBy?: string;
}

/** The row of a message that has been prepared. */
export function newOutboundRecord(
  outgoing: MessageToEncode,
  { message, pattern, url }: PreparedMessage,
  { channel, ownParty, acceptedAt, policy, orderedBy }: RecordDetails,
): NewOutboundMessage {
  const { contract, refToMessageId, applicationId, subject, context } = outgoing;
  return {
    channel,
    destination: orderedBy ?? url.href,
    isOrdered: orderedBy !== undefined,
    interaction: outgoing.action,
    service: outgoing.service,
    messageId: outgoing.messageId,
    conversationId: outgoing.conversationId,
    ...definedOnly({ refToMessageId, applicationId, subject, context }),
    fromParty: ownParty.partyKey,
    toParty: contract.toPartyKey,
    acceptedAt,
    content: message.body,
    attributes: {
      ...outgoing.attributes,
      endpoint: url.href,
      contentType: message.contentType,
      soapAction: message.soapAction,
      pattern,
      retries: contract.retries,
      retryIntervalMilliseconds: contract.retryIntervalMilliseconds,
      persistDurationMilliseconds: contract.persistDurationMilliseconds,
      ...policy,
    },
  };
}

function damaged(name: string): CpisError {
  return new CpisError("STORE_CORRUPT", { detail: `the attribute ${name} of an outbound message` });
}

function readText(attributes: MessageAttributes, name: string): string {
  const value = attributes[name];
  if (typeof value !== "string") throw damaged(name);
  return value;
}

function readNumber(attributes: MessageAttributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== "number") throw damaged(name);
  return value;
}

function readWord<Word extends string>(attributes: MessageAttributes, name: string, words: readonly Word[]): Word {
  const text = readText(attributes, name);
  const found = words.find((word) => word === text);
  if (found === undefined) throw damaged(name);
  return found;
}

/** Throws STORE_CORRUPT for attributes that this file cannot have written. */
export function readDeliveryPolicy({ attributes }: StoredMessage): DeliveryPolicy {
  return {
    pattern: readWord(attributes, "pattern", ["express", "reliable", "forward-reliable", "sync-soap"]),
    retries: readNumber(attributes, "retries"),
    retryIntervalMilliseconds: readNumber(attributes, "retryIntervalMilliseconds"),
    persistDurationMilliseconds: readNumber(attributes, "persistDurationMilliseconds"),
    resendable: readWord(attributes, "resendable", ["by-contract", "never"]),
    completedBy: readWord(attributes, "completedBy", ["acknowledgment", "response", "consumer"]),
    responseMilliseconds: readNumber(attributes, "responseMilliseconds"),
    isAwaited: attributes["isAwaited"] === true,
  };
}

/** Throws STORE_CORRUPT. */
export function readOutboundRecord(message: StoredMessage): OutboundRecord {
  const { attributes } = message;
  const endpoint = readText(attributes, "endpoint");
  if (!URL.canParse(endpoint)) throw damaged("endpoint");
  return {
    messageId: parseMessageId(message.messageId),
    url: new URL(endpoint),
    contentType: readText(attributes, "contentType"),
    soapAction: readText(attributes, "soapAction"),
    policy: readDeliveryPolicy(message),
  };
}
