import assert from "node:assert/strict";
import { cacheUse, defaultCacheTimes } from "../../../lib/sds/cache-age.js";

const minute = 60_000;
const hour = 60 * minute;

describe("cacheUse", () => {
  for (const [age, use] of [
    [0, "fresh"],
    [12 * minute - 1, "fresh"],
    [12 * minute, "ageing"],
    [15 * minute - 1, "ageing"],
    [15 * minute, "stale"],
    [24 * hour - 1, "stale"],
    [24 * hour, "too-old"],
    [-1, "stale"],
  ] as const) {
    it(`calls a contract of ${age} ms ${use}`, () => {
      assert.equal(cacheUse(age, defaultCacheTimes), use);
    });
  }
});
