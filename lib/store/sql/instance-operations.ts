// What several instances of one deployment agree on: who does what only one should do, and how far their clocks are off.
import type { InstanceClock, NamedLease } from "../message-store.js";
import { type Operation, readNumber, readText, type SqlValue, statement, type StoreContext } from "./sql-operation.js";

export interface InstanceOperations {
  hold(lease: NamedLease & { readonly milliseconds: number; readonly now: number }): Operation<boolean>;
  end(lease: NamedLease): Operation<void>;
  noteClock(
    clock: InstanceClock & { readonly withinMilliseconds: number; readonly now: number },
  ): Operation<readonly InstanceClock[]>;
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

  return {
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
