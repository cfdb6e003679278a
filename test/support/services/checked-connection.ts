// What a connection check is tried against: the simulator, a listener of ours, and certificates of every kind of fault.
import { randomUUID } from "node:crypto";
import { createMessageHandlingService } from "../../../lib/mhs/message-handling-service.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import { checkConnection } from "../../../lib/services/connection-check/connection-check.js";
import type {
  CheckLimits,
  CheckStep,
  CheckedListener,
  ConnectionCheck,
  EbxmlCheck,
} from "../../../lib/services/connection-check/connection-check-model.js";
import {
  createSpineSimulator,
  type CertificateRequest,
  type IssuedCertificate,
  type SpineSimulator,
} from "../../../lib/simulator/index.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import { ownParty, testCertificates } from "../mhs/peer.js";
import { createMemoryStore } from "../store/sqlite-place.js";

/** The clock of the check; moved by tests of clocks. */
export const clock = { aheadMilliseconds: 0 };
export const effects = {
  now: (): number => Date.now() + clock.aheadMilliseconds,
  newUuid: (): string => randomUUID().toUpperCase(),
};

const closing: (() => void | Promise<void>)[] = [];

export function closeLater(close: () => void | Promise<void>): void {
  closing.push(close);
}

export async function closeAll(): Promise<void> {
  clock.aheadMilliseconds = 0;
  for (const close of closing.splice(0).reverse()) await close();
}

/** With a certificate as asked for, by default one for loopback of the authority that the check trusts. */
export async function startSimulator(request?: Partial<CertificateRequest>): Promise<SpineSimulator> {
  const { pki, good } = await testCertificates();
  const certificate: IssuedCertificate =
    request === undefined
      ? { keyPem: String(good.key), certPem: String(good.cert) }
      : await pki.issue({ commonName: "spine", ipAddresses: ["127.0.0.1"], usage: "both", ...request });
  const simulatorEffects = { now: () => Date.now(), newUuid: effects.newUuid };
  const simulator = await createSpineSimulator({ pki, certificate, effects: simulatorEffects });
  closeLater(() => simulator.close());
  return simulator;
}

export async function startListener(tls: TlsMaterial): Promise<Extract<CheckedListener, { kind: "open" }>> {
  const store = await createMemoryStore();
  const service = createMessageHandlingService({
    ownParty: { partyKey: ownParty },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
    store,
    effects,
  });
  const { port } = await service.start();
  closeLater(async () => {
    await service.close();
    await store.close();
  });
  return { kind: "open", host: "0.0.0.0", port, tls };
}

export function given(contract: MessagingContract): EbxmlCheck["contract"] {
  return { kind: "given", contract };
}

/** A check that passes, but for what is changed. */
export async function ebxmlCheck(simulator: SpineSimulator, change: Partial<EbxmlCheck> = {}): Promise<EbxmlCheck> {
  const { good } = await testCertificates();
  return {
    kind: "ebxml",
    tls: good,
    clientNames: ["localhost"],
    contract: given(simulator.contracts.reliable),
    listener: change.listener ?? (await startListener(good)),
    ...change,
  };
}

export interface CheckReport {
  /** "name pass", one for each step. */
  readonly results: readonly string[];
  step(name: CheckStep["name"]): CheckStep;
  readonly text: string;
}

export async function runCheck(check: ConnectionCheck, limits: Partial<CheckLimits> = {}): Promise<CheckReport> {
  const steps: CheckStep[] = [];
  for await (const step of checkConnection(check, { effects, limits })) steps.push(step);
  return {
    results: steps.map(({ name, result }) => `${name} ${result}`),
    step: (name) => {
      const found = steps.find((step) => step.name === name);
      if (found === undefined) throw new Error(`no step ${name}`);
      return found;
    },
    text: JSON.stringify(steps),
  };
}
