// Holds the embedded store's schema: made and updated by versions, and every question answered from an index.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  createSqliteMessageStore,
  ensureSafe,
  sqliteDialect,
} from "../../../../lib/store/sqlite/sqlite-message-store.js";
import { numberedParameters } from "../../../../lib/store/sqlite/group-commit.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { askedStatements } from "../../../support/store/explained.js";
import { acceptOne, createTestProtection, outbound } from "../../../support/store/sample-messages.js";
import { createFolder } from "../../../support/store/sqlite-place.js";

describe("the schema of the embedded store", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await createFolder();
  });

  afterEach(() => fs.rm(folder, { recursive: true }));

  const open = (): Promise<MessageStore> =>
    createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0 });

  function withDatabase<Result>(work: (database: DatabaseSync) => Result): Result {
    const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  it("is made once and found complete after", async () => {
    await (await open()).close();
    const read = (): unknown => withDatabase((database) => database.prepare("SELECT sql FROM sqlite_schema").all());
    const first = read();
    await (await open()).close();
    assert.deepEqual(read(), first);
    assert.equal(
      withDatabase((database) => database.prepare("PRAGMA user_version").get()?.["user_version"]),
      5,
    );
  });

  it("that cannot be brought up to date is left as it was, and refused with a code", async () => {
    await (await open()).close();
    withDatabase((database) => database.exec("PRAGMA user_version = 0"));
    // The tables are there already, so the first step fails.
    await assert.rejects(open(), { code: "STORE_INTERNAL" });
    assert.equal(
      withDatabase((database) => database.prepare("PRAGMA user_version").get()?.["user_version"]),
      0,
    );
  });

  it("of a newer version is refused and left alone", async () => {
    const store = await open();
    await acceptOne(store, outbound());
    await store.close();
    withDatabase((database) => database.exec("PRAGMA user_version = 99"));
    await assert.rejects(open(), { code: "STORE_SCHEMA_NEWER", detail: "version 99, known 5" });
    withDatabase((database) => {
      assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], 99);
      assert.equal(database.prepare("SELECT count(*) AS count FROM message").get()?.["count"], 1);
    });
  });

  it("lets no other hand change or remove an entry of the audit", async () => {
    const store = await open();
    await store.appendAudit({ at: 1, event: "query-asked" });
    await store.close();
    withDatabase((database) => {
      assert.throws(() => database.exec("UPDATE audit SET code = 'X'"), /append-only/);
      assert.throws(() => database.exec("DELETE FROM audit"), /append-only/);
      for (const insert of ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"]) {
        const copy = `${insert} INTO audit SELECT number, previous_hash, 2, event, 'other', role_profile_id, role,
          organisation, system_id, subject_hash, interaction, message_id, conversation_id, application_id, outcome, code,
          concerns, hash, seal FROM audit`;
        assert.throws(() => database.exec(copy), /append-only/, insert);
      }
      assert.throws(() => database.exec("UPDATE OR REPLACE audit SET number = 1"), /append-only/);
      assert.equal(database.prepare("SELECT user_id FROM audit").get()?.["user_id"], null);
    });
  });

  it("is worked with on no connection that does not wait for the disk", () => {
    const file = path.join(folder, "safe.sqlite");
    const safe = ["journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"];
    const unsafe = ["synchronous = OFF", "synchronous = NORMAL", "journal_mode = DELETE", "foreign_keys = OFF"];
    for (const change of [undefined, ...unsafe, "checkpoint_fullfsync = OFF"]) {
      const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
      for (const pragma of safe) database.exec(`PRAGMA ${pragma}`);
      const check = (): void => ensureSafe(database);
      if (change === undefined) check();
      else {
        database.exec(`PRAGMA ${change}`);
        assert.throws(check, { code: "STORE_INTERNAL" }, change);
      }
      database.close();
    }
  });

  it("has every connection of a store checked, also one that is made anew after an error", () => {
    const seen: string[] = [];
    const own = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, "exec");
    assert.ok(own !== undefined);
    // As somebody would who wants more speed.
    DatabaseSync.prototype.exec = function (sql) {
      if (/synchronous/.test(sql)) seen.push(sql);
      Reflect.apply(own.value as (sql: string) => void, this, [sql.replace("synchronous = FULL", "synchronous = OFF")]);
    };
    return assert.rejects(open(), { code: "STORE_INTERNAL", detail: "SQLite has synchronous 0" }).finally(() => {
      Object.defineProperty(DatabaseSync.prototype, "exec", own);
      assert.deepEqual(seen, ["PRAGMA synchronous = FULL"]);
    });
  });

  it("uses a write-ahead log, so that a reader does not stop the writer", async () => {
    const store = await open();
    assert.equal(
      withDatabase((database) => database.prepare("PRAGMA journal_mode").get()?.["journal_mode"]),
      "wal",
    );
    await store.close();
  });

  it("has an index for every statement of daily work", async () => {
    await (await open()).close();
    withDatabase((database) => {
      for (const { operation, sql, parameters } of askedStatements(sqliteDialect)) {
        const plan = database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(numberedParameters(parameters))
          .map((row) => String(row["detail"]));
        const scans = plan.filter((line) =>
          /^SCAN (?!.*USING)(message|content|history|inbound_reply|owner|held|first|known)/.test(line),
        );
        assert.deepEqual(scans, [], `${operation}: ${sql}`);
      }
    });
  });

  it("lets a claim look only into the index of unfinished work, in its order", async () => {
    await (await open()).close();
    const claim = askedStatements(sqliteDialect).find(({ operation }) => operation === "claim");
    assert.ok(claim !== undefined);
    const plan = withDatabase((database) =>
      database.prepare(`EXPLAIN QUERY PLAN ${claim.sql}`).all(numberedParameters(claim.parameters)),
    ).map((row) => String(row["detail"]));
    const searches = plan.filter((line) => line.includes(" message "));
    assert.deepEqual(searches, [
      "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)",
      ...Array<string>(2).fill(
        "SEARCH message USING INDEX message_due (channel=? AND direction=? AND state=? AND due_at<?)",
      ),
    ]);
  });
});
