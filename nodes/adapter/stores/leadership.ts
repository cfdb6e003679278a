// Which of the instances that share a store does what only one of them should do.
import type { MessageStore } from "../../../lib/store/message-store.js";
import { afterDelay, type AfterDelay } from "../runtime/after-delay.js";

export interface Leadership {
  /** Never true of two instances at once. */
  isLeader(): boolean;
  /** Lets another instance follow at once. */
  stop(): Promise<void>;
}

export interface LeadershipOptions {
  /** Names this process. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that is never set. Default: that of this process. */
  monotonic?(): number;
  /** Another one follows after so long, when the leader has died without a word. Default 20,000. */
  readonly leaseMilliseconds?: number;
  /** Passed in by tests. */
  readonly after?: AfterDelay;
}

const name = "leader";
const renewMilliseconds = 5_000;
const farewellMilliseconds = 1_000;

/** A leader that cannot reach the store counts as none before its lease ends there: its own clock began earlier. */
export function createLeadership(store: MessageStore, options: LeadershipOptions): Leadership {
  const { owner, leaseMilliseconds: milliseconds = 20_000 } = options;
  const after = options.after ?? afterDelay;
  const monotonic = (): number => options.monotonic?.() ?? performance.now();
  let heldUntil = -Infinity;
  let isStopped = false;
  let cancel: (() => void) | undefined;
  let asking = ask();

  async function ask(): Promise<void> {
    const askedAt = monotonic();
    try {
      const isHeld = await store.holdLease({ name, owner, milliseconds, now: options.now() });
      heldUntil = isHeld ? askedAt + milliseconds : -Infinity;
    } catch {
      // The lease runs out by itself, here and there.
    }
    if (isStopped) return;
    cancel = after(renewMilliseconds, () => {
      asking = ask();
    });
  }

  async function giveUp(): Promise<void> {
    await asking;
    try {
      if (heldUntil > monotonic()) await store.endLease({ name, owner });
    } catch {
      // Another one follows when the lease has run out.
    }
  }

  return {
    isLeader: () => !isStopped && monotonic() < heldUntil,
    async stop(): Promise<void> {
      isStopped = true;
      cancel?.();
      // A store that hangs must not keep the flows from being deployed: then another one follows when the lease has run out.
      const { promise: tooLong, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, farewellMilliseconds, undefined);
      await Promise.race([giveUp(), tooLong]);
      clearTimeout(timer);
    },
  };
}
