// One run of the crash test: messages in both directions, faults on their way, and processes killed in the middle.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../../lib/simulator/spine/faults.js";
import { finishedStates } from "../../../lib/store/message-model.js";
import type { StateCount } from "../../../lib/store/message-store.js";
import type { CrashScene } from "./crash-scene.js";
import { injectAllFaults, refuseForGood } from "./fault-mix.js";
import { startFleet, type Fleet } from "./fleet.js";
import { answerRequests, sendInbound } from "./inbound-traffic.js";
import { createJournal, noteReport, type CrashJournal, type OutboundMessage } from "./journal.js";

export interface CrashPlan {
  readonly seed: number;
  readonly outbound: number;
  /** Beside the responses to outbound messages. */
  readonly inbound: number;
  readonly kills: number;
  readonly instances: number;
  /** Happens when about half of the work is done, beside everything else. */
  midway?(): Promise<void>;
}

const stallMilliseconds = 90_000;
/** The share of kills that hit a process while it starts. */
const earlyShare = 0.2;
/** How often, beside a kill, one of several processes stands still for longer than its lease. */
const frozenShare = 0.2;
const longestStartMilliseconds = 600;
const refusedShare = 0.01;
const answeredShare = 0.25;

type Random = () => number;

function planOutbound(count: number, random: Random): readonly OutboundMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    messageId: randomUUID().toUpperCase(),
    hl7Id: randomUUID().toUpperCase(),
    pattern: index % 2 === 0 ? "reliable" : "forwardReliable",
    completedBy: random() < answeredShare ? "response" : "acknowledgment",
    isRefused: random() < refusedShare,
    ...(index % 4 === 0 ? { orderedBy: `group ${Math.floor(index / 40)}` } : {}),
  }));
}

/** Whatever is given up at last has had this many inbound messages. */
export function expectedInbound(outbound: readonly OutboundMessage[], inbound: number): number {
  return inbound + outbound.filter((one) => one.completedBy === "response" && !one.isRefused).length;
}

function isUnfinished({ state, count }: StateCount): boolean {
  return count > 0 && !finishedStates.some((finished) => finished === state);
}

interface Run {
  readonly plan: CrashPlan;
  readonly scene: CrashScene;
  readonly journal: CrashJournal;
  readonly fleet: Fleet;
  readonly random: Random;
  readonly inbound: number;
  /** Throws when a process failed by itself, and when nothing has moved for long. */
  check(): void;
}

function progressOf(journal: CrashJournal, { simulator }: CrashScene): number {
  return journal.accepted.size + simulator.effects.size + journal.acknowledged.size + journal.deliveries;
}

function createCheck(journal: CrashJournal, scene: CrashScene, failures: readonly unknown[]): () => void {
  let seen = -1;
  let movedAt = Date.now();
  return () => {
    if (failures.length > 0) throw failures[0];
    const progress = progressOf(journal, scene);
    if (progress !== seen) {
      seen = progress;
      movedAt = Date.now();
    }
    if (Date.now() - movedAt < stallMilliseconds) return;
    const { accepted, acknowledged, deliveries, counts, kills } = journal;
    const complaints = [...new Set(journal.complaints)].slice(0, 20);
    const sizes = { accepted: accepted.size, effects: scene.simulator.effects.size, acknowledged: acknowledged.size };
    throw new Error(`nothing moves: ${JSON.stringify({ ...sizes, deliveries, kills, counts, complaints })}`);
  };
}

/** Spread over the whole run, by what has been done: so each life of a process gets something done, or dies early. */
async function killAtRandom(run: Run): Promise<void> {
  const { plan, scene, journal, fleet, random, inbound } = run;
  const total = 2 * (plan.outbound + inbound);
  while (journal.kills < plan.kills) {
    const due = (total * (journal.kills + random())) / (plan.kills + 1);
    while (progressOf(journal, scene) < due) {
      run.check();
      await sleep(2);
    }
    if (plan.instances > 1 && random() < frozenShare) {
      // Whoever wakes up after its lease must find that the work is no longer its own.
      fleet.freeze(Math.floor(random() * plan.instances), scene.settings.leaseMilliseconds * 1.5);
    }
    await sleep(random() * 20);
    const victim = Math.floor(random() * plan.instances);
    await fleet.kill(victim);
    journal.kills += 1;
    if (journal.kills >= plan.kills || random() >= earlyShare) continue;
    await sleep(random() * longestStartMilliseconds);
    await fleet.kill(victim);
    journal.kills += 1;
    journal.killsAtStart += 1;
  }
}

async function reachMidway(run: Run): Promise<void> {
  const { plan, scene, journal, inbound } = run;
  if (plan.midway === undefined) return;
  while (progressOf(journal, scene) < plan.outbound + inbound) {
    run.check();
    await sleep(5);
  }
  await plan.midway();
}

/** Until all is accepted, acknowledged and finished. */
async function drain(run: Run): Promise<void> {
  const { journal, fleet, inbound } = run;
  const isDone = (): boolean =>
    fleet.waiting === 0 &&
    journal.acknowledged.size >= inbound &&
    journal.counts.length > 0 &&
    !journal.counts.some(isUnfinished);
  while (!isDone()) {
    run.check();
    journal.counts = [];
    fleet.askCounts();
    for (let turn = 0; turn < 20 && journal.counts.length === 0; turn += 1) await sleep(10);
  }
}

/** Resolves when everything is finished and every process has ended in order. Rejects when nothing moves any more. */
export async function runCrashes(plan: CrashPlan, scene: CrashScene): Promise<CrashJournal> {
  const { simulator } = scene;
  const random = createRandom(plan.seed);
  const journal = createJournal(planOutbound(plan.outbound, random));
  const failures: unknown[] = [];
  const failed = (cause: unknown): void => void failures.push(cause);
  injectAllFaults(simulator);
  journal.outbound
    .filter(({ isRefused }) => isRefused)
    .forEach(({ messageId }, index) => refuseForGood(simulator, messageId, index % 2 === 0 ? "fault" : "error-list"));
  answerRequests(simulator, journal, failed);
  const fleet = startFleet(plan.instances, scene, (report) => noteReport(journal, report), failed);
  try {
    for (const message of journal.outbound) fleet.send({ kind: "send", ...message });
    const inbound = expectedInbound(journal.outbound, plan.inbound);
    const run: Run = { plan, scene, journal, fleet, random, inbound, check: createCheck(journal, scene, failures) };
    sendInbound(simulator, journal, plan.inbound).catch(failed);
    await Promise.all([killAtRandom(run), reachMidway(run)]);
    await drain(run);
    await fleet.end();
  } catch (cause) {
    await fleet.killAll();
    throw cause;
  }
  return journal;
}
