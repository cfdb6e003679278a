// Reads dates and times in the forms in which people and systems in England write them.
import { isCalendarDate } from "../../../hl7v3/timestamp.js";
import type { PlanDate } from "../../model.js";
import { parsePlanDate } from "../../templates/plan-date.js";
import type { UploadMapping } from "./upload-mapping.js";

/** `date` as "YYYY-MM-DDTHH:mm"; without a time it is 00:00. Seconds are left out. */
export type WrittenDate =
  | { readonly kind: "date"; readonly date: PlanDate }
  | { readonly kind: "not-understood" | "two-digit-year" | "time-zone" | "not-real" };

type DateSettings = Pick<UploadMapping, "dateForm" | "timeZones" | "dateObjects">;

interface Day {
  readonly year: string;
  readonly month: number;
  readonly day: number;
}

const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/;
const yearLast = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/;
const monthInWords = /^(\d{1,2})(?:st|nd|rd|th)?[ /-]([a-z]{3,9})\.?,?[ /-](\d{4}|\d{2})(?!\d)/i;
const zone = "Z|UTC|GMT|BST|[+-][0-9]{2}(?::?[0-9]{2})?";
const digitsOnly = new RegExp(`^((?:19|20)(?:[0-9]{6}|[0-9]{10}|[0-9]{12}))(?:\\.[0-9]+)?(${zone})?$`, "i");
const afterDay = new RegExp(
  "^(?:(?:T|, ?| at | )([0-9]{1,2})(?:[:.]([0-9]{2})(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?)?(?: ?([ap])\\.?m\\.?)?)?" +
    `(?: ?(${zone}))?$`,
  "i",
);
const longestText = 64;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const monthNames = [
  ...["january", "february", "march", "april", "may", "june"],
  ...["july", "august", "september", "october", "november", "december"],
];

function monthOf(word: string): number {
  const lower = word.toLowerCase();
  if (lower === "sept") return 9;
  return (lower.length === 3 ? months : monthNames).indexOf(lower) + 1;
}

function readDay(text: string, form: DateSettings["dateForm"]): (Day & { readonly length: number }) | undefined {
  const iso = yearFirst.exec(text);
  if (iso !== null) {
    return { year: iso[1] ?? "", month: Number(iso[3]), day: Number(iso[4]), length: iso[0].length };
  }
  const words = monthInWords.exec(text);
  if (words !== null) {
    const month = monthOf(words[2] ?? "");
    return month === 0 ? undefined : { year: words[3] ?? "", month, day: Number(words[1]), length: words[0].length };
  }
  const numbers = form === "iso" ? null : yearLast.exec(text);
  if (numbers === null) return undefined;
  const [first, second] = [Number(numbers[1]), Number(numbers[3])];
  const [day, month] = form === "month-first" ? [second, first] : [first, second];
  return { year: numbers[4] ?? "", month, day, length: numbers[0].length };
}

interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly hasZone: boolean;
}

/** Undefined for text that is no time at all; an hour that no clock shows is NaN. */
function readTime(text: string): TimeOfDay | undefined {
  const match = afterDay.exec(text);
  if (match === null) return undefined;
  const [, hourText, minuteText, half, zoneText] = match;
  const hasZone = zoneText !== undefined;
  if (hourText === undefined) return { hour: 0, minute: 0, hasZone };
  // "3 Nov 2025 9" may be anything; "9 am" is a time.
  if (minuteText === undefined && half === undefined) return undefined;
  const [hour, minute] = [Number(hourText), Number(minuteText ?? "0")];
  if (half === undefined) return { hour, minute, hasZone };
  if (hour < 1 || hour > 12) return { hour: Number.NaN, minute, hasZone };
  return { hour: (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0), minute, hasZone };
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}

function dateOf({ year, month, day }: Day, hour: number, minute: number): WrittenDate {
  const isReal =
    /^(?:19|20)[0-9]{2}$/.test(year) && isCalendarDate(Number(year), month, day) && hour <= 23 && minute <= 59;
  if (!isReal) return { kind: "not-real" };
  return { kind: "date", date: `${year}-${padded(month)}-${padded(day)}T${padded(hour)}:${padded(minute)}` };
}

/**
 * Whoever writes a zone may have converted: midnight of 1 July in the UK is 23:00Z of 30 June. To keep those digits
 * would move a plan by a day, and to convert is never allowed; so the date is refused, in winter as in summer, unless
 * a user who knows the system that wrote it has said that its digits are the wall clock's.
 */
function withoutZone(read: WrittenDate, hasZone: boolean, settings: DateSettings): WrittenDate {
  return hasZone && read.kind === "date" && settings.timeZones !== "keep-digits" ? { kind: "time-zone" } : read;
}

function readDigits(digits: string): WrittenDate {
  const date = parsePlanDate(digits);
  return date === undefined ? { kind: "not-real" } : { kind: "date", date };
}

function readText(text: string, settings: DateSettings): WrittenDate {
  if (text.length > longestText) return { kind: "not-understood" };
  const digits = digitsOnly.exec(text);
  if (digits !== null) return withoutZone(readDigits(digits[1] ?? ""), digits[2] !== undefined, settings);
  const day = readDay(text, settings.dateForm);
  const time = day === undefined ? undefined : readTime(text.slice(day.length));
  if (day === undefined || time === undefined) return { kind: "not-understood" };
  // Excel's short form: 25 may be 1925 or 2025, and 3/11/25 may begin with the year.
  if (day.year.length === 2) return { kind: "two-digit-year" };
  return withoutZone(dateOf(day, time.hour, time.minute), time.hasZone, settings);
}

interface DateObject {
  getFullYear(): number;
  getMonth(): number;
  getDate(): number;
  getHours(): number;
  getMinutes(): number;
  getUTCFullYear(): number;
  getUTCMonth(): number;
  getUTCDate(): number;
  getUTCHours(): number;
  getUTCMinutes(): number;
}

/** Also of another realm, as those of a function node are. */
function isDateObject(value: unknown): value is DateObject {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/**
 * A Date made in this process shows the wall clock in the process's own zone, however the zone is set: so it is with
 * the drivers of databases, unless they are told to give UTC.
 */
function readDateObject(value: DateObject, digits: DateSettings["dateObjects"]): WrittenDate {
  const [year, month, day, hour, minute] =
    digits === "utc"
      ? [value.getUTCFullYear(), value.getUTCMonth(), value.getUTCDate(), value.getUTCHours(), value.getUTCMinutes()]
      : [value.getFullYear(), value.getMonth(), value.getDate(), value.getHours(), value.getMinutes()];
  if (Number.isNaN(year)) return { kind: "not-real" };
  return dateOf({ year: String(year), month: month + 1, day }, hour, minute);
}

/** Takes text, a number such as 20251103, or a Date. Anything else is not understood; Excel's day numbers neither. */
export function readWrittenDate(value: unknown, settings: DateSettings): WrittenDate {
  if (typeof value === "string") return readText(value.trim().replace(/\s+/g, " "), settings);
  if (typeof value === "number") return readText(String(value), settings);
  return isDateObject(value) ? readDateObject(value, settings.dateObjects) : { kind: "not-understood" };
}
