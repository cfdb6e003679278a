// The lease's owner is part of every update under a lease: between the look and the update the lease may have passed on.
import assert from "node:assert/strict";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import type { Operation, SqlRow } from "../../../lib/store/sql/sql-operation.js";
import { createWorkOperations } from "../../../lib/store/sql/work-operations.js";
import { sqliteDialect } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection } from "../../support/store/sample-messages.js";

const work = createWorkOperations({ dialect: sqliteDialect, protection: createTestProtection(), mode: "full" });
const id = 1 as MessageRowId;
const owned: SqlRow = {
  state: "sending",
  channel: "transport",
  direction: "outbound",
  destination: "spine",
  is_ordered: 0,
  lease_owner: "one",
};

/** The updates of an operation that sees the row as it was while "one" still had the lease. */
function updatesOf(operation: Operation<unknown>): readonly (readonly [string, readonly unknown[]])[] {
  const updates: (readonly [string, readonly unknown[]])[] = [];
  let next = operation.next([]);
  while (next.done !== true && updates.length === 0) {
    const step = next.value;
    const isUpdate = step.kind === "statement" && step.sql.startsWith("UPDATE");
    if (isUpdate) updates.push([step.sql, step.parameters]);
    next = operation.next(step.kind === "statement" ? [owned] : []);
  }
  return updates;
}

describe("An update under a lease", () => {
  const operations = {
    "a transition": () => work.transition({ id, from: ["sending"], to: "awaiting-response", at: 1, owner: "one" }),
    "a renewal": () => work.renew({ id, owner: "one", until: 5 }),
    "a release": () => work.release({ id, owner: "one" }),
  };
  for (const [name, operation] of Object.entries(operations)) {
    it(`holds for its owner only: ${name}`, () => {
      const [update] = updatesOf(operation());
      if (update === undefined) assert.fail("nothing is updated");
      const [sql, parameters] = update;
      const place = /WHERE .*lease_owner = \$(\d+)/s.exec(sql)?.[1];
      assert.equal(parameters[Number(place) - 1], "one", sql);
    });
  }
});
