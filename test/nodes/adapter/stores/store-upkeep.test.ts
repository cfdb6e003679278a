// Retention on a real store: what is old and finished goes, in batches, and a failure is told once.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createKeyRing, encodeKeyRing, rotateKeyRing } from "../../../../lib/crypto/key-ring.js";
import { CpisError } from "../../../../lib/errors.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { openStore } from "../../../../nodes/adapter/stores/open-store.js";
import {
  defaultRetentionDays,
  defaultStoreSettings,
  retentionOf,
} from "../../../../nodes/adapter/stores/store-settings.js";
import { startStoreUpkeep } from "../../../../nodes/adapter/stores/store-upkeep.js";
import { acceptNew, acceptOne, inbound, outbound } from "../../../support/store/sample-messages.js";
import { createManualTimer } from "../../../support/nodes/adapter/manual-timer.js";

const day = 24 * 60 * 60 * 1000;
const retention = retentionOf(defaultRetentionDays);
const settings = (folder: string, keyRing: string) => ({
  ...defaultStoreSettings(folder),
  place: { kind: "embedded", folder: path.join(folder, "store"), keyRing } as const,
});

describe("the upkeep of a message store", () => {
  let folder: string;
  let store: MessageStore;
  let warnings: string[];
  let told: string[];
  const ring = createKeyRing(randomBytes);

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-upkeep-"));
    store = await openStore(settings(folder, encodeKeyRing(ring)));
    warnings = [];
    told = [];
  });
  afterEach(async () => {
    await store.close();
    fs.rmSync(folder, { recursive: true });
  });

  function start(target: MessageStore, now: number) {
    const timer = createManualTimer();
    const info = (text: string): number => told.push(text);
    const alone = { retention, isLeader: (): boolean => true, info, unclaimedMilliseconds: 7 * day };
    const warn = (text: string): number => warnings.push(text);
    return { timer, upkeep: startStoreUpkeep(target, { ...alone, now: () => now, warn, after: timer.after }) };
  }

  async function finish(state: "completed" | "failed"): Promise<number> {
    const id = await acceptOne(store, outbound({ acceptedAt: 0 }));
    await store.transition({ id, from: ["queued"], to: state, at: 0 });
    return id;
  }

  it("removes what is finished and outlived, by its state, and never what is not finished", async () => {
    await finish("completed");
    const failed = await finish("failed");
    const open = await acceptOne(store, outbound({ acceptedAt: 0 }));
    const { timer, upkeep } = start(store, 31 * day);
    await timer.goOff();
    await timer.goOff();
    await upkeep.stop();
    const { messages } = await store.list({}, 10);
    assert.deepEqual(
      messages.map(({ id }) => id),
      [open, failed],
    );
    assert.deepEqual(warnings, []);
  });

  it("works in batches with pauses between, then waits for an hour", async () => {
    for (let times = 0; times < 450; times += 1) await finish("completed");
    const { timer, upkeep } = start(store, 31 * day);
    for (let times = 0; times < 4; times += 1) await timer.goOff();
    await upkeep.stop();
    assert.equal((await store.list({}, 10)).messages.length, 0);
    assert.deepEqual(timer.delays, [60_000, 100, 100, 100, 3_600_000]);
  });

  it("seals old content with the newest key", async () => {
    const id = await acceptOne(store, outbound({ content: Buffer.from("kept") }));
    await store.close();
    const rotated = rotateKeyRing(ring, randomBytes);
    store = await openStore(settings(folder, encodeKeyRing(rotated)));
    const { timer, upkeep } = start(store, 0);
    await timer.goOff();
    await upkeep.stop();
    await store.close();
    store = await openStore(settings(folder, encodeKeyRing({ ...rotated, keys: [rotated.keys[0]] })));
    const content = await store.readContent(id);
    assert.equal(content.kind === "content" ? content.bytes.toString() : "", "kept");
  });

  it("goes on with retention when the key of old content is gone, and says so", async () => {
    await acceptOne(store, outbound());
    await finish("completed");
    await store.close();
    store = await openStore(settings(folder, encodeKeyRing(createKeyRing(randomBytes))), { isUnchecked: true });
    const { timer, upkeep } = start(store, 31 * day);
    await timer.goOff();
    await timer.goOff();
    await upkeep.stop();
    assert.equal((await store.list({}, 10)).messages.length, 1);
    assert.match(warnings.join(), /sealed with a key that is not in the key ring/);
  });

  it("sets aside what nobody took, with a warning", async () => {
    const id = await acceptNew(store, inbound({ acceptedAt: 0 }));
    const { timer, upkeep } = start(store, 7 * day + 1);
    for (let times = 0; times < 2; times += 1) await timer.goOff();
    await upkeep.stop();
    assert.equal((await store.findById(id))?.state, "rejected");
    assert.deepEqual(warnings, ["STORE_UNCLAIMED 1 inbound messages that nobody took are set aside"]);
  });

  it("tells the head of the audit once a day", async () => {
    await store.appendAudit({ at: 1, event: "query-asked" });
    let now = 0;
    const timer = createManualTimer();
    const warn = (text: string): void => assert.fail(text);
    const info = (text: string): number => told.push(text);
    const options = { retention, isLeader: (): boolean => true, now: () => now, warn, info, after: timer.after };
    const upkeep = startStoreUpkeep(store, options);
    for (let hours = 0; hours < 60; hours += 1) {
      await timer.goOff();
      now += day / 24;
    }
    await upkeep.stop();
    const [entry] = await store.readAudit(0, 1);
    assert.deepEqual(told, Array(3).fill(`audit head 1:${entry?.hash ?? ""}`));
  });

  it("warns once when it fails, tries again sooner, and warns anew after it has worked", async () => {
    let isDown = true;
    const failing: MessageStore = {
      ...store,
      prune: (rules, now, limit) =>
        isDown ? Promise.reject(new CpisError("STORE_UNAVAILABLE")) : store.prune(rules, now, limit),
    };
    const { timer, upkeep } = start(failing, 0);
    for (let times = 0; times < 3; times += 1) await timer.goOff();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^the upkeep of the message store failed: The message store cannot be reached/);
    assert.deepEqual(timer.delays, [60_000, 100, 300_000, 300_000]);
    isDown = false;
    await timer.goOff();
    isDown = true;
    await timer.goOff();
    assert.equal(warnings.length, 2);
    await upkeep.stop();
  });

  it("sets no timer after it was stopped", async () => {
    const { timer, upkeep } = start(store, 0);
    await upkeep.stop();
    assert.ok(!timer.isSet());
  });
});
