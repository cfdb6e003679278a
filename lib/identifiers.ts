// The identifiers of the field that must not be mixed up, each a type of its own.
import { CpisError } from "./errors.js";

/** Accredited System Identifier: twelve digits, kept as text. */
export type Asid = string & { readonly brand: "Asid" };

/** A UUID in the upper-case form that the HL7 V3 schemas demand. */
export type Uuid = string & { readonly brand: "Uuid" };

const asidPattern = /^[0-9]{12}$/;
const uuidPattern = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/;

export function isAsid(text: string): text is Asid {
  return asidPattern.test(text);
}

/** Throws CONFIG_INVALID: an ASID is always configuration. */
export function parseAsid(text: string): Asid {
  const trimmed = text.trim();
  if (!isAsid(trimmed)) throw new CpisError("CONFIG_INVALID", { detail: "an ASID has 12 digits" });
  return trimmed;
}

function isUuid(text: string): text is Uuid {
  return uuidPattern.test(text);
}

/** Accepts either case. Throws CPIS_INVALID_REQUEST. */
export function parseUuid(text: string): Uuid {
  const upper = text.trim().toUpperCase();
  if (!isUuid(upper)) throw new CpisError("CPIS_INVALID_REQUEST", { detail: "an id is not a UUID" });
  return upper;
}

/** Two ids of the wire are the same when they differ in case or in a leading "uuid:" or "urn:uuid:" only. */
export function isSameId(one: string, other: string): boolean {
  return comparableId(one) === comparableId(other);
}

/** The address of a message handling service, for example "ZT7-900145". */
export type PartyKey = string & { readonly brand: "PartyKey" };
/** Names the contract of the receiver of a message. */
export type CpaId = string & { readonly brand: "CpaId" };
/** ebXML MessageId, upper-case UUID when we send; any non-empty text when we receive. */
export type MessageId = string & { readonly brand: "MessageId" };
/** Any non-empty text; the same in every message of an exchange. */
export type ConversationId = string & { readonly brand: "ConversationId" };

const partyKeyPattern = /^[A-Z0-9]{2,10}-[0-9]{6,7}$/;

export function isPartyKeyFormat(text: string): boolean {
  return partyKeyPattern.test(text);
}

/** Longer than any identifier on the wire; each is stored, indexed and shown. */
export const maximumIdentifierLength = 256;

function required(text: string, name: string): string {
  const trimmed = text.trim();
  if (trimmed === "") throw new CpisError("EBXML_MALFORMED", { detail: `${name} is empty` });
  if (trimmed.length > maximumIdentifierLength) {
    throw new CpisError("EBXML_MALFORMED", { detail: `${name} is longer than ${maximumIdentifierLength} characters` });
  }
  return trimmed;
}

/** Each accepts any non-empty text of up to 256 characters, as the wire does, and trims it. Throws EBXML_MALFORMED. */
export function parsePartyKey(text: string): PartyKey {
  return required(text, "PartyId") as PartyKey;
}

export function parseCpaId(text: string): CpaId {
  return required(text, "CPAId") as CpaId;
}

export function parseMessageId(text: string): MessageId {
  return required(text, "MessageId") as MessageId;
}

export function parseConversationId(text: string): ConversationId {
  return required(text, "ConversationId") as ConversationId;
}

/** The form in which message ids are compared: peers change the case, and write UUIDs as URNs. */
export function comparableId(id: string): string {
  return id
    .trim()
    .toUpperCase()
    .replace(/^(?:URN:)?UUID:/, "");
}
