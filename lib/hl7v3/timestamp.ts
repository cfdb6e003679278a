// HL7 timestamps (TS): written from milliseconds, read with any precision.
import type { Hl7Time } from "./values.js";

const timestampPattern = /^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\.\d+)?(?:([+-])(\d{2})(\d{2})?)?$/;
const millisecondsPerMinute = 60_000;
const millisecondsPerDay = 86_400_000;

interface TimestampParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** With its point, as in ".25". */
  readonly fraction: string;
  /** How many of the fields from year to second were given. */
  readonly fields: number;
  readonly offsetMinutes: number | undefined;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Days of the month, 1 to 12, in the Gregorian calendar. */
function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Whether such a day exists: month 1 to 12, day 1 to the last of that month. */
export function isCalendarDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function readOffsetMinutes(sign: string | undefined, hours: string | undefined, minutes: string | undefined) {
  if (sign === undefined) return undefined;
  const size = Number(hours) * 60 + Number(minutes ?? "0");
  return sign === "-" ? -size : size;
}

function readParts(text: string): TimestampParts | undefined {
  const match = timestampPattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match;
  if (fraction !== undefined && second === undefined) return undefined;
  const parts: TimestampParts = {
    year: Number(year),
    month: Number(month ?? "1"),
    day: Number(day ?? "1"),
    hour: Number(hour ?? "0"),
    minute: Number(minute ?? "0"),
    second: Number(second ?? "0"),
    fraction: fraction ?? "",
    fields: [year, month, day, hour, minute, second].filter((field) => field !== undefined).length,
    offsetMinutes: readOffsetMinutes(sign, offsetHours, offsetMinutes),
  };
  const isReal =
    isCalendarDate(parts.year, parts.month, parts.day) &&
    parts.hour <= 23 &&
    parts.minute <= 59 &&
    parts.second <= 59 &&
    Math.abs(parts.offsetMinutes ?? 0) <= 14 * 60 &&
    Number(offsetMinutes ?? "0") <= 59;
  return isReal ? parts : undefined;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function isoZone(offsetMinutes: number | undefined): string {
  if (offsetMinutes === undefined) return "";
  if (offsetMinutes === 0) return "Z";
  const size = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? "-" : "+"}${padded(Math.floor(size / 60), 2)}:${padded(size % 60, 2)}`;
}

function toIso(parts: TimestampParts): string {
  const date = [padded(parts.year, 4), padded(parts.month, 2), padded(parts.day, 2)];
  if (parts.fields <= 3) return date.slice(0, parts.fields).join("-");
  const time = [padded(parts.hour, 2), padded(parts.minute, 2), padded(parts.second, 2)];
  const shown = time.slice(0, Math.max(2, parts.fields - 3)).join(":");
  return `${date.join("-")}T${shown}${parts.fraction}${isoZone(parts.offsetMinutes)}`;
}

/** Days from 1970-01-01 to a Gregorian date; Howard Hinnant, "chrono-compatible low-level date algorithms". */
function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** "yyyyMMdd" of the day that many days after 1970-01-01; the inverse of daysFromCivil, of the same source. */
function formatCivilDay(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return padded(year, 4) + padded(month, 2) + padded(day, 2);
}

/** Writes "yyyyMMddHHmmss+0000" from milliseconds since 1970; years 0 to 9999. */
export function formatTimestamp(epochMilliseconds: number): string {
  const days = Math.floor(epochMilliseconds / millisecondsPerDay);
  const seconds = Math.floor((epochMilliseconds - days * millisecondsPerDay) / 1000);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${formatCivilDay(days)}${time.map((field) => padded(field, 2)).join("")}+0000`;
}

/** The moment, to the second, as it is sent: in UTC, with its zone. */
export function hl7TimeAt(epochMilliseconds: number): Hl7Time {
  return parseHl7Time(formatTimestamp(epochMilliseconds));
}

/**
 * Reads 4 to 14 digits in pairs, an optional fraction of the second and an optional zone. Nothing is converted; text
 * that is no real time has no `iso`.
 */
export function parseHl7Time(text: string): Hl7Time {
  const raw = text.trim();
  const parts = readParts(raw);
  if (parts === undefined) return { raw, zone: /[+-]\d{1,4}$/.test(raw) ? "explicit" : "none" };
  return { raw, iso: toIso(parts), zone: parts.offsetMinutes === undefined ? "none" : "explicit" };
}

/**
 * Milliseconds since 1970 to sort by, or undefined for text that is no real time. A time without zone counts as UTC:
 * in the one reply known, the same event stands once with +0000 and once without, with the same digits in summer.
 */
export function sortableMilliseconds(time: Hl7Time): number | undefined {
  const parts = readParts(time.raw);
  if (parts === undefined) return undefined;
  const minutes = parts.hour * 60 + parts.minute - (parts.offsetMinutes ?? 0);
  const seconds = parts.second + Number(`0${parts.fraction}`);
  return (
    daysFromCivil(parts.year, parts.month, parts.day) * millisecondsPerDay +
    minutes * millisecondsPerMinute +
    seconds * 1000
  );
}
