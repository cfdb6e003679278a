// Times, durations and outcomes in words, and the signs that go with them.
import type { LogOutcome } from "../../../lib/services/message-log/message-log-model.js";
import type { Translate } from "./host.js";

export interface Words {
  readonly _: Translate;
  shortTime(at: number): string;
  fullTime(at: number): string;
  exactTime(at: number): string;
  duration(milliseconds: number): string;
  number(value: number): string;
}

const stateIcons: Readonly<Record<string, string>> = {
  queued: "fa-clock-o",
  sending: "fa-paper-plane-o",
  "awaiting-acknowledgement": "fa-hourglass-half",
  "awaiting-response": "fa-hourglass-half",
  completed: "fa-circle-o",
  failed: "fa-times-circle",
  expired: "fa-calendar-times-o",
  held: "fa-pause-circle",
  received: "fa-inbox",
  delivered: "fa-share-square-o",
  confirmed: "fa-circle-o",
  rejected: "fa-ban",
};
/** A message that arrived is not yet an upload that was loaded: no state of a message is "good". */
const stateTones: Readonly<Record<string, LogOutcome["tone"]>> = {
  completed: "neutral",
  confirmed: "neutral",
  failed: "bad",
  expired: "bad",
  rejected: "bad",
  held: "warn",
};
const outcomeIcons: Readonly<Record<LogOutcome["kind"], string>> = {
  found: "fa-id-card-o",
  "not-found": "fa-circle-o",
  failed: "fa-times-circle",
  accepted: "fa-check-circle",
  "partly-accepted": "fa-exclamation-triangle",
  refused: "fa-times-circle",
  "file-refused": "fa-times-circle",
  unclear: "fa-question-circle",
  waiting: "fa-hourglass-half",
  held: "fa-pause-circle",
  answered: "fa-reply",
  sent: "fa-arrow-right",
  taken: "fa-check-circle",
  "set-aside": "fa-ban",
};

export const states: readonly string[] = Object.keys(stateIcons);

export function stateIcon(state: string): string {
  return stateIcons[state] ?? "fa-circle-o";
}

export function stateTone(state: string): LogOutcome["tone"] {
  return stateTones[state] ?? "open";
}

export function outcomeIcon({ kind, tone }: LogOutcome): string {
  return kind === "taken" && tone !== "good" ? "fa-inbox" : outcomeIcons[kind];
}

export function createWords(_: Translate): Words {
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const timeOnly = new Intl.DateTimeFormat(undefined, { ...clock, second: "2-digit" });
  const dayAndTime = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...clock });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
  const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
  const isToday = (at: number): boolean => new Date(at).toDateString() === new Date().toDateString();

  return {
    _,
    shortTime: (at) => (isToday(at) ? timeOnly : dayAndTime).format(at),
    fullTime: (at) => full.format(at),
    exactTime: (at) => `${timeOnly.format(at)}.${String(new Date(at).getMilliseconds()).padStart(3, "0")}`,
    duration(milliseconds): string {
      const seconds = milliseconds / 1000;
      if (milliseconds < 1000) return _("duration.milliseconds", { n: Math.round(milliseconds) });
      if (seconds < 60) return _("duration.seconds", { n: decimal.format(seconds) });
      if (seconds < 3600) return _("duration.minutes", { n: Math.floor(seconds / 60) });
      if (seconds < 172800) return _("duration.hours", { n: decimal.format(seconds / 3600) });
      return _("duration.days", { n: Math.floor(seconds / 86400) });
    },
    number: (value) => decimal.format(value),
  };
}
