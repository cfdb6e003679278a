// Decides when to warn that the mailbox is not looked into, or that messages lie in it too long: after five days MESH
// takes them away.
import type { MeshEvents } from "./model.js";

type Warning = MeshEvents["warning"][0];

export interface PollAlarms {
  /** The inbox was listed. */
  listed(messageIds: readonly string[], now: number): readonly Warning[];
  /** It could not be listed. */
  failed(now: number): readonly Warning[];
}

const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;
const oldMilliseconds = 2 * dayMilliseconds;

/** Ids of the real service begin with the time, UTC; others say nothing. */
function timeOf(messageId: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\d{3,6}_[0-9A-F]{6}$/i.exec(messageId);
  if (parts === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `startedAt`: from when on nothing was listed yet. */
export function createPollAlarms(startedAt: number): PollAlarms {
  let listedAt = startedAt;
  let hasWarnedOfHour = false;
  let warnedOfDayAt: number | undefined;
  let warnedOfOldAt: number | undefined;

  const isDue = (warnedAt: number | undefined, now: number): boolean =>
    warnedAt === undefined || now - warnedAt >= dayMilliseconds;

  return {
    listed(messageIds, now): readonly Warning[] {
      listedAt = now;
      hasWarnedOfHour = false;
      warnedOfDayAt = undefined;
      const old = messageIds.find((id) => now - (timeOf(id) ?? now) > oldMilliseconds);
      if (old === undefined || !isDue(warnedOfOldAt, now)) return [];
      warnedOfOldAt = now;
      const message = "A message has lain in the mailbox for more than two days; after five MESH takes it away";
      return [{ code: "OLD_MESSAGE_IN_INBOX", message, messageId: old }];
    },
    failed(now): readonly Warning[] {
      const milliseconds = now - listedAt;
      if (milliseconds >= dayMilliseconds && isDue(warnedOfDayAt, now)) {
        warnedOfDayAt = now;
        hasWarnedOfHour = true;
        const hours = Math.floor(milliseconds / hourMilliseconds);
        const message = `The mailbox could not be looked into for ${hours} hours: notifications are lost after five days`;
        return [{ code: "NOT_POLLED_FOR_A_DAY", message }];
      }
      if (milliseconds < hourMilliseconds || hasWarnedOfHour) return [];
      hasWarnedOfHour = true;
      return [{ code: "NOT_POLLED_FOR_AN_HOUR", message: "The mailbox could not be looked into for an hour" }];
    },
  };
}
