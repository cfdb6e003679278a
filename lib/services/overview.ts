// The numbers of the last hour and day: how much went through, what failed, how long it took, and what waits.
import { definedOnly } from "../defined-only.js";
import type { Direction, MessageState } from "../store/message-model.js";
import type {
  InteractionTimes,
  MessageStore,
  MessageTimes,
  TimeSpan,
  UnfinishedCount,
} from "../store/message-store.js";

export type OverviewStore = Pick<
  MessageStore,
  "countAccepted" | "countFailed" | "countOutcomes" | "countErrors" | "readTimes" | "countUnfinished"
>;

export interface OverviewBucket {
  /** Milliseconds since 1970; the bucket ends where the next one begins. */
  readonly from: number;
  /** Messages accepted in it, of both directions. */
  readonly accepted: number;
  /** Those of them that ended badly: by their state, or in the words of CP-IS. */
  readonly failed: number;
  /** There are more than were counted. */
  readonly isAtLeast: boolean;
}

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Messages that it was computed of. */
  readonly samples: number;
}

export interface InteractionLatency {
  readonly interaction: string;
  readonly direction: Direction;
  /** From acceptance to the peer's acknowledgment. */
  readonly acknowledged?: Latency;
  /** From acceptance to the answer. */
  readonly answered?: Latency;
  /** Computed of the newest messages only; there are more in the span. */
  readonly isSampled: boolean;
}

export interface RankedError {
  readonly code: string;
  readonly count: number;
  /** There are more than were counted. */
  readonly isAtLeast: boolean;
}

/** What came of queries and files, as it is kept with them. */
export interface CountedOutcome {
  readonly outcome: string;
  readonly count: number;
  /** There are more than were counted. */
  readonly isAtLeast: boolean;
}

export interface OverviewSpan {
  readonly from: number;
  readonly before: number;
  readonly bucketMilliseconds: number;
  readonly buckets: readonly OverviewBucket[];
  readonly latencies: readonly InteractionLatency[];
  /** Most frequent first; absent where answers are withheld. */
  readonly outcomes?: readonly CountedOutcome[];
  /** Most frequent first; by the code that the flow was told. */
  readonly errors: readonly RankedError[];
}

export interface QueueDepth {
  /** The id of the transport. */
  readonly channel: string;
  /** Messages that wait to be sent, acknowledged, answered or delivered. */
  readonly waiting: number;
  readonly held: number;
  /** Milliseconds since 1970; absent when nothing waits. */
  readonly oldestAt?: number;
}

export interface Overview {
  readonly at: number;
  readonly hour: OverviewSpan;
  readonly day: OverviewSpan;
  readonly queues: readonly QueueDepth[];
}

const minute = 60_000;
const hour = 60 * minute;
const waitingStates: ReadonlySet<MessageState> = new Set<MessageState>([
  "queued",
  "sending",
  "awaiting-acknowledgement",
  "awaiting-response",
  "received",
  "delivered",
]);

/** How far a bucket and an error code are counted: a bucket of a busy day takes some milliseconds. */
export const countLimit = 100_000;
/** Newest messages of an interaction by which its latency is told. */
export const sampleLimit = 1000;

/** By the nearest rank: each is a time that really occurred. */
function latencyOf(durations: readonly number[]): Latency | undefined {
  if (durations.length === 0) return undefined;
  const sorted = [...durations].sort((one, other) => one - other);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), samples: sorted.length };
}

function durations(messages: readonly MessageTimes[], end: "acknowledgedAt" | "answeredAt"): readonly number[] {
  return messages.flatMap((message) => {
    const at = message[end];
    return at === undefined ? [] : [Math.max(0, at - message.createdAt)];
  });
}

function latenciesOf({ interaction, messages }: InteractionTimes): readonly InteractionLatency[] {
  return (["outbound", "inbound"] as const).flatMap((direction) => {
    const ofDirection = messages.filter((message) => message.direction === direction);
    const acknowledged = latencyOf(durations(ofDirection, "acknowledgedAt"));
    const answered = latencyOf(durations(ofDirection, "answeredAt"));
    if (acknowledged === undefined && answered === undefined) return [];
    const isSampled = messages.length >= sampleLimit;
    return [
      {
        interaction,
        direction,
        isSampled,
        ...definedOnly({ acknowledged, answered }),
      },
    ];
  });
}

async function bucketOf(store: OverviewStore, span: TimeSpan): Promise<OverviewBucket> {
  const accepted = await store.countAccepted(span, undefined, countLimit);
  // An empty bucket is told by one count.
  const failed = accepted === 0 ? 0 : await store.countFailed(span, countLimit);
  return { from: span.from, accepted, failed, isAtLeast: accepted >= countLimit || failed >= countLimit };
}

/** One after the other: each lets go of the embedded store's event loop. */
async function spanOf(
  store: OverviewStore,
  now: number,
  bucketMilliseconds: number,
  count: number,
): Promise<OverviewSpan> {
  // Buckets begin at whole multiples, so that a bucket that is over never changes its place.
  const before = (Math.floor(now / bucketMilliseconds) + 1) * bucketMilliseconds;
  const from = before - count * bucketMilliseconds;
  const buckets: OverviewBucket[] = [];
  for (let start = from; start < before; start += bucketMilliseconds) {
    buckets.push(await bucketOf(store, { from: start, before: start + bucketMilliseconds }));
  }
  const span = { from, before };
  const latencies = (await store.readTimes(span, sampleLimit)).flatMap(latenciesOf);
  const outcomes = (await store.countOutcomes(span, countLimit))
    .map(({ outcome, count }) => ({ outcome, count, isAtLeast: count >= countLimit }))
    .sort((one, other) => other.count - one.count || one.outcome.localeCompare(other.outcome));
  const errors = (await store.countErrors(span, countLimit))
    .map(({ code, count }) => ({ code, count, isAtLeast: count >= countLimit }))
    .sort((one, other) => other.count - one.count || one.code.localeCompare(other.code));
  return { ...span, bucketMilliseconds, buckets, latencies, outcomes, errors };
}

/** The codes of CPIS_* that are of no answer to a query. */
const toldOfEachEnd = /^CPIS_(TIMEOUT|NOT_SENT|UPLOAD_|LOG_|MESSAGE_INVALID)/;

/** Without what tells by numbers what answers were. */
export function withoutAnswers(overview: Overview): Overview {
  const without = ({ from, before, bucketMilliseconds, buckets, latencies, errors }: OverviewSpan): OverviewSpan => ({
    ...{ from, before, bucketMilliseconds, buckets },
    latencies: latencies.filter(({ direction }) => direction === "outbound"),
    errors: errors.filter(({ code }) => !code.startsWith("CPIS_") || toldOfEachEnd.test(code)),
  });
  return { ...overview, hour: without(overview.hour), day: without(overview.day) };
}

/** Of the channels that have unfinished work. Throws STORE_*. */
export async function readQueues(store: Pick<OverviewStore, "countUnfinished">): Promise<readonly QueueDepth[]> {
  const counts = await store.countUnfinished();
  const channels = [...new Set(counts.map(({ channel }) => channel))].sort();
  return channels.map((channel) => {
    const ofChannel = counts.filter((entry) => entry.channel === channel);
    const isWaiting = (entry: UnfinishedCount): boolean => waitingStates.has(entry.state);
    const sum = (entries: readonly UnfinishedCount[]): number => entries.reduce((total, { count }) => total + count, 0);
    const waiting = ofChannel.filter(isWaiting);
    return {
      channel,
      waiting: sum(waiting),
      held: sum(ofChannel.filter(({ state }) => state === "held")),
      ...(waiting.length === 0 ? {} : { oldestAt: Math.min(...waiting.map(({ oldestAt }) => oldestAt)) }),
    };
  });
}

/**
 * The hour in twelve buckets, the day in twenty-four. Its cost is bounded however many messages there are: what was
 * counted only up to a limit, or computed of a sample, says so. `now` is milliseconds since 1970. Throws STORE_*.
 */
export async function readOverview(store: OverviewStore, now: number): Promise<Overview> {
  return {
    at: now,
    hour: await spanOf(store, now, 5 * minute, 12),
    day: await spanOf(store, now, hour, 24),
    queues: await readQueues(store),
  };
}
