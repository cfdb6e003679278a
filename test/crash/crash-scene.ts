// What surrounds the processes that are killed: the simulator with its faults, the address they share, their settings.
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { createKeyRing, encodeKeyRing } from "../../lib/crypto/key-ring.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../lib/simulator/index.js";
import { openBalancer, type Balancer } from "./balancer.js";
import { businessInteraction, ownAsid, ownPartyKey, partyCpaId } from "./business.js";
import type { ChildSettings, ChildStore } from "./child-messages.js";

export interface SceneOptions {
  /** For the files of this run; made by the caller, and removed by the caller. */
  readonly folder: string;
  readonly seed: number;
  readonly store: ChildStore;
  readonly leaseMilliseconds: number;
  /** Of outbound messages in this run. */
  readonly outbound: number;
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

export async function openScene(options: SceneOptions): Promise<CrashScene> {
  const { folder, seed, store, leaseMilliseconds } = options;
  const pki = await createPki({ now: () => Date.now() });
  const simulator = await createSpineSimulator({
    pki,
    effects: { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() },
    interactions: [businessInteraction],
    seed,
    limits: { maximumIdsRemembered: options.outbound * 2 + 1000, answerTimeoutMilliseconds: 2000 },
  });
  const balancer = await openBalancer();
  const answerUrl = `https://127.0.0.1:${balancer.port}/mhs`;
  simulator.registerParty({ partyKey: ownPartyKey, asid: ownAsid, cpaId: partyCpaId, answerUrl });
  const { keyPem, certPem } = await simulator.issueClient("crash test");
  const { reliable, forwardReliable } = simulator.contracts;
  const settings: ChildSettings = {
    tls: { key: keyPem, cert: certPem, ca: simulator.caPem },
    keyRing: encodeKeyRing(createKeyRing(randomBytes)),
    store,
    channel: "crash-test",
    leaseMilliseconds,
    contracts: {
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
