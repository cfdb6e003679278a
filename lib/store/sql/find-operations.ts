// Finds stored messages; every question is answered from one index.
import {
  type ContentReading,
  type Direction,
  type HistoryEntry,
  inboundStates,
  type MessageRowId,
  type MessageState,
  outboundStates,
  type StoredMessage,
} from "../message-model.js";
import type { MessageFilter, MessagePage, OldestUnfinished, PagePosition, StateCount } from "../message-store.js";
import { contentIdentity, contextIdentity } from "./accept-operations.js";
import { comparableId } from "../../identifiers.js";
import { readDirection } from "./finish-operations.js";
import {
  type Operation,
  readBytes,
  readNumber,
  readText,
  type SqlValue,
  statement,
  type Step,
  isAbsent,
  type StoreContext,
} from "./sql-operation.js";
import { messageColumns, readHistoryEntry, readMessage, readState } from "./sql-rows.js";

const conversationLimit = 1000;
/** Of uploads; a query that failed is told by its state, and the flow was told of every one. */
const unsuccessful = ["partly-accepted", "refused", "file-refused", "unclear"] as const;

export interface FindOperations {
  byId(id: MessageRowId): Operation<StoredMessage | undefined>;
  byMessageId(direction: Direction, messageId: string): Operation<StoredMessage | undefined>;
  byConversation(conversationId: string): Operation<readonly StoredMessage[]>;
  list(filter: MessageFilter, limit: number, after?: PagePosition): Operation<MessagePage>;
  countByState(): Operation<readonly StateCount[]>;
  oldestUnfinished(): Operation<readonly OldestUnfinished[]>;
  content(id: MessageRowId): Operation<ContentReading>;
  context(id: MessageRowId): Operation<Buffer | undefined>;
  history(id: MessageRowId): Operation<readonly HistoryEntry[]>;
}

/** The states that the filter's states and direction leave; undefined when it names neither. */
function wantedStates({ states, direction }: MessageFilter): readonly MessageState[] | undefined {
  if (direction === undefined) return states;
  const ofDirection: readonly MessageState[] = direction === "outbound" ? outboundStates : inboundStates;
  return states === undefined ? ofDirection : ofDirection.filter((state) => states.includes(state));
}

/**
 * One search per state in the order of an index, each up to the limit, merged: so no page reads more than it shows, but
 * for filters that are combined, where the rarest leads and the others are checked row by row.
 */
export function listStatement(
  { dialect, protection }: StoreContext,
  filter: MessageFilter,
  limit: number,
  after?: PagePosition,
): Step | undefined {
  const parameters: SqlValue[] = [];
  const bind = (value: SqlValue): string => `$${parameters.push(value)}`;
  const conditions: string[] = [];
  let index = "message_time";
  const lead = (name: string, condition: string): void => {
    conditions.push(condition);
    if (index === "message_time") index = name;
  };
  if (filter.conversationId !== undefined) {
    lead("message_conversation", `conversation_id = ${bind(filter.conversationId)}`);
  }
  if (filter.subject !== undefined) lead("message_subject", `subject_hash = ${bind(protection.hash(filter.subject))}`);
  /** Each with its index: what one of them finds is found. */
  const alternatives: (readonly [index: string, condition: string])[] = [];
  const eitherOf = (found: readonly (readonly [index: string, condition: string])[]): void => {
    if (index !== "message_time" || alternatives.length > 0) {
      conditions.push(`(${found.map(([, condition]) => `(${condition})`).join(" OR ")})`);
    } else alternatives.push(...found);
  };
  if (filter.errorCode !== undefined) {
    const code = bind(filter.errorCode);
    eitherOf([
      ["message_error", `error_code = ${code}`],
      ["message_outcome_code", `outcome_code = ${code}`],
    ]);
  }
  if (filter.outcomes !== undefined) {
    const failedStates = filter.outcomes.includes("failed") ? ["failed", "expired"] : [];
    eitherOf([
      ...filter.outcomes.map((outcome) => ["message_outcome", `outcome = ${bind(outcome)}`] as const),
      ...failedStates.map((state) => ["message_state", `state = '${state}' AND outcome IS NULL`] as const),
    ]);
  }
  if (filter.needsPerson === true) {
    eitherOf([
      ...["failed", "expired", "rejected", "held"].map((state) => ["message_state", `state = '${state}'`] as const),
      ...unsuccessful.map((outcome) => ["message_outcome", `outcome = '${outcome}'`] as const),
    ]);
  }
  if (alternatives.length > 0) index = "";
  if (filter.interaction !== undefined) lead("message_interaction", `interaction = ${bind(filter.interaction)}`);
  const isLed = conditions.length > 0 || alternatives.length > 0;
  const wanted = wantedStates(filter);
  if (wanted?.length === 0) return undefined;
  if (filter.channel !== undefined) lead("message_channel", `channel = ${bind(filter.channel)}`);
  else if (wanted !== undefined && !isLed) index = "message_state";
  const perState = index === "message_channel" ? (wanted ?? [...outboundStates, ...inboundStates]) : wanted;

  if (filter.from !== undefined) conditions.push(`created_at >= ${bind(filter.from)}`);
  if (filter.before !== undefined) conditions.push(`created_at < ${bind(filter.before)}`);
  if (filter.needsPerson === true) conditions.push("dealt_with_at IS NULL");
  if (after !== undefined) conditions.push(`(created_at, id) < (${bind(after.createdAt)}, ${bind(after.id)})`);
  const many = bind(limit + 1);
  const order = `ORDER BY created_at DESC, id DESC LIMIT ${many}`;
  const searchBy = (by: string, extra: readonly string[]): string => {
    const all = [...conditions, ...extra];
    const where = all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`;
    return `SELECT ${messageColumns} FROM ${dialect.table("message")} ${dialect.indexedBy(by)} ${where} ${order}`;
  };
  if (alternatives.length > 0) {
    if (wanted !== undefined) conditions.push(`state IN (${wanted.map(bind).join(", ")})`);
    // One message may be found in two ways, and is shown once.
    const found = alternatives.map(
      ([by, condition], number) => `SELECT * FROM (${searchBy(by, [condition])}) AS a${number}`,
    );
    return statement(`SELECT * FROM (${found.join(" UNION ")}) AS found ${order}`, ...parameters);
  }
  const search = (extra: readonly string[]): string => searchBy(index, extra);
  if (perState === undefined) return statement(search([]), ...parameters);
  const [only, ...others] = perState;
  if (only !== undefined && others.length === 0) return statement(search([`state = ${bind(only)}`]), ...parameters);
  if (isLed) return statement(search([`state IN (${perState.map(bind).join(", ")})`]), ...parameters);
  const searches = perState.map(
    (state, number) => `SELECT * FROM (${search([`state = ${bind(state)}`])}) AS s${number}`,
  );
  return statement(`SELECT * FROM (${searches.join(" UNION ALL ")}) AS found ${order}`, ...parameters);
}

export function createFindOperations(context: StoreContext): FindOperations {
  const { dialect, protection } = context;
  const message = dialect.table("message");
  const findById = `SELECT * FROM ${message} WHERE id = $1`;
  const findOutbound = `SELECT * FROM ${message} WHERE message_id = $1 AND direction = 'outbound'`;
  const findInbound = `SELECT * FROM ${message} WHERE message_id = $1 AND direction = 'inbound'
    ORDER BY id DESC LIMIT 1`;
  const findConversation = `SELECT * FROM ${message} WHERE conversation_id = $1 ORDER BY id LIMIT ${conversationLimit}`;
  const findContent = `SELECT owner.id, held.sealed FROM ${message} AS owner
    LEFT JOIN ${dialect.table("content")} AS held ON held.message_id = owner.id WHERE owner.id = $1`;
  const findContext = `SELECT sealed_context FROM ${dialect.table("content")} WHERE message_id = $1`;
  const findHistory = `SELECT at, state, code, by_user FROM ${dialect.table("history")} WHERE message_id = $1 ORDER BY id`;
  // A blocked message has an older one before it, so it is never the oldest.
  const findOldest = `SELECT channel, direction, min(created_at) AS created_at FROM ${message}
    ${dialect.indexedBy("message_due")} WHERE is_finished = 0 AND is_blocked = 0 GROUP BY channel, direction`;

  return {
    *byId(id): Operation<StoredMessage | undefined> {
      return (yield statement(findById, id)).map(readMessage)[0];
    },
    *byMessageId(direction, messageId): Operation<StoredMessage | undefined> {
      const sql = direction === "outbound" ? findOutbound : findInbound;
      return (yield statement(sql, comparableId(messageId))).map(readMessage)[0];
    },
    *byConversation(conversationId): Operation<readonly StoredMessage[]> {
      return (yield statement(findConversation, conversationId)).map(readMessage);
    },
    *list(filter, limit, after): Operation<MessagePage> {
      const step = listStatement(context, filter, limit, after);
      if (step === undefined) return { messages: [] };
      const found = (yield step).map(readMessage);
      const messages = found.slice(0, limit);
      const last = messages.at(-1);
      if (found.length <= limit || last === undefined) return { messages };
      return { messages, next: { createdAt: last.createdAt, id: last.id } };
    },
    *countByState(): Operation<readonly StateCount[]> {
      const rows = yield statement(dialect.countStatement);
      return rows.map((row) => ({
        channel: readText(row, "channel"),
        state: readState(row),
        count: readNumber(row, "count"),
      }));
    },
    *oldestUnfinished(): Operation<readonly OldestUnfinished[]> {
      const rows = yield statement(findOldest);
      return rows.map((row) => ({
        channel: readText(row, "channel"),
        direction: readDirection(row),
        createdAt: readNumber(row, "created_at"),
      }));
    },
    *content(id): Operation<ContentReading> {
      const [row] = yield statement(findContent, id);
      if (row === undefined) return { kind: "unknown" };
      if (isAbsent(row, "sealed")) return { kind: "dropped" };
      return { kind: "content", bytes: protection.open(readBytes(row, "sealed"), contentIdentity(id)) };
    },
    *context(id): Operation<Buffer | undefined> {
      const [row] = yield statement(findContext, id);
      if (row === undefined || isAbsent(row, "sealed_context")) return undefined;
      return protection.open(readBytes(row, "sealed_context"), contextIdentity(id));
    },
    *history(id): Operation<readonly HistoryEntry[]> {
      return (yield statement(findHistory, id)).map(readHistoryEntry);
    },
  };
}
