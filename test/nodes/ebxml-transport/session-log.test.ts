// What a transport writes to the log about messages whose ids the peer has chosen.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { MhsEvents } from "../../../lib/mhs/model.js";
import { followService } from "../../../nodes/ebxml-transport/session-log.js";

describe("the log of a transport", () => {
  it("repeats an id, but no text that forges a line or fills the disk", () => {
    const lines: string[] = [];
    const write = (text: string): number => lines.push(text);
    const events = new EventEmitter<MhsEvents>();
    const stop = followService({ events }, { warn: write, info: write, debug: write });
    for (const messageId of [
      "F2A90B6C-1D58-4E37-A4C1-73B05E9D0004",
      "1\n22 Nov - [info] forged",
      "x".repeat(100_000),
    ]) {
      events.emit("setAside", { messageId, code: "EBXML_NOT_DELIVERED" });
    }
    stop();
    assert.deepEqual(lines, [
      "set aside: F2A90B6C-1D58-4E37-A4C1-73B05E9D0004 EBXML_NOT_DELIVERED",
      "set aside: (an id of another form) EBXML_NOT_DELIVERED",
      "set aside: (an id of another form) EBXML_NOT_DELIVERED",
    ]);
  });
});
