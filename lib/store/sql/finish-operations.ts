// What follows when a message is finished: the next of its destination is free, and its bytes may go.
import type { Direction, MessageRowId } from "../message-model.js";
import type { StorageMode } from "../message-store.js";
import { type Dialect, type Operation, readNumber, readText, type SqlRow, statement } from "./sql-operation.js";

/** Of an ordered message, in SQL: the next of its destination must wait. */
export const holdsUpOthers = "is_ordered = 1 AND is_finished = 0 AND state <> 'awaiting-response'";

/** Unambiguous whatever the texts hold. */
export function destinationKey(channel: string, direction: Direction, destination: string): string {
  return JSON.stringify([channel, direction, destination]);
}

export function readDirection(row: SqlRow): Direction {
  return readText(row, "direction") === "outbound" ? "outbound" : "inbound";
}

/** Rows given to it carry `channel`, `direction`, `destination` and `is_ordered`. */
export interface Finishing {
  /** Before the row is changed: its successor must not be accepted unseen meanwhile. */
  lock(row: SqlRow): Operation<void>;
  /** After the row is changed so that it holds up no other one. */
  free(row: SqlRow): Operation<void>;
  /** After the row is finished. */
  finish(id: MessageRowId, row: SqlRow): Operation<void>;
}

export function createFinishing(dialect: Dialect, mode: StorageMode): Finishing {
  const message = dialect.table("message");
  const unblockNext = `UPDATE ${message} SET is_blocked = 0 WHERE is_blocked = 1 AND id = (
      SELECT min(id) FROM ${message} WHERE channel = $1 AND direction = $2 AND destination = $3
        AND ${holdsUpOthers}) RETURNING id`;
  const dropContent = `DELETE FROM ${dialect.table("content")} WHERE message_id = $1`;

  function* free(row: SqlRow): Operation<void> {
    if (readNumber(row, "is_ordered") === 0) return;
    const channel = readText(row, "channel");
    const direction = readDirection(row);
    const freed = yield statement(unblockNext, channel, direction, readText(row, "destination"));
    if (freed.length > 0) yield { kind: "event", event: { kind: "work", channel, direction } };
  }

  return {
    *lock(row): Operation<void> {
      if (readNumber(row, "is_ordered") === 0) return;
      const key = destinationKey(readText(row, "channel"), readDirection(row), readText(row, "destination"));
      yield { kind: "lock", key };
    },
    free,
    *finish(id, row): Operation<void> {
      if (mode === "metadata-only") yield statement(dropContent, id);
      yield* free(row);
    },
  };
}
