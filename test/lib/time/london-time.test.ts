// The clock on the wall in England, in winter and in summer.
import assert from "node:assert/strict";
import { londonOffset, wallClock } from "../../../lib/time/london-time.js";

describe("wallClock", () => {
  it("is Greenwich time in winter and an hour later in summer", () => {
    assert.deepEqual(wallClock(Date.UTC(2026, 0, 5, 9, 7)), { today: "2026-01-05", now: "2026-01-05T09:07" });
    assert.deepEqual(wallClock(Date.UTC(2026, 6, 5, 9, 7)), { today: "2026-07-05", now: "2026-07-05T10:07" });
  });

  it("has a midnight, and a new day with it", () => {
    assert.deepEqual(wallClock(Date.UTC(2026, 6, 4, 23, 0)), { today: "2026-07-05", now: "2026-07-05T00:00" });
  });
});

describe("londonOffset", () => {
  it("is what the clocks show, in the hours that come twice and never too", () => {
    assert.equal(londonOffset("2026-01-05T09:07"), "+00:00");
    assert.equal(londonOffset("2026-07-05T09:07"), "+01:00");
    assert.equal(londonOffset("2026-03-29T00:59"), "+00:00");
    assert.equal(londonOffset("2026-03-29T01:30"), "+00:00");
    assert.equal(londonOffset("2026-03-29T02:00"), "+01:00");
    assert.equal(londonOffset("2026-10-25T00:30"), "+01:00");
    assert.equal(londonOffset("2026-10-25T01:30"), "+00:00");
    assert.equal(londonOffset("2026-10-25T02:00"), "+00:00");
  });
});
