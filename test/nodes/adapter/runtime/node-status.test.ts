// The status of a node, by a clock of the test's own.
import assert from "node:assert/strict";
import { NodeStatus, clockTime, type StatusShape } from "../../../../nodes/adapter/runtime/node-status.js";

function setUp() {
  let now = new Date(2026, 2, 2, 14, 5).getTime();
  const timers: { at: number; callback: () => void }[] = [];
  const shown: StatusShape[] = [];
  const status = new NodeStatus(
    { status: (shape) => shown.push(shape) },
    {
      now: () => now,
      after: (milliseconds, callback) => {
        const timer = { at: now + milliseconds, callback };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
  );
  const pass = (milliseconds: number): void => {
    now += milliseconds;
    for (const timer of timers.filter(({ at }) => at <= now)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.callback();
    }
  };
  return { status, shown, timers, pass, texts: () => shown.map(({ text }) => text) };
}

describe("the status of a node", () => {
  it("shows the first thing at once, and within a second only the last of the rest", () => {
    const { status, texts, pass } = setUp();
    status.busy("one");
    for (const text of ["two", "three", "four"]) status.busy(text);
    assert.deepEqual(texts(), ["one"]);
    pass(999);
    assert.deepEqual(texts(), ["one"]);
    pass(1);
    assert.deepEqual(texts(), ["one", "four"]);
  });

  it("changes at most once a second, and the last state wins", () => {
    const { status, texts, pass } = setUp();
    for (let step = 0; step < 100; step += 1) {
      status.busy(`${step}`);
      pass(50);
    }
    pass(1000);
    assert.ok(texts().length <= 7, `${texts().length}`);
    assert.equal(texts().at(-1), "99");
  });

  it("says when it last succeeded", () => {
    const { status, texts } = setUp();
    status.succeeded("found");
    assert.deepEqual(texts(), ["found 14:05"]);
    assert.equal(clockTime(new Date(2026, 2, 2, 9, 7).getTime()), "09:07");
  });

  it("shows the same thing once", () => {
    const { status, texts, pass } = setUp();
    status.failed("x");
    pass(5000);
    status.failed("x");
    assert.deepEqual(texts(), ["x"]);
  });

  it("is cleared on close, and keeps silent and without timers after it", () => {
    const { status, shown, timers, pass } = setUp();
    status.busy("one");
    status.busy("two");
    status.close();
    status.failed("late");
    pass(5000);
    assert.deepEqual(shown.slice(1), [{}]);
    assert.equal(timers.length, 0);
  });

  it("uses a ring for what is not there and a dot for what works", () => {
    const { status, shown, pass } = setUp();
    for (const kind of ["ok", "busy", "waiting", "failed", "idle"] as const) {
      status[kind](kind);
      pass(1000);
    }
    assert.deepEqual(
      shown.map(({ fill, shape }) => `${fill ?? ""} ${shape ?? ""}`),
      ["green dot", "yellow dot", "yellow ring", "red ring", "grey ring"],
    );
  });
});
