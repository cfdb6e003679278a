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
