// A local authority's process killed at any point between accepting an upload and delivering its response.
import assert from "node:assert/strict";
import { createRandom } from "../../lib/simulator/spine/faults.js";
import { runAuthority } from "../support/crash/authority-run.js";

const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
/** More of them by CRASH_KILLS. */
const kills = Number(process.env["CRASH_KILLS"] ?? 8);

describe(`A local authority killed while it uploads (seed ${seed})`, function () {
  this.timeout(600_000);

  it("loses no file and no response, and sends none twice, nor under two numbers", async () => {
    const random = createRandom(seed);
    const lives = Array.from({ length: kills }, () => Math.floor(random() * 400));
    const result = await runAuthority(lives);
    assert.ok(result.accepted > 0, JSON.stringify(result));
  });
});
