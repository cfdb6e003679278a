// Holds the embedded store through crashes, full disks and files that cannot be written.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSqliteMessageStore, reservedBytes } from "../../../../lib/store/sqlite/sqlite-message-store.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { acceptOne, createTestProtection, outbound } from "../../../support/store/sample-messages.js";
import { createFolder } from "../../../support/store/sqlite-place.js";
import { startStoreProcess } from "../../../support/store/start-store-process.js";

/** Rows that would show that a transaction was kept in part. */
const halves = [
  `SELECT id FROM message WHERE id NOT IN (SELECT message_id FROM content)`,
  `SELECT id FROM message WHERE id NOT IN (SELECT message_id FROM history)`,
  `SELECT accepted_id FROM inbound_reply WHERE accepted_id NOT IN (SELECT id FROM message)`,
  `SELECT id FROM message WHERE direction = 'inbound'
    AND (from_party, message_id) NOT IN (SELECT from_party, message_id FROM inbound_reply)`,
  `SELECT id FROM message WHERE answered_by IS NOT NULL AND answered_by NOT IN (SELECT id FROM message)`,
  `SELECT id FROM message WHERE (answered_by IS NULL) <> (state = 'queued') AND direction = 'outbound'`,
  `SELECT channel FROM state_count WHERE count <>
    (SELECT count(*) FROM message WHERE message.channel = state_count.channel AND message.state = state_count.state)`,
];

function assertWhole(folder: string): void {
  const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
  try {
    for (const sql of halves) assert.deepEqual(database.prepare(sql).all(), [], sql);
    assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  } finally {
    database.close();
  }
}

async function assertReported(store: MessageStore, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [what, messageId = "", size] = line.split(" ");
    if (what !== "accepted" && what !== "answered") continue;
    const row = await store.findByMessageId("outbound", messageId);
    assert.ok(row !== undefined, line);
    const reading = await store.readContent(row.id);
    assert.ok(reading.kind === "content" && reading.bytes.byteLength === Number(size), line);
    if (what === "answered") {
      assert.equal(row.state, "completed");
      assert.ok((await store.findByMessageId("inbound", `${messageId}-ANSWER`)) !== undefined);
    }
  }
}

describe("the embedded store after a crash", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await createFolder();
  });

  afterEach(() => fs.rm(folder, { recursive: true }));

  const open = (maximumBytes?: number): Promise<MessageStore> =>
    createSqliteMessageStore({
      folder,
      protection: createTestProtection(),
      now: () => 0,
      ...(maximumBytes === undefined ? {} : { maximumBytes }),
    });

  it("has all that its killed process was told is done, and nothing by halves", async () => {
    const reported: string[] = [];
    for (const [round, count] of [40, 333, 1200].entries()) {
      const running = startStoreProcess("accept", folder, `ROUND${round}`);
      await running.when((lines) => lines.length >= count);
      await running.kill();
      assert.ok(running.lines.length >= count, "the process ended before it was killed");
      reported.push(...running.lines);
      assertWhole(folder);
      const store = await open();
      await assertReported(store, reported);
      await store.close();
    }
  });

  it("refuses new work with a code when its limit is reached, and takes it again once there is room", async () => {
    const store = await open(600_000);
    const accepted: number[] = [];
    const fill = async (): Promise<void> => {
      for (let number = 0; number < 100; number += 1) {
        accepted.push(await acceptOne(store, outbound({ state: "completed", content: Buffer.alloc(20_000) })));
      }
    };
    await assert.rejects(fill(), { code: "STORE_FULL", retryable: true });
    assert.ok(accepted.length > 5);
    const rows = await store.list({}, 200);
    assert.deepEqual(rows.messages.map(({ id }) => id).reverse(), accepted);
    await store.prune([{ state: "completed", keepMilliseconds: 0 }], 5000, 10);
    const id = await acceptOne(store, outbound({ content: Buffer.alloc(20_000) }));
    assert.equal((await store.findById(id))?.contentBytes, 20_000);
    await store.close();
  });

  it("leaves a tenth of the disk free, or 1 GB of a large one, and takes work again when there is room", async () => {
    const megabyte = 1_000_000;
    assert.equal(reservedBytes({ total: 2000 * megabyte }), 200 * megabyte);
    assert.equal(reservedBytes({ total: 500_000 * megabyte }), 1000 * megabyte);
    let free = 201 * megabyte;
    const options = { folder, protection: createTestProtection(), now: () => 0 };
    const openOn = (): Promise<MessageStore> =>
      createSqliteMessageStore({ ...options, diskSpace: () => ({ total: 2000 * megabyte, free }) });
    const large = (): Promise<unknown> => openedStore.acceptOutbound([outbound({ content: Buffer.alloc(megabyte) })]);
    let openedStore = await openOn();
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) await large();
    };
    await assert.rejects(fill(), { code: "STORE_FULL", retryable: true });
    assert.ok((await fs.stat(path.join(folder, "messages.sqlite"))).size < 8 * megabyte);
    await openedStore.close();
    free = 150 * megabyte;
    openedStore = await openOn();
    await assert.rejects(large(), { code: "STORE_FULL" });
    assert.equal((await openedStore.list({}, 1)).messages.length, 1, "what is there can be read");
    await openedStore.close();
    free = 900 * megabyte;
    openedStore = await openOn();
    await fill();
    await openedStore.close();
  });

  it("does not let one message that is too large harm its neighbours of the same commit", async () => {
    const store = await open(600_000);
    const sizes = [100, 100, 900_000, 100];
    const outcomes = await Promise.allSettled(
      sizes.map((size) => acceptOne(store, outbound({ content: Buffer.alloc(size) }))),
    );
    const accepted = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const stored = (await store.list({}, 10)).messages.map(({ id }) => id).reverse();
    assert.deepEqual(stored, accepted);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "fulfilled"],
    );
    await acceptOne(store, outbound());
    await store.close();
    assertWhole(folder);
  });

  it("recovers by itself when files could not be written for a while", async function () {
    if (process.platform !== "linux") this.skip();
    const running = startStoreProcess("limit", folder, "", ["prlimit", "--fsize=900000:unlimited"]);
    await running.ended;
    const refused = running.lines.filter((line) => line.startsWith("refused"));
    assert.match(refused.join(), /^refused FULL-\d+ STORE_(UNAVAILABLE|FULL)$/);
    assert.ok(running.lines.includes("accepted AFTER 20000"), running.lines.slice(-3).join());
    const store = await open();
    await assertReported(store, running.lines);
    const { messages } = await store.list({}, 1000);
    assert.equal(messages.length, running.lines.filter((line) => line.startsWith("accepted")).length);
    await store.close();
  });

  it("says that a file is damaged, and leaves it as it is", async () => {
    await (await open()).close();
    const file = path.join(folder, "messages.sqlite");
    await fs.writeFile(file, "not a database".repeat(1000));
    await assert.rejects(open(), { code: "STORE_CORRUPT" });
    assert.equal((await fs.readFile(file, "utf8")).startsWith("not a database"), true);
  });
});
