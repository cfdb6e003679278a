import assert from "node:assert/strict";
import { formatEbxmlTime, parseEbxmlTime } from "../../../lib/mhs/ebxml-time.js";

const times: readonly (readonly [string, string | undefined])[] = [
  ["2026-11-22T10:15:00Z", "2026-11-22T10:15:00.000Z"],
  ["2026-11-22T10:15:00", "2026-11-22T10:15:00.000Z"],
  ["2026-11-22T10:15:00.5Z", "2026-11-22T10:15:00.500Z"],
  ["2026-11-22T10:15:00.1234567Z", "2026-11-22T10:15:00.123Z"],
  ["2026-11-22T10:15:00+01:00", "2026-11-22T09:15:00.000Z"],
  [" 2026-11-22T10:15:00Z\n", "2026-11-22T10:15:00.000Z"],
  ["2026-13-22T10:15:00Z", undefined],
  ["2026-11-22", undefined],
  ["20261122101500", undefined],
  ["", undefined],
];

describe("the timestamps of ebXML headers", () => {
  it("are written in UTC and whole seconds", () => {
    assert.equal(formatEbxmlTime(Date.parse("2026-11-22T10:15:00.999Z")), "2026-11-22T10:15:00Z");
  });

  for (const [text, expected] of times) {
    it(`"${text.trim()}" is read as ${expected ?? "no time"}`, () => {
      const milliseconds = parseEbxmlTime(text);
      assert.equal(milliseconds === undefined ? undefined : new Date(milliseconds).toISOString(), expected);
    });
  }
});
