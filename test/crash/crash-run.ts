// One run of the crash test: messages in both directions, faults on their way, and processes killed in the middle.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { finishedStates } from "../../lib/store/message-model.js";
import type { StateCount } from "../../lib/store/message-store.js";
import { createRandom } from "../../lib/simulator/seeded-random.js";
import { businessInteraction, businessPayload, ownPartyKey } from "./business.js";
import type { ChildReport, OutboundPattern } from "./child-messages.js";
import type { CrashScene } from "./crash-scene.js";
import { injectAllFaults, refuseForGood } from "./fault-mix.js";
import { startFleet, type Fleet } from "./fleet.js";

export interface CrashPlan {
  readonly seed: number;
  readonly outbound: number;
  readonly inbound: number;
  readonly kills: number;
  readonly instances: number;
}

export interface OutboundMessage {
  readonly messageId: string;
  readonly hl7Id: string;
  readonly pattern: OutboundPattern;
  /** The peer refuses it for good. */
  readonly isRefused: boolean;
}

/** What was promised to whom: the parent's own journal, which no kill can touch. */
export interface CrashJournal {
  readonly outbound: readonly OutboundMessage[];
  /** MessageIds whose acceptance was reported. */
  readonly accepted: ReadonlySet<string>;
  /** MessageIds of the inbound messages, with how often each was sent until it was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly undelivered: ReadonlySet<string>;
  /** What should not have been said by any process. */
  readonly complaints: readonly string[];
  readonly kills: number;
  readonly killsAtStart: number;
  readonly milliseconds: number;
}

/** Of messages of one conversation, whose order must be kept. */
const conversationLength = 5;
/** Inbound messages under way at a time. */
const inboundParallel = 24;
const stallMilliseconds = 60_000;
/** The share of kills that hit a process while it starts. */
const earlyShare = 0.2;
const refusedShare = 0.01;

function uuid(): string {
  return randomUUID().toUpperCase();
}

function isUnfinished({ state, count }: StateCount): boolean {
  return count > 0 && !finishedStates.some((finished) => finished === state);
}

/** Resolves when everything that was accepted or acknowledged is finished. Rejects when nothing moves any more. */
export async function runCrashes(plan: CrashPlan, scene: CrashScene): Promise<CrashJournal> {
  const startedAt = Date.now();
  const random = createRandom(plan.seed);
  const { simulator } = scene;
  const accepted = new Set<string>();
  const acknowledged = new Map<string, number>();
  const undelivered = new Set<string>();
  const complaints: string[] = [];
  let deliveries = 0;
  let kills = 0;
  let killsAtStart = 0;
  /** Empty while they are asked for. */
  let counts: readonly StateCount[] = [];
  const stopped: { cause?: Error } = {};

  injectAllFaults(simulator);
  const outbound = Array.from({ length: plan.outbound }, (_, index): OutboundMessage => {
    const pattern = index % 2 === 0 ? "reliable" : "forwardReliable";
    return { messageId: uuid(), hl7Id: uuid(), pattern, isRefused: random() < refusedShare };
  });
  for (const { messageId, isRefused } of outbound) if (isRefused) refuseForGood(simulator, messageId);

  const heard = (report: ChildReport): void => {
    if (report.kind === "accepted") accepted.add(report.messageId);
    if (report.kind === "delivered") deliveries += 1;
    if (report.kind === "counts") ({ counts } = report);
    if (report.kind === "undelivered") undelivered.add(report.messageId);
    if (report.kind === "not-accepted") complaints.push(`not accepted: ${report.code}`);
    if (report.kind === "set-aside") complaints.push(`set aside: ${report.code}`);
    if (report.kind === "warning") complaints.push(`warning ${report.code}: ${report.text}`);
  };
  const fleet: Fleet = startFleet(plan.instances, scene, heard, (error) => {
    stopped.cause ??= error;
  });
  for (const { messageId, hl7Id, pattern } of outbound) fleet.send({ kind: "send", messageId, hl7Id, pattern });

  const progress = (): number => accepted.size + simulator.effects.size + acknowledged.size + deliveries;
  const total = 2 * (plan.outbound + plan.inbound);

  let lastMoveAt = Date.now();
  let lastProgress = -1;
  const watchProgress = (): void => {
    if (stopped.cause !== undefined) throw stopped.cause;
    if (progress() !== lastProgress) {
      lastProgress = progress();
      lastMoveAt = Date.now();
    }
    if (Date.now() - lastMoveAt < stallMilliseconds) return;
    const figures = { accepted: accepted.size, effects: simulator.effects.size, acknowledged: acknowledged.size };
    const seen = [...new Set(complaints)].slice(0, 20);
    throw new Error(`nothing moves: ${JSON.stringify({ ...figures, deliveries, counts, seen })}`);
  };

  let nextInbound = 0;
  const conversations = Array.from({ length: Math.ceil(plan.inbound / conversationLength) }, uuid);
  const sendInbound = async (): Promise<void> => {
    while (nextInbound < plan.inbound && stopped.cause === undefined) {
      const number = nextInbound;
      nextInbound += 1;
      const conversationId = conversations[Math.floor(number / conversationLength)] ?? uuid();
      const outcome = await simulator.sendReliable({
        partyKey: ownPartyKey,
        ...businessInteraction,
        payload: businessPayload(uuid()),
        pattern: number % 2 === 0 ? "reliable" : "forwardReliable",
        conversationId,
        retries: 1_000_000,
        retryIntervalMilliseconds: 50,
        persistDurationMilliseconds: 3_600_000,
      });
      if (outcome.kind === "acknowledged") acknowledged.set(outcome.messageId, outcome.attempts);
      else if (outcome.reason !== "closed") complaints.push(`inbound ${outcome.reason}`);
    }
  };
  const inbound = Promise.all(Array.from({ length: inboundParallel }, sendInbound));
  inbound.catch((cause: unknown) => {
    stopped.cause ??= cause instanceof Error ? cause : new Error(String(cause));
  });

  const killAtRandom = async (): Promise<void> => {
    while (kills < plan.kills) {
      const due = (total * (kills + random())) / (plan.kills + 1);
      while (progress() < due) {
        watchProgress();
        await sleep(2);
      }
      await sleep(random() * 20);
      const victim = Math.floor(random() * plan.instances);
      await fleet.killOne(victim);
      kills += 1;
      if (kills < plan.kills && random() < earlyShare) {
        await fleet.killEarly(victim, random() * 600);
        kills += 1;
        killsAtStart += 1;
      }
    }
  };

  const isDone = (): boolean =>
    fleet.waiting === 0 && acknowledged.size >= plan.inbound && counts.length > 0 && !counts.some(isUnfinished);

  try {
    await killAtRandom();
    while (!isDone()) {
      watchProgress();
      counts = [];
      fleet.askCounts();
      for (let turn = 0; turn < 20 && counts.length === 0; turn += 1) await sleep(10);
    }
    await inbound;
    await fleet.end();
  } catch (cause) {
    stopped.cause ??= cause instanceof Error ? cause : new Error(String(cause));
    await fleet.killAll();
    throw cause;
  }
  return {
    outbound,
    accepted,
    acknowledged,
    undelivered,
    complaints,
    kills,
    killsAtStart,
    milliseconds: Date.now() - startedAt,
  };
}
