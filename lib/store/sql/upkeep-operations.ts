// What keeps the store in order: retention, sealing under the newest key, and the probe.
import type { ErrorCode } from "../../errors.js";
import { contentIdentity, contextIdentity, replyIdentity } from "./accept-operations.js";
import { createFinishing } from "./finish-operations.js";
import type { BatchOutcome, RetentionRule, UnclaimedRequest } from "../message-store.js";
import {
  isAbsent,
  type Operation,
  readBytes,
  readText,
  type SqlRow,
  statement,
  type StoreContext,
} from "./sql-operation.js";
import { readRowId } from "./sql-rows.js";

const unclaimed: ErrorCode = "STORE_UNCLAIMED";

export interface UpkeepOperations {
  prune(rules: readonly RetentionRule[], now: number, limit: number): Operation<BatchOutcome>;
  setAsideUnclaimed(request: UnclaimedRequest): Operation<BatchOutcome>;
  reseal(limit: number): Operation<BatchOutcome>;
  probe(): Operation<void>;
}

export function createUpkeepOperations({ dialect, protection, mode }: StoreContext): UpkeepOperations {
  const message = dialect.table("message");
  const content = dialect.table("content");
  const reply = dialect.table("inbound_reply");

  /** A message is older than its last transition, so the first condition lets the index of the state serve. */
  const pruneMessages = `DELETE FROM ${message} WHERE ${dialect.isOneOf(
    "id",
    `SELECT id FROM ${message} ${dialect.indexedBy("message_state")}
      WHERE state = $1 AND created_at < $2 AND updated_at < $2 AND is_finished = 1
      ORDER BY created_at, id LIMIT $3`,
  )} RETURNING id`;
  const pruneReplies = `DELETE FROM ${reply} WHERE (from_party, message_id) IN (
      SELECT from_party, message_id FROM ${reply} WHERE duplicate_until <= $1 ORDER BY duplicate_until LIMIT $2)
    RETURNING message_id`;
  const finishing = createFinishing(dialect, mode);
  const findUnclaimed = `SELECT id, channel, direction, destination, is_ordered
    FROM ${message} ${dialect.indexedBy("message_state")}
    WHERE state = 'received' AND created_at < $1 AND attempts = 0 AND is_blocked = 0
      AND coalesce(lease_until, 0) <= $2 ORDER BY created_at, id LIMIT $3`;
  const reject = `UPDATE ${message} SET state = 'rejected', error_code = '${unclaimed}', updated_at = $2,
      lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND state = 'received' AND attempts = 0 AND coalesce(lease_until, 0) <= $2 RETURNING id`;
  const noteRejection = `INSERT INTO ${dialect.table("history")} (message_id, at, state, code)
    VALUES ($1, $2, 'rejected', '${unclaimed}')`;
  const under = (table: string, comparison: "<" | ">"): string =>
    `SELECT * FROM ${table} WHERE key_id ${comparison} $1 ORDER BY key_id LIMIT $2`;
  const sealContent = `UPDATE ${content} SET key_id = $2, sealed = $3, sealed_context = $4 WHERE message_id = $1`;
  const sealReply = `UPDATE ${reply} SET key_id = $3, sealed = $4 WHERE from_party = $1 AND message_id = $2`;

  function* underOtherKeys(table: string, limit: number): Operation<readonly SqlRow[]> {
    const before = yield statement(under(table, "<"), protection.keyId, limit);
    const after = yield statement(under(table, ">"), protection.keyId, limit - before.length);
    return [...before, ...after];
  }

  function again(row: SqlRow, identity: string, column = "sealed"): Buffer {
    return protection.seal(protection.open(readBytes(row, column), identity), identity);
  }

  return {
    *prune(rules, now, limit): Operation<BatchOutcome> {
      yield { kind: "lock", key: "prune" };
      let count = 0;
      for (const { state, keepMilliseconds } of rules) {
        if (count < limit) {
          count += (yield statement(pruneMessages, state, now - keepMilliseconds, limit - count)).length;
        }
      }
      if (count < limit) count += (yield statement(pruneReplies, now, limit - count)).length;
      return { count, hasMore: count >= limit };
    },

    *setAsideUnclaimed({ acceptedBefore, now, limit }): Operation<BatchOutcome> {
      yield { kind: "lock", key: "prune" };
      const found = yield statement(findUnclaimed, acceptedBefore, now, limit);
      let count = 0;
      for (const row of found) {
        const id = readRowId(row);
        yield* finishing.lock(row);
        // Somebody may have taken it meanwhile.
        if ((yield statement(reject, id, now)).length > 0) {
          yield statement(noteRejection, id, now);
          yield* finishing.finish(id, row);
          count += 1;
        }
      }
      return { count, hasMore: found.length >= limit };
    },

    *reseal(limit): Operation<BatchOutcome> {
      yield { kind: "lock", key: "reseal" };
      const contents = yield* underOtherKeys(content, limit);
      for (const row of contents) {
        const id = readRowId(row, "message_id");
        const context = isAbsent(row, "sealed_context") ? null : again(row, contextIdentity(id), "sealed_context");
        yield statement(sealContent, id, protection.keyId, again(row, contentIdentity(id)), context);
      }
      const replies = yield* underOtherKeys(reply, limit - contents.length);
      for (const row of replies) {
        const fromParty = readText(row, "from_party");
        const messageId = readText(row, "message_id");
        const sealed = again(row, replyIdentity(fromParty, messageId));
        yield statement(sealReply, fromParty, messageId, protection.keyId, sealed);
      }
      const count = contents.length + replies.length;
      return { count, hasMore: count >= limit };
    },

    *probe(): Operation<void> {
      yield statement(`UPDATE ${dialect.table("probe")} SET value = value + 1 WHERE id = 1`);
    },
  };
}
