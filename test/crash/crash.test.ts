// The short form of the crash test: processes killed in the middle of traffic over a line with every fault.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { startPostgres, type PostgresServer } from "../lib/store/postgres-server.js";
import type { ChildStore } from "./child-messages.js";
import { compareRun, readAll } from "./compare-run.js";
import { expectedInbound, runCrashes, type CrashPlan } from "./crash-run.js";
import { openScene, type CrashScene } from "./crash-scene.js";
import { startFleet } from "./fleet.js";
import { openStore } from "./open-store.js";
import { postgresStore } from "./store-place.js";

/** A failure is repeated by giving its seed in CRASH_SEED, as far as the clock of the machine allows. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
const leaseMilliseconds = 1000;

async function withScene(
  store: (folder: string) => ChildStore,
  outbound: number,
  work: (scene: CrashScene) => Promise<void>,
): Promise<void> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-crash-"));
  const scene = await openScene({ folder, seed, store: store(folder), leaseMilliseconds, outbound });
  try {
    await work(scene);
  } finally {
    await scene.close();
    await fs.rm(folder, { recursive: true });
  }
}

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

describe(`Killed in the middle of traffic with every fault (seed ${seed})`, function () {
  this.timeout(180_000);

  it("one process on SQLite loses no message, and none takes effect twice", () =>
    withScene(
      (folder) => ({ kind: "sqlite", folder: path.join(folder, "store") }),
      300,
      (scene) => crash({ seed, outbound: 300, inbound: 300, kills: 10, instances: 1 }, scene),
    ));

  describe("three processes on one PostgreSQL", () => {
    let server: PostgresServer;
    before(async () => {
      server = await startPostgres();
    });
    after(() => server.close());

    it("lose no message, and none takes effect twice", () =>
      withScene(
        () => postgresStore(server),
        150,
        (scene) => crash({ seed, outbound: 150, inbound: 150, kills: 10, instances: 3 }, scene),
      ));

    it("lose nothing when the database is gone for a while in the middle of it", () =>
      withScene(
        () => postgresStore(server),
        100,
        (scene) =>
          crash({ seed, outbound: 100, inbound: 100, kills: 4, instances: 3, midway: () => interrupt(server) }, scene),
      ));

    it("take over the work of a dead one when its lease has run out: not sooner, and not a lease later", () =>
      withScene(() => postgresStore(server), 60, takeOver));
  });
});

/** All are being sent when one of three dies; its messages wait for the end of their leases. */
async function takeOver(scene: CrashScene): Promise<void> {
  const { simulator, settings } = scene;
  const accepted = new Set<string>();
  const failures: Error[] = [];
  simulator.inject({ fault: { kind: "delayReply", milliseconds: 400 } });
  const fleet = startFleet(
    3,
    scene,
    (report) => report.kind === "accepted" && accepted.add(report.messageId),
    (error) => failures.push(error),
  );
  const store = await openStore(settings);
  const outbound = (): ReturnType<typeof readAll> => readAll(store, "outbound");
  try {
    for (let number = 0; number < 60; number += 1) {
      fleet.send({
        kind: "send",
        messageId: randomUUID(),
        hl7Id: randomUUID(),
        pattern: "reliable",
        completedBy: "acknowledgment",
      });
    }
    const dying = "instance-0-life-1";
    for (let turn = 0; turn < 3000; turn += 1) {
      if ((await outbound()).some(({ leaseOwner, state }) => leaseOwner === dying && state === "sending")) break;
      await sleep(5);
    }
    await fleet.kill(0);
    const killedAt = Date.now();
    const abandoned = (await outbound()).filter(({ leaseOwner }) => leaseOwner === dying);
    assert.ok(abandoned.length > 0, "the dead process had no work");
    simulator.clearFaults();
    const isOpen = async (): Promise<boolean> =>
      accepted.size < 60 || (await outbound()).some(({ state }) => state !== "completed");
    for (let turn = 0; turn < 3000 && (await isOpen()); turn += 1) await sleep(10);
    assert.equal(await isOpen(), false);
    for (const { id, leaseUntil = 0 } of abandoned) {
      const takenOver = (await store.history(id)).find(({ at }) => at >= killedAt);
      const late = (takenOver?.at ?? Infinity) - leaseUntil;
      assert.ok(late >= 0, `taken over ${-late} ms before the lease ran out`);
      assert.ok(late < settings.leaseMilliseconds, `taken over ${late} ms after the lease ran out`);
    }
    assert.deepEqual(
      simulator.effects.list().filter(({ count }) => count !== 1),
      [],
    );
    assert.equal(simulator.effects.size, 60);
    await fleet.end();
  } catch (error) {
    await fleet.killAll();
    throw error;
  } finally {
    await store.close();
  }
  assert.deepEqual(failures, []);
}
