// What several instances of one deployment agree on: who does what only one should do, and how far their clocks are off.
import type { BatchOutcome, InstanceClock, NamedLease, Reassignment, WorkOwner } from "../message-store.js";
import { type Operation, readNumber, readText, type SqlValue, statement, type StoreContext } from "./sql-operation.js";

export interface InstanceOperations {
  hold(lease: NamedLease & { readonly milliseconds: number; readonly now: number }): Operation<boolean>;
  end(lease: NamedLease): Operation<void>;
  noteClock(
    clock: InstanceClock & { readonly withinMilliseconds: number; readonly now: number },
  ): Operation<readonly InstanceClock[]>;
  owners(): Operation<readonly WorkOwner[]>;
  reassign(reassignment: Reassignment): Operation<BatchOutcome>;
}

export function createInstanceOperations({ dialect }: Pick<StoreContext, "dialect">): InstanceOperations {
  const lease = dialect.table("lease");
  const instance = dialect.table("instance");
  /** The last parameter, where the database has no clock of its own. */
  const clockAs = (parameter: string): string => dialect.clock ?? parameter;
  const programClock = (now: number): readonly SqlValue[] => (dialect.clock === undefined ? [now] : []);
  const hold = `INSERT INTO ${lease} AS held (name, owner, until) VALUES ($1, $2, ${clockAs("$4")} + $3)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE held.owner = excluded.owner OR held.until <= ${clockAs("$4")} RETURNING owner`;
  const end = `DELETE FROM ${lease} WHERE name = $1 AND owner = $2`;
  const note = `INSERT INTO ${instance} (owner, seen_at, skew) VALUES ($1, ${clockAs("$3")}, $2)
    ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at, skew = excluded.skew`;
  const forget = `DELETE FROM ${instance} WHERE seen_at < ${clockAs("$2")} - $1`;
  const findClocks = `SELECT owner, skew FROM ${instance} ORDER BY owner`;

  const message = dialect.table("message");
  const ownParty = "CASE direction WHEN 'outbound' THEN from_party ELSE to_party END";
  /** Each has an index of its own, as where unfinished work is counted. */
  const ownersOf = (index: string, condition: string): string =>
    `SELECT channel, ${ownParty} AS party, count(*) AS count, min(created_at) AS oldest_at
    FROM ${message} ${dialect.indexedBy(index)} WHERE is_finished = 0 AND ${condition} GROUP BY channel, ${ownParty}`;
  const freeOwners = ownersOf("message_due", "is_blocked = 0");
  const blockedOwners = ownersOf("message_ordered", "is_ordered = 1 AND is_blocked = 1");
  const reassign = `UPDATE ${message} SET channel = $2 WHERE ${dialect.isOneOf(
    "id",
    `SELECT id FROM ${message} ${dialect.indexedBy("message_channel")}
      WHERE channel = $1 AND ${ownParty} = $3 AND is_finished = $4 LIMIT $5`,
  )} RETURNING direction`;

  return {
    *owners(): Operation<readonly WorkOwner[]> {
      const rows = [...(yield statement(freeOwners)), ...(yield statement(blockedOwners))];
      const owners = new Map<string, WorkOwner>();
      for (const row of rows) {
        const owner = { channel: readText(row, "channel"), party: readText(row, "party") };
        const key = JSON.stringify(owner);
        const { count = 0, oldestAt = Number.MAX_SAFE_INTEGER } = owners.get(key) ?? {};
        owners.set(key, {
          ...owner,
          count: count + readNumber(row, "count"),
          oldestAt: Math.min(oldestAt, readNumber(row, "oldest_at")),
        });
      }
      return [...owners.values()];
    },

    *reassign({ from, to, party, isFinished, limit }): Operation<BatchOutcome> {
      const moved = yield statement(reassign, from, to, party, isFinished ? 1 : 0, limit);
      for (const direction of ["outbound", "inbound"] as const) {
        if (moved.some((row) => readText(row, "direction") === direction)) {
          yield { kind: "event", event: { kind: "work", channel: to, direction } };
        }
      }
      return { count: moved.length, hasMore: moved.length >= limit };
    },

    *hold({ name, owner, milliseconds, now }): Operation<boolean> {
      return (yield statement(hold, name, owner, milliseconds, ...programClock(now))).length > 0;
    },

    *end({ name, owner }): Operation<void> {
      yield statement(end, name, owner);
    },

    *noteClock({ owner, skewMilliseconds, withinMilliseconds, now }): Operation<readonly InstanceClock[]> {
      yield statement(note, owner, Math.round(skewMilliseconds), ...programClock(now));
      yield statement(forget, withinMilliseconds, ...programClock(now));
      const rows = yield statement(findClocks);
      return rows.map((row) => ({ owner: readText(row, "owner"), skewMilliseconds: readNumber(row, "skew") }));
    },
  };
}
