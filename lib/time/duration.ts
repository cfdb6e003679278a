// Reads the durations of contract properties: ISO 8601, as far as they have a fixed length.
import { CpisError } from "../errors.js";

const secondMilliseconds = 1000;
const minuteMilliseconds = 60 * secondMilliseconds;
const hourMilliseconds = 60 * minuteMilliseconds;
const dayMilliseconds = 24 * hourMilliseconds;
const weekMilliseconds = 7 * dayMilliseconds;

/** Nine digits at most: no sum of them leaves the range of exact numbers. */
const amount = "(\\d{1,9}(?:[.,]\\d{1,9})?)";
const weeksPattern = new RegExp(`^P${amount}W$`);
const datePattern = new RegExp(
  `^P(?:${amount}Y)?(?:${amount}M)?(?:${amount}D)?(?:T(?:${amount}H)?(?:${amount}M)?(?:${amount}S)?)?$`,
);

function refuse(detail: string): never {
  throw new CpisError("CONFIG_CONTRACT", { detail });
}

function readAmount(text: string | undefined): number {
  return text === undefined ? 0 : Number(text.replace(",", "."));
}

/** The typings do not say that a group may be missing. */
function components(match: RegExpExecArray): readonly string[] {
  const groups: readonly (string | undefined)[] = match.slice(1);
  return groups.filter((group) => group !== undefined);
}

/** Only the last component may have a fraction (ISO 8601-1, 5.5.2.3). */
function refuseInnerFraction(present: readonly string[]): void {
  if (present.slice(0, -1).some((component) => /[.,]/.test(component))) {
    refuse("only the last component of a duration may have a fraction");
  }
}

/**
 * Reads an ISO 8601 duration such as "PT1M", "PT2H30M", "P1DT12H", "PT0.5S" or "P1W".
 * Gives milliseconds, rounded to whole ones. Years and months are refused unless zero: their length is not fixed.
 * Throws CONFIG_CONTRACT.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const weeks = weeksPattern.exec(trimmed);
  if (weeks !== null) return Math.round(readAmount(weeks[1]) * weekMilliseconds);

  const match = datePattern.exec(trimmed);
  if (match === null) return refuse("a duration is not in the form of ISO 8601");
  const present = components(match);
  if (present.length === 0 || trimmed.endsWith("T")) return refuse("a duration has no component");
  refuseInnerFraction(present);
  const [, years, months, days, hours, minutes, seconds] = match;
  if (readAmount(years) + readAmount(months) > 0) return refuse("a duration in years or months has no fixed length");
  return Math.round(
    readAmount(days) * dayMilliseconds +
      readAmount(hours) * hourMilliseconds +
      readAmount(minutes) * minuteMilliseconds +
      readAmount(seconds) * secondMilliseconds,
  );
}
