// How a store's condition is noticed, by its use and by probes.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { CpisError, type ErrorCode } from "../../../../lib/errors.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { openStore } from "../../../../nodes/adapter/stores/open-store.js";
import { defaultStoreSettings } from "../../../../nodes/adapter/stores/store-settings.js";
import { monitorStore } from "../../../../nodes/adapter/stores/store-monitor.js";
import { outbound } from "../../../support/store/sample-messages.js";
import { createManualTimer } from "../../../support/nodes/adapter/manual-timer.js";

describe("the monitor of a message store", () => {
  let folder: string;
  let store: MessageStore;
  /** With which every write fails, and whether probes do. */
  let failure: ErrorCode | undefined;
  let failsProbes: boolean;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-monitor-"));
    store = await openStore(defaultStoreSettings(folder));
    failure = undefined;
    failsProbes = false;
  });
  afterEach(async () => {
    await store.close();
    fs.rmSync(folder, { recursive: true });
  });

  function setUp() {
    const told: string[] = [];
    const timer = createManualTimer();
    const breakable: MessageStore = {
      ...store,
      acceptOutbound: (messages) =>
        failure === undefined ? store.acceptOutbound(messages) : Promise.reject(new CpisError(failure)),
      health: () =>
        failsProbes && failure !== undefined
          ? Promise.resolve({ kind: "unavailable", code: failure, message: "" })
          : store.health(),
    };
    const monitor = monitorStore(breakable, {
      conditionChanged: (condition) => told.push(condition.kind === "ready" ? "ready" : condition.error.code),
      after: timer.after,
    });
    const accept = (): Promise<unknown> => monitor.store.acceptOutbound([outbound()]).catch(() => undefined);
    return { told, timer, monitor, accept };
  }

  it("tells nothing while the store works", async () => {
    const { told, timer, monitor, accept } = setUp();
    await accept();
    await timer.goOff();
    assert.deepEqual(told, []);
    monitor.close();
  });

  it("tells once that writes fail, and once that they are taken again", async () => {
    const { told, monitor, accept } = setUp();
    failure = "STORE_UNAVAILABLE";
    await accept();
    await accept();
    failure = undefined;
    await accept();
    assert.deepEqual(told, ["STORE_UNAVAILABLE", "ready"]);
    monitor.close();
  });

  it("finds by probes, less and less often, that a failed store works again", async () => {
    const { told, timer, monitor, accept } = setUp();
    failure = "STORE_UNAVAILABLE";
    failsProbes = true;
    await accept();
    for (let times = 0; times < 5; times += 1) await timer.goOff();
    failure = undefined;
    await timer.goOff();
    assert.deepEqual(told, ["STORE_UNAVAILABLE", "ready"]);
    assert.deepEqual(timer.delays, [15_000, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    monitor.close();
  });

  it("finds by probes that a store fails which nobody uses", async () => {
    const { told, timer, monitor } = setUp();
    failure = "STORE_ACCESS_DENIED";
    failsProbes = true;
    await timer.goOff();
    assert.deepEqual(told, ["STORE_ACCESS_DENIED"]);
    monitor.close();
  });

  it("calls a full store full until a message was taken, since a probe needs no room", async () => {
    const { told, timer, monitor, accept } = setUp();
    failure = "STORE_FULL";
    await accept();
    await timer.goOff();
    assert.deepEqual(told, ["STORE_FULL"]);
    failure = undefined;
    await accept();
    assert.deepEqual(told, ["STORE_FULL", "ready"]);
    monitor.close();
  });

  it("does not take a message's own fault for the store's", async () => {
    const { told, monitor, accept } = setUp();
    failure = "STORE_MESSAGE_ID_TAKEN";
    await accept();
    assert.deepEqual(told, []);
    monitor.close();
  });

  it("is silent and sets no timer once it is closed", async () => {
    const { told, timer, monitor, accept } = setUp();
    monitor.close();
    failure = "STORE_UNAVAILABLE";
    await accept();
    assert.deepEqual(told, []);
    assert.ok(!timer.isSet());
  });
});
