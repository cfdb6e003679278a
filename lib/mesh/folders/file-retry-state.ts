// Remembers how long the files of a folder have been there, and what was tried with them.

export interface PatienceOptions {
  /** A file is ready when it has not changed for so long. */
  readonly stableMilliseconds: number;
  now(): number;
}

/** "given-up": tried often enough; looked at again when it changes, or tomorrow. */
export type Readiness = "unsettled" | "ready" | "given-up";

export interface Patience {
  /** Forgets all files but these. */
  keepOnly(names: readonly string[]): void;
  /** `signature` changes when the file, or what belongs to it, does. */
  readinessOf(name: string, signature: string): Readiness;
  /** Whether it has been there for so long, and that is to be told: once, and again each day. */
  isOver(name: string, milliseconds: number): boolean;
  /** Notes that it could not be taken. Gives whether that is to be told. */
  failed(name: string): boolean;
}

interface Seen {
  readonly firstAt: number;
  signature?: string;
  /** Since when it has this signature. */
  stableSince: number;
  failures: number;
  lastFailureAt: number;
  toldAt: number | undefined;
}

const maximumFailures = 3;
const againMilliseconds = 24 * 60 * 60 * 1000;

export function createPatience(options: PatienceOptions): Patience {
  const { stableMilliseconds } = options;
  const now = (): number => options.now();
  const files = new Map<string, Seen>();

  function see(name: string): Seen {
    const at = now();
    const seen = files.get(name) ?? { firstAt: at, stableSince: at, failures: 0, lastFailureAt: at, toldAt: undefined };
    files.set(name, seen);
    return seen;
  }

  function isToBeTold(seen: Seen): boolean {
    const at = now();
    if (seen.toldAt !== undefined && at - seen.toldAt < againMilliseconds) return false;
    seen.toldAt = at;
    return true;
  }

  return {
    keepOnly(names): void {
      const present = new Set(names);
      for (const name of files.keys()) if (!present.has(name)) files.delete(name);
    },
    readinessOf(name, signature): Readiness {
      const seen = see(name);
      if (seen.signature !== signature) {
        Object.assign(seen, { signature, stableSince: now(), failures: 0, toldAt: undefined });
      }
      if (now() - seen.stableSince < stableMilliseconds) return "unsettled";
      const isGivenUp = seen.failures >= maximumFailures && now() - seen.lastFailureAt < againMilliseconds;
      return isGivenUp ? "given-up" : "ready";
    },
    isOver(name, milliseconds): boolean {
      const seen = see(name);
      return now() - seen.firstAt >= milliseconds && isToBeTold(seen);
    },
    failed(name): boolean {
      const seen = see(name);
      seen.failures += 1;
      seen.lastFailureAt = now();
      return isToBeTold(seen);
    },
  };
}
