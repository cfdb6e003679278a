// What keeps a store one and the same: its identity, its numbers, and how far it has come.
import { CpisError } from "../../errors.js";
import { firstAuditHash } from "../audit-model.js";
import type { NewGeneration, StoreIdentity, StoreProgress } from "../message-store.js";
import type { AuditOperations } from "./audit-operations.js";
import { type Operation, readNumber, readText, type SqlRow, statement, type StoreContext } from "./sql-operation.js";
import { readRowId } from "./sql-rows.js";

export interface ContinuityOperations {
  nextNumber(name: string): Operation<number>;
  takeNumber(name: string, number: number): Operation<boolean>;
  lastNumber(name: string): Operation<number>;
  identity(): Operation<StoreIdentity>;
  progress(): Operation<StoreProgress>;
  beginGeneration(generation: NewGeneration): Operation<number>;
}

/** The row of numbers after which names begin that are not known yet. */
const floorName = "";

function readIdentity(row: SqlRow | undefined): StoreIdentity {
  if (row === undefined) throw new CpisError("STORE_CORRUPT", { detail: "table identity" });
  return { id: readText(row, "store_id"), generation: readNumber(row, "generation") };
}

export function createContinuityOperations(
  { dialect }: Pick<StoreContext, "dialect">,
  audit: Pick<AuditOperations, "append" | "readHead">,
): ContinuityOperations {
  const message = dialect.table("message");
  const sequence = dialect.table("sequence");
  const identity = dialect.table("identity");
  const floor = `coalesce((SELECT value FROM ${sequence} WHERE name = '${floorName}'), 0)`;

  const giveNumber = `INSERT INTO ${sequence} AS known (name, value) VALUES ($1, ${floor} + 1)
    ON CONFLICT (name) DO UPDATE SET value = known.value + 1 RETURNING value`;
  const takeNumber = `INSERT INTO ${sequence} AS known (name, value)
      SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT)
      WHERE CAST($2 AS BIGINT) > ${floor} OR EXISTS (SELECT 1 FROM ${sequence} WHERE name = CAST($1 AS TEXT))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE known.value < excluded.value RETURNING value`;
  const lastNumber = `SELECT coalesce((SELECT value FROM ${sequence} WHERE name = $1), ${floor}) AS value`;
  const raiseNumber = `INSERT INTO ${sequence} AS known (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE known.value < excluded.value`;
  const raiseAll = `UPDATE ${sequence} SET value = $1 WHERE value < $1`;
  const findIdentity = `SELECT store_id, generation FROM ${identity} WHERE id = 1`;
  const findNumbers = `SELECT name, value FROM ${sequence}`;
  const newIdentity = `UPDATE ${identity} SET store_id = ${dialect.randomId}, 
    generation = 1 + CASE WHEN generation < $1 THEN $1 ELSE generation END WHERE id = 1`;
  /** What has been received already is only waited for; a request whose asker is gone is never sent again anyway. */
  const hold = `UPDATE ${message} SET state = 'held', error_code = 'STORE_RESTORED', updated_at = $1,
      lease_owner = NULL, lease_until = NULL
    WHERE is_finished = 0 AND direction = 'outbound' AND state IN ('queued', 'sending', 'awaiting-acknowledgement')
      AND attributes NOT LIKE '%"isAwaited":true%' RETURNING id`;
  const insertHistory = `INSERT INTO ${dialect.table("history")} (message_id, at, state, code)
    VALUES ($1, $2, 'held', 'STORE_RESTORED')`;

  return {
    *nextNumber(name): Operation<number> {
      const [row] = yield statement(giveNumber, name);
      if (row === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no number was given" });
      return readNumber(row, "value");
    },

    *takeNumber(name, number): Operation<boolean> {
      return (yield statement(takeNumber, name, number)).length > 0;
    },

    *lastNumber(name): Operation<number> {
      const [row] = yield statement(lastNumber, name);
      return row === undefined ? 0 : readNumber(row, "value");
    },

    *identity(): Operation<StoreIdentity> {
      const [row] = yield statement(findIdentity);
      return readIdentity(row);
    },

    *progress(): Operation<StoreProgress> {
      const [row] = yield statement(findIdentity);
      const numbers = yield statement(findNumbers);
      const [last] = yield statement(dialect.lastRowId);
      const { number, hash } = (yield* audit.readHead()) ?? { number: 0, hash: firstAuditHash };
      return {
        identity: readIdentity(row),
        numbers: Object.fromEntries(numbers.map((known) => [readText(known, "name"), readNumber(known, "value")])),
        lastRowId: last === undefined ? 0 : readNumber(last, "value"),
        auditHead: { number, hash },
      };
    },

    *beginGeneration({ numbers, numberFloor = 0, after = 0, at }): Operation<number> {
      yield { kind: "lock", key: "generation" };
      yield statement(newIdentity, after);
      for (const [name, value] of Object.entries(numbers)) yield statement(raiseNumber, name, value);
      yield statement(raiseNumber, floorName, numberFloor);
      yield statement(raiseAll, numberFloor);
      const held = yield statement(hold, at);
      for (const row of held) yield statement(insertHistory, readRowId(row), at);
      yield* audit.append({ at, event: "store-restarted", outcome: `${held.length} held` });
      return held.length;
    },
  };
}
