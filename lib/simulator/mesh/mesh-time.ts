// Shows and reads points in time as MESH writes them, and keeps a clock that can skip days.
import { invalid } from "../json-fields.js";

/** `yyyyMMddHHmm` (12), `yyyyMMddHHmmss` (14) or with milliseconds (17). `at` in milliseconds since 1970. */
export function meshDigits(at: number, length: 12 | 14 | 17): string {
  return new Date(at).toISOString().replace(/\D/g, "").slice(0, length);
}

/** Milliseconds since 1970 of `yyyyMMddHHmm`; undefined when there is no such minute. */
export function parseMeshMinute(digits: string): number | undefined {
  const fields = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(digits);
  if (fields === null) return undefined;
  const at = Date.parse(`${fields.slice(1, 4).join("-")}T${fields.slice(4, 6).join(":")}Z`);
  return Number.isNaN(at) || meshDigits(at, 12) !== digits ? undefined : at;
}

export interface MeshClock {
  /** Milliseconds since 1970, with all days that were skipped. */
  now(): number;
}

export interface SkippingClock extends MeshClock {
  /** Throws CONFIG_INVALID for less than 0 or more than a century in all. */
  skip(milliseconds: number): void;
}

const centuryMilliseconds = 36_525 * 24 * 3_600_000;

export function createSkippingClock(host: MeshClock): SkippingClock {
  let skipped = 0;
  return {
    now: () => host.now() + skipped,
    skip: (milliseconds) => {
      const isFit = milliseconds >= 0 && skipped + milliseconds <= centuryMilliseconds;
      if (!isFit) throw invalid("milliseconds", "must be from 0 to a century in all");
      skipped += milliseconds;
    },
  };
}
