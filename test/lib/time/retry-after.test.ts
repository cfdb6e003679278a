// The two forms of Retry-After, and what is none.
import assert from "node:assert/strict";
import { parseRetryAfter } from "../../../lib/time/retry-after.js";

const now = Date.parse("2026-11-22T10:20:00Z");

describe("Retry-After", () => {
  const rows: readonly (readonly [string | undefined, number | undefined])[] = [
    ["120", 120_000],
    [" 0 ", 0],
    ["Sun, 22 Nov 2026 10:21:00 GMT", 60_000],
    ["Sun, 22 Nov 2026 10:19:00 GMT", 0],
    [undefined, undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026-11-22", undefined],
    ["Sun, 99 Nov 2026 10:21:00 GMT", undefined],
  ];
  for (const [text, expected] of rows) {
    it(`of ${text === undefined ? "no header" : JSON.stringify(text)} is ${expected ?? "no time"}`, () => {
      assert.equal(parseRetryAfter(text, now), expected);
    });
  }
});
