// Reads rows of the database as messages of the model.
import {
  type HistoryEntry,
  type InboundState,
  inboundStates,
  isMessageRowId,
  type MessageAttributes,
  type MessageRowId,
  type MessageState,
  type OutboundState,
  outboundStates,
  type StoredMessage,
} from "./message-model.js";
import { corrupt, isAbsent, readNumber, readText, type SqlRow } from "./sql-operation.js";

export function readRowId(row: SqlRow, column = "id"): MessageRowId {
  const id = readNumber(row, column);
  if (!isMessageRowId(id)) throw corrupt(column);
  return id;
}

function isOutboundState(text: string): text is OutboundState {
  return outboundStates.some((state) => state === text);
}

function isInboundState(text: string): text is InboundState {
  return inboundStates.some((state) => state === text);
}

export function readState(row: SqlRow): MessageState {
  const text = readText(row, "state");
  if (isOutboundState(text) || isInboundState(text)) return text;
  throw corrupt("state");
}

export function readInboundState(row: SqlRow): InboundState {
  const state = readState(row);
  if (isInboundState(state)) return state;
  throw corrupt("state");
}

function isAttributes(value: unknown): value is MessageAttributes {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => ["string", "number", "boolean"].includes(typeof entry))
  );
}

function readAttributes(row: SqlRow): MessageAttributes {
  const text = readText(row, "attributes");
  try {
    const value: unknown = JSON.parse(text);
    if (isAttributes(value)) return value;
  } catch {
    throw corrupt("attributes");
  }
  throw corrupt("attributes");
}

/** The value under its name in the model, or nothing where the column is empty. */
function optional<Name extends string, Value>(
  row: SqlRow,
  column: string,
  name: Name,
  read: (row: SqlRow, column: string) => Value,
): { readonly [Key in Name]?: Value } {
  if (isAbsent(row, column)) return {};
  const entry: { [Key in Name]?: Value } = {};
  entry[name] = read(row, column);
  return entry;
}

/** Throws STORE_CORRUPT, with the column's name, for a row that the store cannot have written. */
export function readMessage(row: SqlRow): StoredMessage {
  const state = readState(row);
  const details = {
    id: readRowId(row),
    channel: readText(row, "channel"),
    destination: readText(row, "destination"),
    isOrdered: readNumber(row, "is_ordered") === 1,
    interaction: readText(row, "interaction"),
    service: readText(row, "service"),
    messageId: readText(row, "message_id"),
    conversationId: readText(row, "conversation_id"),
    fromParty: readText(row, "from_party"),
    toParty: readText(row, "to_party"),
    attributes: readAttributes(row),
    createdAt: readNumber(row, "created_at"),
    updatedAt: readNumber(row, "updated_at"),
    attempts: readNumber(row, "attempts"),
    contentBytes: readNumber(row, "content_bytes"),
    ...optional(row, "ref_to_message_id", "refToMessageId", readText),
    ...optional(row, "application_id", "applicationId", readText),
    ...optional(row, "subject_hash", "subjectHash", readText),
    ...optional(row, "next_attempt_at", "nextAttemptAt", readNumber),
    ...optional(row, "deadline", "deadline", readNumber),
    ...optional(row, "lease_owner", "leaseOwner", readText),
    ...optional(row, "lease_until", "leaseUntil", readNumber),
    ...optional(row, "acknowledged_at", "acknowledgedAt", readNumber),
    ...optional(row, "answered_at", "answeredAt", readNumber),
    ...optional(row, "answered_by", "answeredBy", readRowId),
    ...optional(row, "error_code", "errorCode", readText),
    ...optional(row, "original_id", "originalId", readRowId),
    ...optional(row, "dealt_with_at", "dealtWithAt", readNumber),
  };
  const direction = readText(row, "direction");
  if (direction === "outbound" && isOutboundState(state)) return { ...details, direction, state };
  if (direction === "inbound" && isInboundState(state)) return { ...details, direction, state };
  throw corrupt("direction");
}

export function readHistoryEntry(row: SqlRow): HistoryEntry {
  return {
    at: readNumber(row, "at"),
    state: readState(row),
    ...optional(row, "code", "code", readText),
    ...optional(row, "by_user", "by", readText),
  };
}
