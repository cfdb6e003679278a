// Holds the writing and the lenient reading of HL7 timestamps.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatTimestamp,
  hl7TimeAt,
  isCalendarDate,
  parseHl7Time,
  sortableMilliseconds,
} from "../../../lib/hl7v3/timestamp.js";

describe("HL7 timestamps", () => {
  it("are written in UTC with their zone", () => {
    assert.equal(formatTimestamp(Date.UTC(2026, 2, 2, 10, 15, 0)), "20260302101500+0000");
    assert.equal(formatTimestamp(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), "20240229235959+0000");
    assert.equal(formatTimestamp(-1), "19691231235959+0000");
  });

  it("are written as the platform's own calendar has it", () => {
    const milliseconds = fc.integer({ min: Date.UTC(1, 0, 1) - 60_000_000_000_000, max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(
        milliseconds.filter((moment) => new Date(moment).getUTCFullYear() > 0),
        (moment) => {
          const iso = new Date(moment).toISOString();
          assert.equal(formatTimestamp(moment), `${iso.slice(0, 19).replace(/[-T:]/g, "")}+0000`);
        },
      ),
    );
  });

  it("are read back as the moment they were written from", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 250_000_000_000 }), (seconds) => {
        const time = hl7TimeAt(seconds * 1000);
        assert.equal(sortableMilliseconds(time), seconds * 1000);
        assert.equal(time.iso, new Date(seconds * 1000).toISOString().replace(".000", ""));
      }),
    );
  });

  const readings: readonly (readonly [string, string | undefined, "explicit" | "none"])[] = [
    ["2026", "2026", "none"],
    ["202603", "2026-03", "none"],
    ["20260302", "2026-03-02", "none"],
    ["2026030210", "2026-03-02T10:00", "none"],
    ["202603021015", "2026-03-02T10:15", "none"],
    ["20260302101500", "2026-03-02T10:15:00", "none"],
    ["20260302101500.25", "2026-03-02T10:15:00.25", "none"],
    ["20260302101500+0000", "2026-03-02T10:15:00Z", "explicit"],
    ["202603021015+0100", "2026-03-02T10:15+01:00", "explicit"],
    ["20260302101500-05", "2026-03-02T10:15:00-05:00", "explicit"],
    ["20260302101500.25+0530", "2026-03-02T10:15:00.25+05:30", "explicit"],
    ["20260231", undefined, "none"],
    ["20261302", undefined, "none"],
    ["20260302240000", undefined, "none"],
    ["202603021", undefined, "none"],
    ["20260302101500+9900", undefined, "explicit"],
    ["yesterday", undefined, "none"],
  ];
  for (const [raw, iso, zone] of readings) {
    it(`read ${raw} as ${iso ?? "no time, and keep the text"}`, () => {
      assert.deepEqual(parseHl7Time(raw), iso === undefined ? { raw, zone } : { raw, iso, zone });
    });
  }

  it("sort a time without zone as if it were UTC", () => {
    const sortKey = (raw: string): number | undefined => sortableMilliseconds(parseHl7Time(raw));
    assert.equal(sortKey("20140808124202"), sortKey("20140808124202+0000"));
    assert.equal(sortKey("20140808134202+0100"), sortKey("20140808124202"));
    assert.equal(sortKey("soon"), undefined);
  });

  it("know the length of every month", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1900, max: 2100 }),
        fc.integer({ min: 0, max: 13 }),
        fc.nat(32),
        (year, month, day) => {
          const date = new Date(Date.UTC(year, month - 1, day));
          const isReal =
            date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCFullYear() === year;
          assert.equal(isCalendarDate(year, month, day), isReal);
        },
      ),
    );
  });
});
