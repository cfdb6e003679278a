// What surrounds the processes that are killed: the simulator with its faults, the address they share, their settings.
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createKeyRing, encodeKeyRing } from "../../../lib/crypto/key-ring.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../../lib/simulator/index.js";
import { openBalancer, type Balancer } from "./balancer.js";
import { businessInteraction, ownAsid, ownPartyKey, partyCpaId } from "./business.js";
import type { ChildSettings, ChildStore } from "./child-messages.js";

export interface SceneOptions {
  readonly seed: number;
  /** The folder is that of the run, and is removed at its end. */
  store(folder: string): ChildStore;
  /** Default 1000. */
  readonly leaseMilliseconds?: number;
}

export interface CrashScene {
  readonly simulator: SpineSimulator;
  readonly balancer: Balancer;
  readonly settings: ChildSettings;
  readonly settingsFile: string;
  close(): Promise<void>;
}

/** Nothing is given up within a run: what is not acknowledged at its end is lost. */
const untilTheEnd = { retries: 1_000_000, retryIntervalMilliseconds: 100, persistDurationMilliseconds: 3_600_000 };

async function openScene(folder: string, options: SceneOptions): Promise<CrashScene> {
  const { seed, leaseMilliseconds = 1000 } = options;
  const pki = await createPki({ now: () => Date.now() });
  const simulator = await createSpineSimulator({
    pki,
    effects: { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() },
    interactions: [businessInteraction],
    seed,
    limits: { maximumIdsRemembered: 1_000_000, answerTimeoutMilliseconds: 2000 },
  });
  const balancer = await openBalancer();
  const answerUrl = `https://127.0.0.1:${balancer.port}/mhs`;
  simulator.registerParty({ partyKey: ownPartyKey, asid: ownAsid, cpaId: partyCpaId, answerUrl });
  const { keyPem, certPem } = await simulator.issueClient("crash test");
  const { express, reliable, forwardReliable } = simulator.contracts;
  const settings: ChildSettings = {
    tls: { key: keyPem, cert: certPem, ca: simulator.caPem },
    keyRing: encodeKeyRing(createKeyRing(randomBytes)),
    store: options.store(folder),
    channel: "crash-test",
    leaseMilliseconds,
    contracts: {
      express,
      reliable: { ...reliable, ...untilTheEnd },
      forwardReliable: { ...forwardReliable, ...untilTheEnd },
    },
    deliveries: path.join(folder, "deliveries.txt"),
  };
  const settingsFile = path.join(folder, "settings.json");
  await fs.writeFile(settingsFile, JSON.stringify(settings), { mode: 0o600 });
  await fs.writeFile(settings.deliveries, "");
  return {
    simulator,
    balancer,
    settings,
    settingsFile,
    close: async () => {
      await simulator.close();
      await balancer.close();
    },
  };
}

/** Closes the scene and removes its files when the work is done, or has failed. */
export async function withScene<Result>(
  options: SceneOptions,
  work: (scene: CrashScene) => Promise<Result>,
): Promise<Result> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-crash-"));
  const scene = await openScene(folder, options);
  try {
    return await work(scene);
  } finally {
    await scene.close();
    await fs.rm(folder, { recursive: true });
  }
}
