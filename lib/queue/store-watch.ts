// Notices when the message store fails and when it works again, and tries again what must be written down.
import { backOff } from "../time/back-off.js";
import { setTimeout as wait } from "node:timers/promises";
import { isCpisError } from "../errors.js";
import type { MessageStore } from "../store/message-store.js";
import type { DeliveryReports } from "./model.js";

export interface StoreWatch {
  /** Runs one operation and notes how the store is. Throws what it throws. */
  run<Result>(operation: () => Promise<Result>): Promise<Result>;
  /** The same for an operation that stores a new message: only such a one shows that a full store has room again. */
  runAcceptance<Result>(operation: () => Promise<Result>): Promise<Result>;
  /**
   * Runs the operation until the store takes it. It must be harmless to do it twice. Throws what trying again cannot
   * mend, and the last error once the service is closed.
   */
  insist<Result>(operation: () => Promise<Result>): Promise<Result>;
  /** How long to wait before the store is tried again; grows while it fails. */
  retryMilliseconds(): number;
  /** Ends the waits of `insist`. */
  close(): void;
}

interface Outage {
  readonly isFull: boolean;
  /** Operations that began later say how the store is now. */
  readonly lastFailure: number;
  readonly failures: number;
}

const firstRetryMilliseconds = 50;
const longestRetryMilliseconds = 5_000;

/** Whether the store is down or full, or has lost its connection while it wrote. */
export function isStoreOutage(error: unknown): boolean {
  if (!isCpisError(error)) return false;
  return error.code === "STORE_UNAVAILABLE" || error.code === "STORE_FULL" || error.code === "STORE_OUTCOME_UNKNOWN";
}

/** One alert for each outage, however many operations fail, and one when it is over. */
export function createStoreWatch(
  store: MessageStore,
  reports: Pick<DeliveryReports, "storeUnavailable" | "storeAvailable">,
): StoreWatch {
  const closing = new AbortController();
  let outage: Outage | undefined;
  let count = 0;

  function noteSuccess(began: number, showsRoom: boolean): void {
    if (outage === undefined || began < outage.lastFailure || (outage.isFull && !showsRoom)) return;
    outage = undefined;
    reports.storeAvailable();
  }

  function noteFailure(error: unknown): void {
    if (!isCpisError(error) || !isStoreOutage(error)) return;
    const isFull = error.code === "STORE_FULL" || outage?.isFull === true;
    const isNew = outage === undefined;
    outage = { isFull, lastFailure: (count += 1), failures: (outage?.failures ?? 0) + 1 };
    if (!isNew) return;
    reports.storeUnavailable({ code: error.code });
    void probe();
  }

  async function attempt<Result>(operation: () => Promise<Result>, showsRoom: boolean): Promise<Result> {
    const began = (count += 1);
    try {
      const result = await operation();
      noteSuccess(began, showsRoom);
      return result;
    } catch (error) {
      noteFailure(error);
      throw error;
    }
  }

  function retryMilliseconds(): number {
    return backOff(firstRetryMilliseconds, (outage?.failures ?? 0) + 1, longestRetryMilliseconds);
  }

  function pause(milliseconds: number): Promise<void> {
    return wait(milliseconds, undefined, { signal: closing.signal }).catch(() => undefined);
  }

  /** The store's return is noticed without work to do, too. */
  async function probe(): Promise<void> {
    for (
      let delay = firstRetryMilliseconds;
      outage !== undefined;
      delay = Math.min(delay * 2, longestRetryMilliseconds)
    ) {
      await pause(delay);
      if (closing.signal.aborted) return;
      const began = (count += 1);
      if ((await store.health()).kind === "ready") noteSuccess(began, false);
    }
  }

  return {
    run: (operation) => attempt(operation, false),
    runAcceptance: (operation) => attempt(operation, true),
    retryMilliseconds,
    async insist<Result>(operation: () => Promise<Result>): Promise<Result> {
      for (;;) {
        try {
          return await attempt(operation, false);
        } catch (error) {
          if (!isStoreOutage(error) || closing.signal.aborted) throw error;
          await pause(retryMilliseconds());
        }
      }
    },
    close: () => closing.abort(),
  };
}
