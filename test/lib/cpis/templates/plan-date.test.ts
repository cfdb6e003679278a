// Holds the reading of plan dates.
import assert from "node:assert/strict";
import { formatPlanDate, parsePlanDate } from "../../../../lib/cpis/templates/plan-date.js";

describe("a plan date", () => {
  for (const [text, date] of [
    ["202511030900", "2025-11-03T09:00"],
    ["20251103", "2025-11-03T00:00"],
    ["20251103090059", "2025-11-03T09:00"],
    ["202511032359+0100", "2025-11-03T23:59"],
    ["202402290000", "2024-02-29T00:00"],
    ["202502290000", undefined],
    ["202502310000", undefined],
    ["202511032400", undefined],
    ["202511030960", undefined],
    ["2025110309", undefined],
    ["202511", undefined],
    ["180011030900", undefined],
    ["soon", undefined],
  ] as const) {
    it(`${text} is ${date ?? "not readable"}`, () => {
      assert.equal(parsePlanDate(text), date);
    });
  }

  it("is written in twelve digits", () => {
    assert.equal(formatPlanDate("2025-11-03T09:00"), "202511030900");
  });
});
