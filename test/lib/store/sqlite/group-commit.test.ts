// Holds the commits of the embedded store: shared by those of one turn, and told only when they are on disk.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSqliteMessageStore } from "../../../../lib/store/sqlite/sqlite-message-store.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptOne, createTestProtection, outbound } from "../../../support/store/sample-messages.js";
import { createFolder } from "../../../support/store/sqlite-place.js";

describe("the commits of the embedded store", () => {
  let folder: string;
  let store: MessageStore;

  beforeEach(async () => {
    folder = await createFolder();
    store = await createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0 });
  });

  afterEach(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  const logBytes = async (): Promise<number> => (await fs.stat(path.join(folder, "messages.sqlite-wal"))).size;

  it("write far less when messages come together than when they come one by one", async () => {
    const start = await logBytes();
    await Promise.all(Array.from({ length: 30 }, () => acceptOne(store, outbound())));
    const together = (await logBytes()) - start;
    for (let count = 0; count < 30; count += 1) await acceptOne(store, outbound());
    const apart = (await logBytes()) - start - together;
    assert.ok(together * 5 < apart, `${together} bytes together, ${apart} one by one`);
  });

  it("are seen by another connection at the moment the caller is told", async () => {
    const other = new DatabaseSync(path.join(folder, "messages.sqlite"), { readOnly: true });
    const count = other.prepare("SELECT count(*) AS count FROM message WHERE id = ?");
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const id = await acceptOne(store, outbound());
        assert.equal(count.get(id)?.["count"], 1);
      }),
    );
    other.close();
  });

  it("let a message be found by a question asked right behind it", async () => {
    const message = outbound();
    const [, found] = await Promise.all([
      acceptOne(store, message),
      store.findByMessageId("outbound", message.messageId),
    ]);
    assert.equal(found?.messageId, message.messageId);
  });

  it("wait while another program holds the file for a moment, and hold up nothing else meanwhile", async () => {
    const other = new DatabaseSync(path.join(folder, "messages.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    // A wait on the event loop would let none of these run, and the file would never be let go.
    const counting = setInterval(() => {
      turns += 1;
      if (turns === 5) other.exec("COMMIT");
    }, 20);
    const ids = await Promise.all([outbound(), outbound()].map((message) => acceptOne(store, message)));
    clearInterval(counting);
    other.close();
    assert.ok(turns >= 5);
    assert.equal((await store.list({}, 10)).messages.length, ids.length);
  });

  it("are refused with a code while another program holds the file, and go on after", async () => {
    const other = new DatabaseSync(path.join(folder, "messages.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(acceptOne(store, outbound()), { code: "STORE_UNAVAILABLE", retryable: true });
    assert.equal((await store.list({}, 10)).messages.length, 0);
    other.exec("COMMIT");
    other.close();
    await acceptOne(store, outbound());
  });
});
