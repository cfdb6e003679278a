// Lets a message be overtaken by the next one.
import type { Disturbance } from "./network-fault.js";
import { setTimeout as sleep } from "node:timers/promises";

export interface MessageOrder {
  /** Waits until another message has gone by, or so long, or until the simulator closes. */
  waitToBeOvertaken(milliseconds: number): Promise<void>;
  /** A message goes by. */
  passed(): void;
}

export function createMessageOrder(closing: AbortSignal): MessageOrder {
  const waiting = new Set<AbortController>();
  return {
    waitToBeOvertaken: async (milliseconds) => {
      const overtaken = new AbortController();
      waiting.add(overtaken);
      try {
        await sleep(milliseconds, undefined, { signal: AbortSignal.any([closing, overtaken.signal]) });
      } catch {
        // Aborted: one of the two has happened.
      } finally {
        waiting.delete(overtaken);
      }
    },
    passed: () => {
      for (const overtaken of waiting) overtaken.abort();
    },
  };
}

/** What a disturbance does to the moment of a message. Rejects when the simulator closes meanwhile. */
export async function waitForTurn(disturbance: Disturbance, order: MessageOrder, closing: AbortSignal): Promise<void> {
  const { delayMilliseconds, reorderMilliseconds } = disturbance;
  if (delayMilliseconds > 0) await sleep(delayMilliseconds, undefined, { signal: closing });
  if (reorderMilliseconds !== undefined) await order.waitToBeOvertaken(reorderMilliseconds);
  closing.throwIfAborted();
}
