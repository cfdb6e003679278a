// Timers that go off when the test says so.
import type { AfterDelay } from "../../../../nodes/adapter/runtime/after-delay.js";

export interface ManualTimer {
  readonly after: AfterDelay;
  /** Of every timer that was set. */
  readonly delays: number[];
  isSet(): boolean;
  /** Sets off the timer and lets what it began come to rest. */
  goOff(): Promise<void>;
}

export function createManualTimer(): ManualTimer {
  const delays: number[] = [];
  let callback: (() => void) | undefined;
  return {
    delays,
    after: (milliseconds, next) => {
      delays.push(milliseconds);
      callback = next;
      return () => (callback = undefined);
    },
    isSet: () => callback !== undefined,
    async goOff(): Promise<void> {
      const due = callback;
      callback = undefined;
      due?.();
      for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
