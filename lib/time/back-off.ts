// How long to wait before the next try, and how long a timer can run.

/** A longer timer of Node.js fires at once. */
export const longestTimerMilliseconds = 2 ** 31 - 1;

/** The first pause, doubled with each failure after the first, up to the longest. */
export function backOff(firstMilliseconds: number, failures: number, longestMilliseconds = Infinity): number {
  return Math.min(firstMilliseconds * 2 ** Math.max(0, failures - 1), longestMilliseconds);
}
