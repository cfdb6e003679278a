// What becomes of the work of a process that died while others share its store.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, type PostgresServer } from "../support/store/postgres-server.js";
import { readAll } from "../support/crash/compare-run.js";
import { withScene, type CrashScene } from "../support/crash/crash-scene.js";
import { startFleet } from "../support/crash/fleet.js";
import { openStore } from "../support/crash/open-store.js";
import { postgresStore } from "../support/crash/store-place.js";

describe("The work of a dead process", () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.close());

  it("is taken over when its lease has run out: not sooner, and not another lease later", () =>
    withScene({ seed: 1, store: () => postgresStore(server), leaseMilliseconds: 2000 }, takeOver));
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
    for (let turn = 0; turn < 24_000; turn += 1) {
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
    for (let turn = 0; turn < 12_000 && (await isOpen()); turn += 1) await sleep(10);
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
