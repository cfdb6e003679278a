// Decides when a condition is raised and when it is cleared: once each, however often it is looked at.
import { definedOnly } from "../../lib/defined-only.js";

export const conditions = [
  "queue-stuck",
  "peer-unreachable",
  "dead-letters",
  "certificate-ends",
  "unconfirmed-deliveries",
  "no-response",
  "pruning-failed",
  "store-unavailable",
  "node-failed",
  "upload-failed",
  "no-upload",
  "stranded-work",
  "refused-peers",
  "dropped-connections",
  "contradicted",
  "clock-skew",
] as const;
export type Condition = (typeof conditions)[number];

export const sourceKinds = ["transport", "store", "node", "owner"] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** What a condition is of, by its name. "owner": the identity of work that no transport has. */
export interface Source {
  readonly kind: SourceKind;
  readonly label: string;
}

export interface Reading {
  readonly condition: Condition;
  readonly source: Source;
  /** Undefined while nobody knows, as while a transport opens: then nothing changes. */
  readonly value: number | undefined;
  readonly code?: string;
}

export interface Rule {
  /** Raised at this value, and beyond it. */
  readonly raise: number;
  /** Cleared only past this one, which is on the better side of it. */
  readonly clear: number;
  /** Less is worse, as of days left. */
  readonly isBelow: boolean;
}

export type Rules = Readonly<Partial<Record<Condition, Rule>>>;

export interface Alert {
  readonly condition: Condition;
  readonly source: Source;
  readonly state: "raised" | "cleared";
  /** Milliseconds since 1970: when the condition was first seen. */
  readonly since: number;
  /** The last one that was read; absent when the source is gone or the condition is not watched any more. */
  readonly value?: number;
  readonly threshold?: number;
  readonly code?: string;
}

/** A condition that is raised. */
export interface BookEntry {
  readonly condition: Condition;
  readonly source: Source;
  readonly since: number;
  readonly code: string | undefined;
  goodSince: number | undefined;
  absentSince: number | undefined;
}

/** A transport that was removed is gone for good after this time; a redeploy takes seconds. */
const goneMilliseconds = 3_600_000;

function keyOf({ condition, source }: Pick<Reading, "condition" | "source">): string {
  return JSON.stringify([condition, source.kind, source.label]);
}

function isBad(value: number, { raise, isBelow }: Rule): boolean {
  return isBelow ? value <= raise : value >= raise;
}

function isGood(value: number, { clear, isBelow }: Rule): boolean {
  return isBelow ? value > clear : value < clear;
}

/** What was raised and not cleared yet. It outlives the node that uses it, so that a redeploy repeats nothing. */
export class AlertBook {
  private readonly entries = new Map<string, BookEntry>();

  /** `entries`: of a book that was kept. */
  constructor(entries: readonly BookEntry[] = []) {
    for (const entry of entries) this.entries.set(keyOf(entry), { ...entry });
  }

  /** To be kept. */
  get open(): readonly BookEntry[] {
    return [...this.entries.values()];
  }

  get raised(): number {
    return this.entries.size;
  }

  /** `now` in milliseconds since 1970. A condition is cleared once it has been good for `clearMilliseconds`. */
  look(readings: readonly Reading[], rules: Rules, clearMilliseconds: number, now: number): readonly Alert[] {
    const present = new Set(readings.map(keyOf));
    const alerts = readings.flatMap((reading) => {
      const rule = rules[reading.condition];
      return rule === undefined ? [] : this.judge(reading, rule, clearMilliseconds, now);
    });
    return [...alerts, ...this.forget(present, rules, now)];
  }

  private judge(reading: Reading, rule: Rule, clearMilliseconds: number, now: number): readonly Alert[] {
    const { condition, source, value, code } = reading;
    const key = keyOf(reading);
    const entry = this.entries.get(key);
    if (entry !== undefined) entry.absentSince = undefined;
    if (value === undefined) return [];
    const told = { condition, source, value, threshold: rule.raise };
    if (entry === undefined) {
      if (!isBad(value, rule)) return [];
      this.entries.set(key, { condition, source, since: now, code, goodSince: undefined, absentSince: undefined });
      return [{ ...told, state: "raised", since: now, ...definedOnly({ code }) }];
    }
    if (!isGood(value, rule)) {
      entry.goodSince = undefined;
      return [];
    }
    entry.goodSince ??= now;
    if (now - entry.goodSince < clearMilliseconds) return [];
    this.entries.delete(key);
    return [{ ...told, state: "cleared", since: entry.since, ...definedOnly({ code: entry.code }) }];
  }

  /** What nobody tells of any more is cleared, so that no alert stays open for ever. */
  private forget(present: ReadonlySet<string>, rules: Rules, now: number): readonly Alert[] {
    const cleared: Alert[] = [];
    for (const [key, entry] of [...this.entries]) {
      const { condition, source, since } = entry;
      if (!present.has(key)) entry.absentSince ??= now;
      const isGone = entry.absentSince !== undefined && now - entry.absentSince >= goneMilliseconds;
      if (rules[condition] !== undefined && !isGone) continue;
      this.entries.delete(key);
      cleared.push({ condition, source, state: "cleared", since });
    }
    return cleared;
  }
}
