// Editors are told of changes soon, and seldom.
import assert from "node:assert/strict";
import { coalesceChanges, type ChangeNotice } from "../../../nodes/message-log/message-log.js";
import { createManualTimer } from "../../support/nodes/adapter/manual-timer.js";

describe("word of changed messages", () => {
  it("comes at once, and then once a second for all that changed meanwhile", async () => {
    const timer = createManualTimer();
    const told: ChangeNotice[] = [];
    const changed = coalesceChanges((notice) => told.push(notice), timer.after);
    changed("one");
    assert.deepEqual(told, [{ stores: ["one"] }]);
    for (let times = 0; times < 1000; times += 1) changed(times % 2 === 0 ? "one" : "two");
    assert.equal(told.length, 1);
    await timer.goOff();
    assert.deepEqual(told.slice(1), [{ stores: ["one", "two"] }]);
    assert.deepEqual(timer.delays, [1000, 1000]);
  });

  it("ends when nothing changes any more", async () => {
    const timer = createManualTimer();
    const told: ChangeNotice[] = [];
    const changed = coalesceChanges((notice) => told.push(notice), timer.after);
    changed("one");
    await timer.goOff();
    assert.ok(!timer.isSet());
    changed("one");
    assert.equal(told.length, 2);
  });
});
