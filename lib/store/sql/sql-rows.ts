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
  type StoredInboundMessage,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../message-model.js";
import { corrupt, isAbsent, readNumber, readText, type SqlRow } from "./sql-operation.js";

export function readRowId(row: SqlRow, column = "id"): MessageRowId {
  const id = readNumber(row, column);
  if (!isMessageRowId(id)) throw corrupt(column);
  return id;
}

const outboundTexts: ReadonlySet<string> = new Set(outboundStates);
const inboundTexts: ReadonlySet<string> = new Set(inboundStates);

function isOutboundState(text: string): text is OutboundState {
  return outboundTexts.has(text);
}

function isInboundState(text: string): text is InboundState {
  return inboundTexts.has(text);
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

/** What readMessage reads; the columns that only searches need stay where they are. */
export const messageColumns = [
  "id, direction, state, channel, destination, is_ordered, interaction, service, message_id, conversation_id",
  "ref_to_message_id, application_id, from_party, to_party, subject_hash, created_at, updated_at, next_attempt_at",
  "deadline, attempts, lease_owner, lease_until, acknowledged_at, answered_at, answered_by, error_code, original_id",
  "attributes, content_bytes, dealt_with_at, outcome, outcome_code",
].join(", ");

const noAttributes: MessageAttributes = {};

function readAttributes(row: SqlRow): MessageAttributes {
  const text = readText(row, "attributes");
  if (text === "{}") return noAttributes;
  try {
    const value: unknown = JSON.parse(text);
    if (isAttributes(value)) return value;
  } catch {
    throw corrupt("attributes");
  }
  throw corrupt("attributes");
}

type Details = Omit<StoredMessage, "direction" | "state">;
type Optional = { -readonly [Name in keyof Details as undefined extends Details[Name] ? Name : never]?: Details[Name] };

function optionalText(row: SqlRow, column: string): string | undefined {
  const value = row[column];
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : readText(row, column);
}

function optionalNumber(row: SqlRow, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : readNumber(row, column);
}

function optionalId(row: SqlRow, column: string): MessageRowId | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : readRowId(row, column);
}

/** The columns that may be empty. One by one, since a page of the message log is read in a fraction of a millisecond. */
function readOptional(row: SqlRow, into: Optional): void {
  const refToMessageId = optionalText(row, "ref_to_message_id");
  if (refToMessageId !== undefined) into.refToMessageId = refToMessageId;
  const applicationId = optionalText(row, "application_id");
  if (applicationId !== undefined) into.applicationId = applicationId;
  const subjectHash = optionalText(row, "subject_hash");
  if (subjectHash !== undefined) into.subjectHash = subjectHash;
  const errorCode = optionalText(row, "error_code");
  if (errorCode !== undefined) into.errorCode = errorCode;
  const outcome = optionalText(row, "outcome");
  if (outcome !== undefined) into.outcome = outcome;
  const outcomeCode = optionalText(row, "outcome_code");
  if (outcomeCode !== undefined) into.outcomeCode = outcomeCode;
  const answeredBy = optionalId(row, "answered_by");
  if (answeredBy !== undefined) into.answeredBy = answeredBy;
  const originalId = optionalId(row, "original_id");
  if (originalId !== undefined) into.originalId = originalId;
  readOptionalTimes(row, into);
}

function readOptionalTimes(row: SqlRow, into: Optional): void {
  const nextAttemptAt = optionalNumber(row, "next_attempt_at");
  if (nextAttemptAt !== undefined) into.nextAttemptAt = nextAttemptAt;
  const deadline = optionalNumber(row, "deadline");
  if (deadline !== undefined) into.deadline = deadline;
  const leaseOwner = optionalText(row, "lease_owner");
  if (leaseOwner !== undefined) into.leaseOwner = leaseOwner;
  const leaseUntil = optionalNumber(row, "lease_until");
  if (leaseUntil !== undefined) into.leaseUntil = leaseUntil;
  const acknowledgedAt = optionalNumber(row, "acknowledged_at");
  if (acknowledgedAt !== undefined) into.acknowledgedAt = acknowledgedAt;
  const answeredAt = optionalNumber(row, "answered_at");
  if (answeredAt !== undefined) into.answeredAt = answeredAt;
  const dealtWithAt = optionalNumber(row, "dealt_with_at");
  if (dealtWithAt !== undefined) into.dealtWithAt = dealtWithAt;
}

/** Throws STORE_CORRUPT, with the column's name, for a row that the store cannot have written. */
export function readMessage(row: SqlRow): StoredMessage {
  const state = readText(row, "state");
  const direction = readText(row, "direction");
  const details: Details = {
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
  };
  readOptional(row, details);
  if (direction === "outbound" && isOutboundState(state)) {
    const outbound: Pick<StoredOutboundMessage, "direction" | "state"> = { direction, state };
    return Object.assign(details, outbound);
  }
  if (direction === "inbound" && isInboundState(state)) {
    const inbound: Pick<StoredInboundMessage, "direction" | "state"> = { direction, state };
    return Object.assign(details, inbound);
  }
  throw corrupt(isOutboundState(state) || isInboundState(state) ? "direction" : "state");
}

export function readHistoryEntry(row: SqlRow): HistoryEntry {
  return {
    at: readNumber(row, "at"),
    state: readState(row),
    ...(isAbsent(row, "code") ? {} : { code: readText(row, "code") }),
    ...(isAbsent(row, "by_user") ? {} : { by: readText(row, "by_user") }),
  };
}
