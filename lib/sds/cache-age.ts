// Decides what a remembered contract is good for at its age.

export interface CacheTimes {
  /** A contract is used without asking again. Default 900,000. */
  readonly freshMilliseconds: number;
  /** Before the end of that time it is asked for again, while the old one is used. Default 180,000. */
  readonly refreshAheadMilliseconds: number;
  /** As long as a contract is used when the directory cannot be reached. Default 86,400,000. */
  readonly staleMilliseconds: number;
  /** "No record" and "several records" are believed. Default 60,000. */
  readonly negativeMilliseconds: number;
  /** After a failure, before a contract that is still usable is asked for again. Default 30,000. */
  readonly pauseMilliseconds: number;
}

export const defaultCacheTimes: CacheTimes = {
  freshMilliseconds: 900_000,
  refreshAheadMilliseconds: 180_000,
  staleMilliseconds: 86_400_000,
  negativeMilliseconds: 60_000,
  pauseMilliseconds: 30_000,
};

/**
 * "fresh": use it. "ageing": use it and ask again meanwhile. "stale": ask again, and use it only if the directory does
 * not answer. "too-old": not usable.
 */
export type CacheUse = "fresh" | "ageing" | "stale" | "too-old";

/** A clock that was set back makes a contract stale: nobody knows how old it is. */
export function cacheUse(ageMilliseconds: number, times: CacheTimes): CacheUse {
  const { freshMilliseconds, refreshAheadMilliseconds, staleMilliseconds } = times;
  if (ageMilliseconds < 0) return "stale";
  if (ageMilliseconds < freshMilliseconds - refreshAheadMilliseconds) return "fresh";
  if (ageMilliseconds < freshMilliseconds) return "ageing";
  return ageMilliseconds < staleMilliseconds ? "stale" : "too-old";
}
