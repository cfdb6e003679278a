// A database that was put back under its instances says so, to each of them, also while they run.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { isCpisError } from "../../../lib/errors.js";
import { readCheckpoint, withCheckpoint, type StoreDecision } from "../../../lib/store/checkpoint.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { type PostgresServer, startPostgres } from "../../support/store/postgres-server.js";
import { acceptOne, createTestProtection, outbound } from "../../support/store/sample-messages.js";
import { createFolder } from "../../support/store/sqlite-place.js";

describe("the checkpoint of a shared database", () => {
  let server: PostgresServer;
  let schema: string;
  let folder: string;
  let stores: MessageStore[];

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.close());

  beforeEach(async () => {
    schema = server.newSchema();
    folder = await createFolder();
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await fs.rm(folder, { recursive: true });
  });

  /** Each instance has a file of its own. */
  async function open(instance: string, decision?: StoreDecision): Promise<MessageStore> {
    const store = withCheckpoint(await server.openStore(schema), {
      file: path.join(folder, `${instance}.checkpoint`),
      protection: createTestProtection(),
      ...(decision === undefined ? {} : { decision }),
      now: () => 5000,
      warn: () => undefined,
      delayMilliseconds: 5,
      refreshMilliseconds: 50,
    });
    stores.push(store);
    return store;
  }

  /** As a restore of the database leaves it: before the last number was given. */
  async function putBack(last: number): Promise<void> {
    await server.query(`UPDATE ${schema}.sequence SET value = ${last - 1}`);
  }

  /** What one instance did is noted by another that does nothing. */
  async function isNoted(instance: string, last: number): Promise<void> {
    const file = path.join(folder, `${instance}.checkpoint`);
    while ((await readCheckpoint(file, createTestProtection()))?.numbers["RX1"] !== last) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      assert.ok(isCpisError(error));
      return /decision code ([0-9a-f]{8})/.exec(error.message)?.[1] ?? error.code;
    }
    return "none";
  }

  it("tells its running instances, and those that start, and one decision is enough for all", async () => {
    const [one, two] = [await open("one"), await open("two")];
    await one.takeNumber("RX1", 3);
    const queued = await acceptOne(one, outbound());
    await one.takeNumber("RX1", 5);
    assert.equal(await two.nextNumber("RX1"), 6);
    await isNoted("one", 6);
    await putBack(6);
    // The number that it gives is one that was given before: it is not handed out.
    await assert.rejects(one.nextNumber("RX1"), { code: "STORE_RESTORED" });
    await assert.rejects(one.findById(queued), { code: "STORE_RESTORED" }, "and nothing else is done");
    assert.equal((await one.health()).kind, "unavailable");
    const starting = await open("two");
    const code = await codeOf(starting.readIdentity());
    assert.match(code, /^[0-9a-f]{8}$/);
    const decided = await open("two", { code });
    assert.equal(await decided.nextNumber("RX1"), 7);
    assert.equal((await decided.findById(queued))?.state, "held");
    const follower = await open("one");
    assert.equal(await follower.nextNumber("RX1"), 8);
    assert.equal((await follower.readIdentity()).generation, 2);
  });

  it("finds a cut audit out while it runs, and at the next start", async () => {
    const store = await open("one");
    for (let at = 1; at <= 3; at += 1) await store.appendAudit({ at, event: "query-asked" });
    await store.close();
    const running = await open("one");
    await running.readIdentity();
    await server.query(`ALTER TABLE ${schema}.audit DISABLE TRIGGER USER`);
    await server.query(`DELETE FROM ${schema}.audit WHERE number = 3`);
    await acceptOne(running, outbound());
    while ((await codeOf(running.readIdentity())) === "none") await new Promise((resolve) => setImmediate(resolve));
    assert.notEqual(await codeOf((await open("one")).readIdentity()), "none");
  });

  it("waits for a database that is down, and compares when it is there", async () => {
    await (await open("one")).takeNumber("RX1", 5);
    await server.halt();
    const store = await open("one");
    await assert.rejects(store.readIdentity(), { code: "STORE_UNAVAILABLE", retryable: true });
    await server.resume();
    await putBack(5);
    while ((await codeOf(store.readIdentity())) === "STORE_UNAVAILABLE")
      await new Promise((resolve) => setImmediate(resolve));
    assert.match(await codeOf(store.readIdentity()), /^[0-9a-f]{8}$/);
  });
});
