// The audit is verified, whatever was done to it behind the store's back, and exported.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  auditStaffAct,
  exportAudit,
  recordStaffAct,
  verifyAudit,
  type AuditFormat,
} from "../../../lib/services/audit.js";
import { CpisError } from "../../../lib/errors.js";
import { auditHash } from "../../../lib/store/audit-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection } from "../../support/store/sample-messages.js";
import { createFolder } from "../../support/store/sqlite-place.js";

describe("The audit", () => {
  let folder: string;
  let store: MessageStore;

  const open = (): Promise<MessageStore> =>
    createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0 });

  beforeEach(async () => {
    folder = await createFolder();
    store = await open();
    for (let at = 1; at <= 5; at += 1) {
      await store.appendAudit({ at, event: "query-asked", userId: `user ${at}`, subject: "9912003888" });
    }
  });

  afterEach(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  async function tamper(...statements: readonly string[]): Promise<void> {
    await store.close();
    const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
    database.exec("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_no_replace");
    for (const sql of statements) database.exec(sql);
    database.close();
    store = await open();
  }

  async function exported(format: AuditFormat): Promise<readonly string[]> {
    const lines: string[] = [];
    for await (const line of exportAudit(store, format)) lines.push(line);
    return lines;
  }

  it("is intact as it was written, and names its head", async () => {
    const verification = await verifyAudit(store);
    assert.ok(verification.kind === "intact");
    assert.equal(verification.entries, 5);
    assert.deepEqual(await verifyAudit(store, verification.head), verification);
  });

  it("that has no entry yet is intact", async () => {
    const folder = await createFolder();
    const empty = await createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0 });
    const verification = await verifyAudit(empty);
    assert.deepEqual([verification.kind, verification.kind === "intact" && verification.entries], ["intact", 0]);
    await empty.close();
    await fs.rm(folder, { recursive: true });
  });

  for (const [what, sql, expected] of [
    [
      "an entry that was changed",
      "UPDATE audit SET user_id = 'other' WHERE number = 3",
      { number: 3, fault: "content" },
    ],
    ["an entry that was taken out", "DELETE FROM audit WHERE number = 3", { number: 4, fault: "number" }],
    ["the first entry taken out", "DELETE FROM audit WHERE number = 1", { number: 2, fault: "number" }],
    [
      "an entry taken out and its number filled",
      "DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 1 WHERE number > 3",
      { number: 3, fault: "link" },
    ],
    ["a seal of another hand", "UPDATE audit SET seal = hash WHERE number = 5", { number: 5, fault: "seal" }],
  ] as const) {
    it(`shows the first broken link of ${what}`, async () => {
      await tamper(sql);
      assert.deepEqual(await verifyAudit(store), { kind: "broken", ...expected });
    });
  }

  it("shows a chain that was made anew from an entry on, by someone without the key", async () => {
    const [, , third] = await store.readAudit(0, 3);
    assert.ok(third !== undefined);
    const { hash, isSealed, ...content } = third;
    assert.ok(isSealed);
    const forged = auditHash({ ...content, userId: "other" });
    assert.notEqual(forged, hash);
    await tamper(
      "DELETE FROM audit WHERE number > 3",
      `UPDATE audit SET user_id = 'other', hash = '${forged}' WHERE number = 3`,
    );
    assert.deepEqual(await verifyAudit(store), { kind: "broken", number: 3, fault: "seal" });
  });

  for (const [what, sql, number] of [
    ["the last entry", "DELETE FROM audit WHERE number = 5", 5],
    ["the last three entries", "DELETE FROM audit WHERE number > 2", 3],
    ["all entries", "DELETE FROM audit", 1],
  ] as const) {
    it(`shows that ${what} were cut off, also once more was written`, async () => {
      await tamper(sql);
      assert.deepEqual(await verifyAudit(store), { kind: "broken", number, fault: "head" });
      assert.equal(await store.appendAudit({ at: 9, event: "query-asked" }), 6);
      assert.deepEqual(await verifyAudit(store), { kind: "broken", number: 6, fault: "number" });
    });
  }

  it("shows a sealed head that was taken away, or put back without the key", async () => {
    const [, fourth] = await store.readAudit(2, 2);
    await tamper("DELETE FROM audit_head");
    assert.deepEqual(await verifyAudit(store), { kind: "broken", number: 6, fault: "head" });
    await store.close();
    store = await open();
    assert.equal((await verifyAudit(store)).kind, "broken", "opening it does not seal it again");
    const forged = `INSERT INTO audit_head VALUES (1, 4, '${fourth?.hash ?? ""}', '${"0".repeat(64)}')`;
    await store.close();
    const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
    database.exec("DELETE FROM audit WHERE number = 5");
    database.exec(forged);
    database.close();
    store = await open();
    assert.deepEqual(await verifyAudit(store), { kind: "broken", number: 5, fault: "head" });
  });

  it("shows to who has noted the head that an older state was put back, head and all", async () => {
    const older = path.join(folder, "older.sqlite");
    const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
    database.exec(`VACUUM INTO '${older}'`);
    database.close();
    await store.appendAudit({ at: 6, event: "query-asked" });
    const noted = await verifyAudit(store);
    assert.ok(noted.kind === "intact");
    await store.close();
    for (const end of ["-wal", "-shm"]) await fs.rm(path.join(folder, `messages.sqlite${end}`), { force: true });
    await fs.rename(older, path.join(folder, "messages.sqlite"));
    store = await open();
    assert.equal((await verifyAudit(store)).kind, "intact");
    assert.deepEqual(await verifyAudit(store, noted.head), { kind: "broken", number: 6, fault: "head" });
    await store.appendAudit({ at: 7, event: "query-asked" });
    assert.deepEqual(await verifyAudit(store, noted.head), { kind: "broken", number: 6, fault: "head" });
  });

  it("records an act before it is done, and its outcome after, whatever that is", async () => {
    const act = { event: "message-resent", userId: "ann", messageId: "M-1", at: 6 } as const;
    const whileDone: number[] = [];
    const work = async (): Promise<string> => {
      whileDone.push((await store.readAudit(5, 10)).length);
      return "sent";
    };
    assert.equal(
      await auditStaffAct(
        store,
        act,
        () => 7,
        work,
        (result) => `was ${result}`,
      ),
      "sent",
    );
    const fails = (): Promise<never> => Promise.reject(new CpisError("CPIS_LOG_ANSWERED"));
    await assert.rejects(
      auditStaffAct(store, { ...act, at: 8 }, () => 9, fails),
      { code: "CPIS_LOG_ANSWERED" },
    );
    const entries = await store.readAudit(5, 10);
    assert.deepEqual(
      entries.map(({ event, at, concerns, outcome, code, userId }) => [event, at, concerns, outcome, code, userId]),
      [
        ["message-resent", 6, undefined, undefined, undefined, "ann"],
        ["act-ended", 7, 6, "was sent", undefined, "ann"],
        ["message-resent", 8, undefined, undefined, undefined, "ann"],
        ["act-ended", 9, 8, "failed", "CPIS_LOG_ANSWERED", "ann"],
      ],
    );
    assert.deepEqual(whileDone, [1]);
    await store.close();
    const refused = { code: "STORE_CLOSED" };
    await assert.rejects(
      auditStaffAct(
        store,
        act,
        () => 10,
        () => assert.fail("what is not recorded is not done"),
      ),
      refused,
    );
    store = await open();
  });

  it("holds what the staff did with messages in the same chain", async () => {
    await recordStaffAct(store, {
      at: 6,
      event: "content-viewed",
      userId: "ann",
      messageId: "M-1",
      conversationId: "C",
    });
    const [entry] = await store.readAudit(5, 1);
    assert.deepEqual([entry?.event, entry?.userId, entry?.messageId], ["content-viewed", "ann", "M-1"]);
    assert.equal((await verifyAudit(store)).kind, "intact");
  });

  it("is exported as JSON lines that verify without the store", async () => {
    const lines = await exported("json-lines");
    assert.equal(lines.length, 5);
    const last: unknown = JSON.parse(lines[4] ?? "");
    const [entry] = await store.readAudit(4, 1);
    assert.deepEqual(last, entry);
    assert.equal(lines.join("").includes("9912003888"), false);
  });

  it("is exported as CSV that no spreadsheet takes for formulas", async () => {
    await store.appendAudit({ at: 6, event: "query-asked", userId: '=HYPERLINK("x","y")', role: "a,b\nc" });
    await store.appendAudit({ at: 7, event: "query-asked", userId: " +1", role: "-1", organisation: "@A" });
    const lines = await exported("csv");
    assert.match(lines[0] ?? "", /^number,at,event,userId,.*,isSealed\r\n$/);
    assert.match(lines[1] ?? "", /^1,1970-01-01T00:00:00\.001Z,query-asked,user 1,/);
    assert.match(lines[6] ?? "", /,"'=HYPERLINK\(""x"",""y""\)",,"a,b\nc",/);
    assert.match(lines[7] ?? "", /,"' \+1",,"'-1","'@A",/);
  });
});
