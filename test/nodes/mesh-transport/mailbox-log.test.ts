// What a mailbox writes to the log about messages whose ids others have chosen.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { MeshEvents } from "../../../lib/mesh/model.js";
import { followMailbox } from "../../../nodes/mesh-transport/mailbox-log.js";

describe("the log of a mailbox", () => {
  it("repeats ids and codes, but no text that forges a line or fills the disk", () => {
    const lines: string[] = [];
    const write = (text: string): number => lines.push(text);
    const events = new EventEmitter<MeshEvents>();
    const stop = followMailbox({ events }, { warn: write, info: write, debug: write });
    events.emit("sending", { localId: "999-000042-1", chunk: 1, chunks: 2, bytes: 7 });
    events.emit("accepted", { localId: "999-000042-1", messageId: "20261122101501123456_A1B2C3" });
    events.emit("polled", { at: 1, received: 2, remaining: 3, foreign: 0 });
    events.emit("undelivered", { localId: "999-000042-1", state: "held", code: "MESH_OUTCOME_UNKNOWN" });
    for (const messageId of ["1\n22 Nov - [info] forged", "x".repeat(100_000)]) {
      events.emit("received", { messageId, action: "FileResponse", bytes: 9, disposition: "new" });
      events.emit("setAside", { messageId, code: "MESH_NOT_DELIVERED" });
      events.emit("warning", { code: "UNMATCHED_REPORT", message: "it is none of ours", messageId });
    }
    stop();
    events.emit("reachable");
    assert.deepEqual(lines, [
      "sending 999-000042-1 1/2 7",
      "accepted 999-000042-1 20261122101501123456_A1B2C3",
      "collected 2 3",
      "not sent any more: 999-000042-1 held MESH_OUTCOME_UNKNOWN",
      ...Array<readonly string[]>(2)
        .fill([
          "received (an id of another form) FileResponse new 9",
          "set aside: (an id of another form) MESH_NOT_DELIVERED",
          "UNMATCHED_REPORT it is none of ours (an id of another form)",
        ])
        .flat(),
    ]);
  });
});
