// Notices when the message store fails and when it works again, and tries again what must be written down.
import { setTimeout as wait } from "node:timers/promises";
import type { EventEmitter } from "node:events";
import { isCpisError } from "../errors.js";
import type { MhsEvents } from "./model.js";

export interface StoreWatch {
  /** Runs one operation and notes how the store is. Throws what it throws. */
  run<Result>(operation: () => Promise<Result>): Promise<Result>;
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

const firstRetryMilliseconds = 50;
const longestRetryMilliseconds = 5_000;

/** Whether the store is down or full, or has lost its connection while it wrote. */
export function isStoreOutage(error: unknown): boolean {
  if (!isCpisError(error)) return false;
  return error.code === "STORE_UNAVAILABLE" || error.code === "STORE_FULL" || error.code === "STORE_OUTCOME_UNKNOWN";
}

export function createStoreWatch(events: EventEmitter<MhsEvents>): StoreWatch {
  const closing = new AbortController();
  let failures = 0;

  async function run<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      const result = await operation();
      if (failures > 0) {
        failures = 0;
        events.emit("storeAvailable");
      }
      return result;
    } catch (error) {
      if (isCpisError(error) && isStoreOutage(error)) {
        failures += 1;
        if (failures === 1) events.emit("storeUnavailable", { code: error.code });
      }
      throw error;
    }
  }

  function retryMilliseconds(): number {
    return Math.min(firstRetryMilliseconds * 2 ** Math.min(failures, 10), longestRetryMilliseconds);
  }

  return {
    run,
    retryMilliseconds,
    async insist<Result>(operation: () => Promise<Result>): Promise<Result> {
      for (;;) {
        try {
          return await run(operation);
        } catch (error) {
          if (!isStoreOutage(error) || closing.signal.aborted) throw error;
          await wait(retryMilliseconds(), undefined, { signal: closing.signal }).catch(() => undefined);
        }
      }
    },
    close: () => closing.abort(),
  };
}
