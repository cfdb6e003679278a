// The short form of the crash test: processes killed in the middle of traffic over a line with every fault.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, type PostgresServer } from "../support/store/postgres-server.js";
import { compareRun } from "../support/crash/compare-run.js";
import { expectedInbound, runCrashes, type CrashPlan } from "../support/crash/crash-run.js";
import { withScene, type CrashScene } from "../support/crash/crash-scene.js";
import { postgresStore, sqliteStore } from "../support/crash/store-place.js";

/** A failure is repeated by giving its seed in CRASH_SEED, as far as the clock of the machine allows. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

async function crash(plan: CrashPlan, scene: CrashScene): Promise<void> {
  const journal = await runCrashes(plan, scene);
  const { problems } = await compareRun(journal, scene);
  assert.deepEqual(problems, []);
  assert.equal(journal.accepted.size, plan.outbound);
  assert.equal(journal.acknowledged.size, expectedInbound(journal.outbound, plan.inbound));
  assert.equal(journal.kills, plan.kills);
}

/** Kills at random meet it: some processes start while there is no database. */
async function interrupt(server: PostgresServer): Promise<void> {
  await server.halt();
  await sleep(1000);
  await server.resume();
}

describe(`Killed in the middle of traffic with every fault (seed ${seed})`, () => {
  it("one process on SQLite loses no message, and none takes effect twice", () =>
    withScene({ seed, store: sqliteStore }, (scene) =>
      crash({ seed, outbound: 300, inbound: 300, kills: 10, instances: 1 }, scene),
    ));

  describe("three processes on one PostgreSQL", () => {
    let server: PostgresServer;
    before(async () => {
      server = await startPostgres();
    });
    after(() => server.close());

    it("lose no message, and none takes effect twice", () =>
      withScene({ seed, store: () => postgresStore(server) }, (scene) =>
        crash({ seed, outbound: 150, inbound: 150, kills: 10, instances: 3 }, scene),
      ));

    it("lose nothing when the database is gone for a while in the middle of it", () =>
      withScene({ seed, store: () => postgresStore(server) }, (scene) =>
        crash({ seed, outbound: 100, inbound: 100, kills: 4, instances: 3, midway: () => interrupt(server) }, scene),
      ));
  });
});
