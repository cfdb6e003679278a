// When a mailbox is started again that could not be, by timers of the test's own.
import assert from "node:assert/strict";
import { CpisError, type ErrorCode } from "../../../lib/errors.js";
import { startMailbox } from "../../../nodes/mesh-transport/start-mailbox.js";
import { createManualTimer } from "../../support/nodes/adapter/manual-timer.js";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(outcomes: readonly (ErrorCode | "started")[]) {
  const told: string[] = [];
  const timer = createManualTimer();
  let tries = 0;
  const stop = startMailbox({
    mailbox: {
      start: () => {
        const outcome = outcomes[Math.min(tries, outcomes.length - 1)] ?? "started";
        tries += 1;
        return outcome === "started" ? Promise.resolve() : Promise.reject(new CpisError(outcome));
      },
    },
    retryMilliseconds: 30_000,
    started: () => told.push("started"),
    failed: ({ code }) => told.push(code),
    after: timer.after,
  });
  return { told, timer, stop };
}

describe("the start of a mailbox", () => {
  it("is tried again after 30 s, then less often, at least every five minutes, until it succeeds", async () => {
    const down = "MESH_CONNECT_FAILED";
    const { told, timer } = setUp([down, down, down, down, down, down, "started"]);
    await settle();
    for (let times = 0; times < 6; times += 1) await timer.goOff();
    assert.deepEqual(timer.delays, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    assert.equal(told.at(-1), "started");
    assert.ok(!timer.isSet());
  });

  it("is tried seldom with credentials that are refused: after five minutes, up to once an hour", async () => {
    const { timer } = setUp(["MESH_UNAUTHORISED"]);
    await settle();
    for (let times = 0; times < 5; times += 1) await timer.goOff();
    assert.deepEqual(
      timer.delays.map((milliseconds) => milliseconds / 60_000),
      [5, 10, 20, 40, 60, 60],
    );
  });

  it("is not tried again for settings that must be changed", async () => {
    const { told, timer } = setUp(["CONFIG_INVALID"]);
    await settle();
    assert.deepEqual(told, ["CONFIG_INVALID"]);
    assert.ok(!timer.isSet());
  });

  it("leaves no retry behind, and tells nothing more, when it is stopped", async () => {
    const waiting = setUp(["MESH_CONNECT_FAILED"]);
    await settle();
    waiting.stop();
    assert.ok(!waiting.timer.isSet());
    const underWay = setUp(["MESH_CONNECT_FAILED"]);
    underWay.stop();
    await settle();
    assert.deepEqual(underWay.told, []);
    assert.ok(!underWay.timer.isSet());
  });
});
