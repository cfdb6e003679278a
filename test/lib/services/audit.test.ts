// The audit is verified, whatever was done to it behind the store's back, and exported.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { exportAudit, recordStaffAct, verifyAudit, type AuditFormat } from "../../../lib/services/audit.js";
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
    database.exec("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete");
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

  it("that is empty is intact", async () => {
    await tamper("DELETE FROM audit");
    const verification = await verifyAudit(store);
    assert.deepEqual([verification.kind, verification.kind === "intact" && verification.entries], ["intact", 0]);
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

  it("shows entries missing at the end to who has noted the head, and to nobody else", async () => {
    const noted = await verifyAudit(store);
    assert.ok(noted.kind === "intact");
    await tamper("DELETE FROM audit WHERE number = 5");
    assert.equal((await verifyAudit(store)).kind, "intact");
    assert.deepEqual(await verifyAudit(store, noted.head), { kind: "broken", number: 5, fault: "head" });
    await store.appendAudit({ at: 9, event: "query-asked" });
    assert.deepEqual(await verifyAudit(store, noted.head), { kind: "broken", number: 5, fault: "head" });
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
