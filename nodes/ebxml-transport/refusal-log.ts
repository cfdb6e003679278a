// Tells of refused requests without flooding the log: whoever can reach the listener could fill a disk otherwise.

export interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
  readonly remoteAddress: string;
  readonly code?: string;
}

interface ReasonCount {
  toldAt: number;
  untold: number;
}

const quietMilliseconds = 60_000;

/**
 * Gives a function that writes the first refusal of each reason, and then at most one line a minute with the number of
 * those between.
 */
export function createRefusalLog(write: (text: string) => void, now: () => number): (refusal: Refusal) => void {
  const counts = new Map<string, ReasonCount>();
  return ({ httpStatus, reason, remoteAddress, code }) => {
    const at = now();
    const count = counts.get(reason);
    if (count !== undefined && at - count.toldAt < quietMilliseconds) {
      count.untold += 1;
      return;
    }
    const untold = count === undefined || count.untold === 0 ? "" : ` (and ${count.untold} more since the last line)`;
    counts.set(reason, { toldAt: at, untold: 0 });
    write(
      ["refused", httpStatus, reason, ...(code === undefined ? [] : [code]), `${remoteAddress}${untold}`].join(" "),
    );
  };
}
