// Reads the ebXML message header and the reliability elements as tolerantly as peers write them.
import {
  maximumIdentifierLength,
  parseConversationId,
  parseCpaId,
  parseMessageId,
  parsePartyKey,
  type MessageId,
} from "../identifiers.js";
import { firstChild, type XmlElement } from "../xml/xml-element.js";
import type { AckActor, EbxmlWarning, MessageHeader, ReliabilityElements, RoutingHeader } from "./model.js";
import { ebName, soapNamespace, tolerantAttribute } from "./names.js";

/** Trimmed text of a descendant by its path; undefined when missing or empty. */
function textAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  let found = element;
  for (const localName of path) found = found === undefined ? undefined : firstChild(found, ebName(localName));
  const text = found?.text.trim() ?? "";
  return text === "" ? undefined : text;
}

function withoutUndefined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const present: Partial<T> = {};
  for (const key in values) if (values[key] !== undefined) present[key] = values[key];
  return present;
}

interface PresentValues {
  readonly values: Partial<MessageHeader>;
  /** Paths of values that are longer than any identifier. */
  readonly overlong: readonly string[];
}

function readPresentValues(header: XmlElement): PresentValues {
  const overlong: string[] = [];
  const read = <T>(parse: (text: string) => T, ...path: readonly string[]): T | undefined => {
    const text = textAt(header, ...path);
    if (text === undefined || text.length <= maximumIdentifierLength)
      return text === undefined ? undefined : parse(text);
    overlong.push(path.map((name) => `eb:${name}`).join("/"));
    return undefined;
  };
  const verbatim = (text: string): string => text;
  const values = withoutUndefined<MessageHeader>({
    fromPartyKey: read(parsePartyKey, "From", "PartyId"),
    toPartyKey: read(parsePartyKey, "To", "PartyId"),
    cpaId: read(parseCpaId, "CPAId"),
    conversationId: read(parseConversationId, "ConversationId"),
    service: read(verbatim, "Service"),
    action: read(verbatim, "Action"),
    messageId: read(parseMessageId, "MessageData", "MessageId"),
    timestamp: read(verbatim, "MessageData", "Timestamp"),
    refToMessageId: read(parseMessageId, "MessageData", "RefToMessageId"),
    timeToLive: read(verbatim, "MessageData", "TimeToLive"),
  });
  return { values, overlong };
}

const mandatory = {
  fromPartyKey: "eb:From/eb:PartyId",
  toPartyKey: "eb:To/eb:PartyId",
  cpaId: "eb:CPAId",
  conversationId: "eb:ConversationId",
  service: "eb:Service",
  action: "eb:Action",
  messageId: "eb:MessageData/eb:MessageId",
  timestamp: "eb:MessageData/eb:Timestamp",
} as const;

type HeaderReading =
  | { readonly kind: "complete"; readonly header: MessageHeader }
  | {
      readonly kind: "incomplete";
      readonly missing: readonly string[];
      readonly overlong: readonly string[];
      readonly routing?: RoutingHeader;
    };

function isComplete(values: Partial<MessageHeader>): values is MessageHeader {
  return Object.keys(mandatory).every((key) => key in values);
}

function isRouting(values: Partial<MessageHeader>): values is RoutingHeader {
  return values.fromPartyKey !== undefined && values.messageId !== undefined;
}

/**
 * Reads the first MessageHeader of a SOAP header; of a party with several ids the first counts. A value of more than
 * 256 characters is not taken, and named as overlong.
 */
export function readMessageHeader(soapHeader: XmlElement): HeaderReading {
  const element = firstChild(soapHeader, ebName("MessageHeader"));
  if (element === undefined) return { kind: "incomplete", missing: ["eb:MessageHeader"], overlong: [] };
  const { values, overlong } = readPresentValues(element);
  if (overlong.length === 0 && isComplete(values)) return { kind: "complete", header: values };
  const missing = Object.entries(mandatory)
    .filter(([key, path]) => !(key in values) && !overlong.includes(path))
    .map(([, path]) => path);
  return { kind: "incomplete", missing, overlong, ...(isRouting(values) ? { routing: values } : {}) };
}

/**
 * Only the last token of an actor counts, in any case. Without one, and for one that names no party, the final
 * recipient acknowledges.
 */
export function readAckActor(element: XmlElement): AckActor {
  const actor = tolerantAttribute(element, "actor", soapNamespace)?.trim().toLowerCase() ?? "";
  return actor.slice(actor.lastIndexOf(":") + 1) === "nextmsh" ? "nextMSH" : "toPartyMSH";
}

/** Presence counts, not content: DuplicateElimination with the text "always" is seen. */
export function readReliability(soapHeader: XmlElement): ReliabilityElements {
  const header = firstChild(soapHeader, ebName("MessageHeader"));
  const ackRequested = firstChild(soapHeader, ebName("AckRequested"));
  return {
    duplicateElimination: header !== undefined && firstChild(header, ebName("DuplicateElimination")) !== undefined,
    ...(ackRequested === undefined ? {} : { ackRequested: readAckActor(ackRequested) }),
    syncReply: firstChild(soapHeader, ebName("SyncReply")) !== undefined,
  };
}

/**
 * The message that the Acknowledgment names, else the one that the message header refers to; undefined when there is no
 * Acknowledgment or neither names one.
 */
export function readAcknowledgedMessageId(soapHeader: XmlElement): MessageId | undefined {
  if (firstChild(soapHeader, ebName("Acknowledgment")) === undefined) return undefined;
  const own = textAt(soapHeader, "Acknowledgment", "RefToMessageId");
  return own === undefined ? readRefToMessageId(soapHeader) : parseMessageId(own);
}

/** What the first MessageHeader refers to, whether or not the header is complete. */
export function readRefToMessageId(soapHeader: XmlElement): MessageId | undefined {
  const text = textAt(soapHeader, "MessageHeader", "MessageData", "RefToMessageId");
  return text === undefined ? undefined : parseMessageId(text);
}

/** The children of an Acknowledgment beside its reference. */
export function readReceipt(acknowledgment: XmlElement): { readonly timestamp?: string; readonly from?: string } {
  return withoutUndefined<{ timestamp: string; from: string }>({
    timestamp: textAt(acknowledgment, "Timestamp"),
    from: textAt(acknowledgment, "From", "PartyId"),
  });
}

/** What an exact peer would not have sent, and yet changes nothing. */
export function headerWarnings(soapHeader: XmlElement): readonly EbxmlWarning[] {
  const headers = soapHeader.children.filter(({ localName }) => localName === "MessageHeader");
  if (headers.length < 2) return [];
  return [{ code: "several-headers", message: "More than one MessageHeader; the first one counts" }];
}
