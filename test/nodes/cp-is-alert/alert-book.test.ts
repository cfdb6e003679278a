// When a condition is raised and when it is cleared, in time that a test decides.
import assert from "node:assert/strict";
import fc from "fast-check";
import { AlertBook, type Alert, type Reading, type Rules } from "../../../nodes/cp-is-alert/alert-book.js";

const source = { kind: "transport", label: "A" } as const;
const rules: Rules = {
  "dead-letters": { raise: 10, clear: 8, isBelow: false },
  "certificate-ends": { raise: 30, clear: 31, isBelow: true },
};
const clearMilliseconds = 100;

function reading(value: number | undefined, more: Partial<Reading> = {}): Reading {
  return { condition: "dead-letters", source, value, ...more };
}

function states(alerts: readonly Alert[]): readonly string[] {
  return alerts.map(({ state }) => state);
}

describe("the book of alerts", () => {
  let book: AlertBook;

  beforeEach(() => {
    book = new AlertBook();
  });

  function look(now: number, ...readings: readonly Reading[]): readonly Alert[] {
    return book.look(readings, rules, clearMilliseconds, now);
  }

  it("raises a condition once, at its threshold", () => {
    assert.deepEqual(look(0, reading(9)), []);
    assert.deepEqual(look(1, reading(10, { code: "X" })), [
      { condition: "dead-letters", source, state: "raised", since: 1, value: 10, threshold: 10, code: "X" },
    ]);
    assert.deepEqual(look(2, reading(50)), []);
    assert.equal(book.raised, 1);
  });

  it("clears it once it has been well for long enough, past the clear threshold", () => {
    look(0, reading(10));
    assert.deepEqual(look(10, reading(8)), [], "not past it");
    assert.deepEqual(look(20, reading(7)), []);
    assert.deepEqual(look(119, reading(0)), []);
    assert.deepEqual(look(120, reading(0)), [
      { condition: "dead-letters", source, state: "cleared", since: 0, value: 0, threshold: 10 },
    ]);
    assert.equal(book.raised, 0);
  });

  it("counts the time anew when it was bad, or not well, in between", () => {
    look(0, reading(10));
    look(10, reading(0));
    look(50, reading(9));
    look(60, reading(0));
    assert.deepEqual(look(159, reading(0)), []);
    assert.deepEqual(states(look(160, reading(0))), ["cleared"]);
  });

  it("changes nothing while nobody knows, as in a redeploy", () => {
    look(0, reading(10));
    for (let now = 1; now < 10_000; now += 100) assert.deepEqual(look(now, reading(undefined)), []);
    assert.deepEqual(look(10_000), [], "nor while it is not there");
    assert.deepEqual(look(10_001, reading(12)), []);
  });

  it("takes less for worse where it is: days that are left", () => {
    const days = (value: number): Reading => reading(value, { condition: "certificate-ends" });
    assert.deepEqual(look(0, days(31)), []);
    assert.deepEqual(states(look(1, days(30))), ["raised"]);
    assert.deepEqual(look(2, days(31)), []);
    look(3, days(365));
    assert.deepEqual(states(look(200, days(365))), ["cleared"]);
  });

  it("keeps sources and conditions apart", () => {
    const other = { kind: "transport", label: "B" } as const;
    assert.deepEqual(states(look(0, reading(10), reading(10, { source: other }))), ["raised", "raised"]);
    look(1, reading(0), reading(10, { source: other }));
    const cleared = look(200, reading(0), reading(10, { source: other }));
    assert.deepEqual(
      cleared.map((alert) => alert.source.label),
      ["A"],
    );
  });

  it("clears what is not watched any more, and what is gone for an hour", () => {
    look(0, reading(10));
    assert.deepEqual(states(book.look([reading(10)], {}, clearMilliseconds, 1)), ["cleared"]);
    look(10, reading(10));
    assert.deepEqual(look(20), []);
    assert.deepEqual(look(3_600_019), []);
    assert.deepEqual(states(look(3_600_020)), ["cleared"]);
  });

  it("never raises what is raised, nor clears what is not, whatever the values do", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })), (values) => {
        const fresh = new AlertBook();
        const told = values.flatMap((value, index) =>
          states(fresh.look([reading(value)], rules, clearMilliseconds, index * 60)),
        );
        told.forEach((state, index) => assert.equal(state, index % 2 === 0 ? "raised" : "cleared"));
      }),
      { numRuns: 200 },
    );
  });
});
