// Tests of the pauses between tries.
import assert from "node:assert/strict";
import { backOff } from "../../../lib/time/back-off.js";

describe("the pause before the next try", () => {
  it("doubles with each failure after the first, up to the longest", () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 2000].map((failures) => backOff(100, failures, 1000)),
      [100, 100, 200, 400, 800, 1000, 1000],
    );
    assert.equal(backOff(100, 8), 12_800);
  });
});
