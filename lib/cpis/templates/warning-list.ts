// Gathers the warnings of a document that may have a hundred thousand records.
import type { Warn } from "./content-id.js";
import type { Warning } from "../model.js";

/** As many as a person would read. */
const maximumWarnings = 200;

export interface WarningList {
  readonly warn: Warn;
  /** The first warnings, and when there are more a last one that counts the rest. */
  all(): readonly Warning[];
}

export function createWarningList(): WarningList {
  const kept: Warning[] = [];
  let further = 0;
  return {
    warn: (warning) => {
      if (kept.length < maximumWarnings) kept.push(warning);
      else further += 1;
    },
    all: () => {
      if (further === 0) return [...kept];
      return [...kept, { code: "further-warnings", message: `There are ${further} further warnings` }];
    },
  };
}

/** Warns of something within the part that the path names. */
export function warnWithin(warn: Warn, path: string): Warn {
  return (warning) => {
    warn({ ...warning, path: warning.path === undefined ? path : `${path}/${warning.path}` });
  };
}
