// Refused requests are told, and do not fill the log.
import assert from "node:assert/strict";
import { createRefusalLog } from "../../../nodes/ebxml-transport/refusal-log.js";

describe("the log of refused requests", () => {
  it("writes the first of each reason, then one line a minute with the number between", () => {
    const lines: string[] = [];
    let now = 0;
    const log = createRefusalLog(
      (line) => lines.push(line),
      () => now,
    );
    const refuse = (reason: string): void => log({ httpStatus: 413, reason, remoteAddress: "127.0.0.1" });
    for (let count = 0; count < 10_000; count += 1) refuse("too-large");
    refuse("tls");
    now = 60_000;
    refuse("too-large");
    assert.deepEqual(lines, [
      "refused 413 too-large 127.0.0.1",
      "refused 413 tls 127.0.0.1",
      "refused 413 too-large 127.0.0.1 (and 9999 more since the last line)",
    ]);
  });
});
