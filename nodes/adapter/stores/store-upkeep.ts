// Removes what retention has outlived, and seals old content with the newest key: in small batches, off the hot path.
import type { ErrorCode } from "../../../lib/errors.js";
import type { BatchOutcome, MessageStore, RetentionRule } from "../../../lib/store/message-store.js";
import { afterDelay, type AfterDelay } from "../runtime/after-delay.js";
import { toCpisError } from "../runtime/run-input.js";

export interface StoreUpkeepOptions {
  readonly retention: readonly RetentionRule[];
  /** Of several instances one does it. */
  isLeader(): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  warn(text: string): void;
  info(text: string): void;
  /** Absent: what nobody takes waits for ever. */
  readonly unclaimedMilliseconds?: number;
  /** Passed in by tests. */
  readonly after?: AfterDelay;
}

export interface StoreUpkeep {
  /** The code of the last pass, if it failed. */
  failure(): ErrorCode | undefined;
  /** Waits for the batch under way. */
  stop(): Promise<void>;
}

/** A batch holds the event loop of the embedded store; this many rows take a few milliseconds. */
const batchSize = 200;
const betweenBatchesMilliseconds = 100;
/** Not while the flows start. */
const firstPassMilliseconds = 60_000;
const nextPassMilliseconds = 60 * 60_000;
/** A pass comes every hour: the one that is nearest to a day. */
const headMilliseconds = 23.5 * 60 * 60_000;
/** Until it is looked whether the leader has died. */
const followerMilliseconds = 60_000;
const afterFailureMilliseconds = 5 * 60_000;

const unreadableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["STORE_KEY_UNKNOWN", "STORE_CONTENT_TAMPERED"]);

/** A failure is told once, until a pass succeeds again: a store that is never pruned fills its disk. */
export function startStoreUpkeep(store: MessageStore, options: StoreUpkeepOptions): StoreUpkeep {
  const after = options.after ?? afterDelay;
  let isStopped = false;
  let hasResealed = false;
  let hasWarned = false;
  let headToldAt = -Infinity;
  let failureCode: ErrorCode | undefined;
  let cancel: (() => void) | undefined;
  let running: Promise<void> = Promise.resolve();

  function schedule(milliseconds: number): void {
    if (isStopped) return;
    cancel = after(milliseconds, () => {
      running = runBatch();
    });
  }

  /** Once after the store was opened is enough: keys change only with the settings. */
  async function doBatch(): Promise<BatchOutcome> {
    if (hasResealed) return doRetention();
    const outcome = await store.reseal(batchSize);
    hasResealed = !outcome.hasMore;
    return { ...outcome, hasMore: true };
  }

  async function doRetention(): Promise<BatchOutcome> {
    const now = options.now();
    const { unclaimedMilliseconds } = options;
    if (unclaimedMilliseconds !== undefined) {
      const acceptedBefore = now - unclaimedMilliseconds;
      const { count, hasMore } = await store.setAsideUnclaimed({ acceptedBefore, now, limit: batchSize });
      if (count > 0) options.warn(`STORE_UNCLAIMED ${count} inbound messages that nobody took are set aside`);
      if (hasMore) return { count, hasMore };
    }
    return store.prune(options.retention, now, batchSize);
  }

  /** For a collector of logs: a store that is put back as a whole is told by what was noted elsewhere, and only by it. */
  async function tellHead(): Promise<void> {
    const now = options.now();
    if (now - headToldAt < headMilliseconds) return;
    const head = await store.readAuditHead();
    if (head === undefined || head.number === 0) return;
    options.info(`audit head ${head.number}:${head.hash}`);
    headToldAt = now;
  }

  async function runBatch(): Promise<void> {
    if (!options.isLeader()) {
      failureCode = undefined;
      schedule(followerMilliseconds);
      return;
    }
    try {
      const { hasMore } = await doBatch();
      if (!hasMore) await tellHead();
      hasWarned = false;
      failureCode = undefined;
      schedule(hasMore ? betweenBatchesMilliseconds : nextPassMilliseconds);
    } catch (error) {
      const failure = toCpisError(error);
      failureCode = failure.code;
      // What cannot be sealed again, for a key that is gone, must not keep retention from its work.
      hasResealed ||= unreadableCodes.has(failure.code);
      if (!hasWarned && !isStopped) options.warn(`the upkeep of the message store failed: ${failure.message}`);
      hasWarned = true;
      schedule(afterFailureMilliseconds);
    }
  }

  schedule(firstPassMilliseconds);
  return {
    failure: () => failureCode,
    async stop(): Promise<void> {
      isStopped = true;
      cancel?.();
      await running;
    },
  };
}
