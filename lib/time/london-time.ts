// What the clocks in England show: the dates of plans are wall clock dates.

const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** `today` as "2026-03-02", `now` as "2026-03-02T10:15". */
export function wallClock(epochMilliseconds: number): { readonly today: string; readonly now: string } {
  const parts = new Map(format.formatToParts(epochMilliseconds).map(({ type, value }) => [type, value]));
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const today = `${of("year")}-${of("month")}-${of("day")}`;
  return { today, now: `${today}T${of("hour")}:${of("minute")}` };
}

/**
 * How far the clocks in England are ahead of UTC when they show `time`, "2026-03-02T10:15". The hour that comes twice in
 * October is taken as its second time, and the one that never comes in March as winter time.
 */
export function londonOffset(time: string): "+00:00" | "+01:00" {
  const asIfUtc = Date.parse(`${time}Z`);
  if (wallClock(asIfUtc).now === time) return "+00:00";
  return wallClock(asIfUtc - 3_600_000).now === time ? "+01:00" : "+00:00";
}
