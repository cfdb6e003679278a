// Holds which forms of dates are read, which are refused, and why.
import assert from "node:assert/strict";
import vm from "node:vm";
import fc from "fast-check";
import { readWrittenDate } from "../../../../../lib/cpis/upload/rows/written-date.js";

function read(value: unknown, settings: Parameters<typeof readWrittenDate>[1] = {}): string {
  const result = readWrittenDate(value, settings);
  return result.kind === "date" ? result.date : result.kind;
}

describe("a written date", () => {
  for (const [written, date] of [
    ["3/11/2025", "2025-11-03T00:00"],
    ["03/11/2025 09:00", "2025-11-03T09:00"],
    ["03-11-2025", "2025-11-03T00:00"],
    ["03.11.2025", "2025-11-03T00:00"],
    ["3 Nov 2025", "2025-11-03T00:00"],
    ["3rd November 2025, 9:05pm", "2025-11-03T21:05"],
    ["03-NOV-2025 23:59:59", "2025-11-03T23:59"],
    ["1 Sept 2025 at 9 am", "2025-09-01T09:00"],
    ["2025-11-03", "2025-11-03T00:00"],
    ["2025/11/3", "2025-11-03T00:00"],
    ["2025-11-03T09:00", "2025-11-03T09:00"],
    ["2025-11-03T09:00:00", "2025-11-03T09:00"],
    ["2025-11-03 09:00:59.999", "2025-11-03T09:00"],
    ["20251103", "2025-11-03T00:00"],
    ["202511030900", "2025-11-03T09:00"],
    ["20251103090059", "2025-11-03T09:00"],
    [20_251_103, "2025-11-03T00:00"],
    [202_511_030_900, "2025-11-03T09:00"],
    ["  03/11/2025 \u00a0 9:05 am ", "2025-11-03T09:05"],
    ["03/11/2025 12:05 am", "2025-11-03T00:05"],
    ["03/11/2025 12:05 p.m.", "2025-11-03T12:05"],
    ["29/02/2024", "2024-02-29T00:00"],
    ["3/11/25", "two-digit-year"],
    ["25-11-03", "two-digit-year"],
    ["3 Nov 25 09:00", "two-digit-year"],
    ["29/02/2025", "not-real"],
    ["11/13/2025", "not-real"],
    ["03/11/2025 24:00", "not-real"],
    ["03/11/2025 13:05 pm", "not-real"],
    ["03/11/2205", "not-real"],
    ["20251131", "not-real"],
    ["2025-11-03T09:00Z", "time-zone"],
    ["2025-11-03T09:00:00.000Z", "time-zone"],
    ["2025-07-03T09:00+01:00", "time-zone"],
    ["03/11/2025 09:00 GMT", "time-zone"],
    ["202511030900+0000", "time-zone"],
    ["03112025", "not-understood"],
    ["45964", "not-understood"],
    [45_964, "not-understood"],
    [45_964.375, "not-understood"],
    ["3 Brumaire 2025", "not-understood"],
    ["3/11-2025", "not-understood"],
    ["03/11/2025 9", "not-understood"],
    ["03/11/2025 09:00 09:00", "not-understood"],
    ["2025-11", "not-understood"],
    ["soon", "not-understood"],
    ["", "not-understood"],
    [true, "not-understood"],
    [{}, "not-understood"],
    [`3/11/2025${" ".repeat(100)}x`, "not-understood"],
    ["9".repeat(1000), "not-understood"],
  ] as const) {
    it(`${JSON.stringify(written).slice(0, 40)} is ${date}`, () => {
      assert.equal(read(written), date);
    });
  }

  it("keeps its digits and loses its zone when the settings say so, and is never shifted", () => {
    for (const written of [
      "2025-06-30T23:00:00.000Z",
      "2025-06-30T23:00+01:00",
      "202506302300-0500",
      "30/06/2025 23:00 BST",
    ]) {
      assert.equal(read(written, { timeZones: "keep-digits" }), "2025-06-30T23:00");
    }
  });

  it("with the month first is read so only when the settings say so", () => {
    assert.equal(read("3/11/2025", { dateForm: "month-first" }), "2025-03-11T00:00");
    assert.equal(read("13/11/2025", { dateForm: "month-first" }), "not-real");
  });

  it("that begins with the day in figures is refused when the settings ask for ISO", () => {
    assert.equal(read("3/11/2025", { dateForm: "iso" }), "not-understood");
    assert.equal(read("2025-11-03 09:00", { dateForm: "iso" }), "2025-11-03T09:00");
    assert.equal(read("3 Nov 2025", { dateForm: "iso" }), "2025-11-03T00:00");
  });

  it("that is a Date shows the process's own wall clock, or UTC when the settings say so", () => {
    assert.equal(read(new Date(2025, 6, 1, 9, 5)), "2025-07-01T09:05");
    assert.equal(read(new Date(Date.UTC(2025, 6, 1, 9, 5)), { dateObjects: "utc" }), "2025-07-01T09:05");
    assert.equal(read(vm.runInNewContext("new Date(2025, 6, 1, 9, 5)")), "2025-07-01T09:05");
    assert.equal(read(new Date(Number.NaN)), "not-real");
    assert.equal(read(new Date(-1e15)), "not-real");
    assert.equal(read(new Date("+190000-01-01")), "not-real");
    assert.equal(read(new Date("+020250-01-01"), { dateObjects: "utc" }), "not-real");
  });

  it("reads back whatever day it was, in each form", () => {
    const anyDay = fc.date({ min: new Date("1900-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(anyDay, (date) => {
        const iso = date.toISOString().slice(0, 16);
        const [year, month, day, time] = [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10), iso.slice(11)];
        for (const written of [
          iso,
          `${day}/${month}/${year} ${time}`,
          `${Number(day)}-${Number(month)}-${year} ${time}:30`,
        ]) {
          assert.equal(read(written), iso);
        }
        assert.equal(read(iso.replace(/[-T:]/g, "")), iso);
      }),
      { numRuns: 100 },
    );
  });

  it("may be any text or value without an exception", () => {
    fc.assert(
      fc.property(
        fc.anything({ withDate: true, withNullPrototype: true }),
        fc.string({ unit: "binary" }),
        (value, text) => {
          for (const one of [value, text]) assert.match(read(one), /^[0-9T:-]{16}$|^[a-z-]+$/);
        },
      ),
      { numRuns: 100 },
    );
  });
});
