// Plan dates: twelve digits of wall clock time, never shifted.
import { isCalendarDate } from "../../hl7v3/timestamp.js";
import type { PlanDate } from "../model.js";

const planDatePattern =
  /^((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:([01][0-9]|2[0-3])([0-5][0-9])(?:[0-5][0-9])?)?(?:[+-][0-9]{2}(?:[0-9]{2})?)?$/;

/** "2025-11-03T09:00" as "202511030900". */
export function formatPlanDate(date: PlanDate): string {
  return date.replace(/[-T:]/g, "");
}

/**
 * Reads 8, 12 or 14 digits and ignores seconds and zone; without a time it is 00:00. Undefined for text that is no day
 * of the years 1900 to 2099.
 */
export function parsePlanDate(text: string): PlanDate | undefined {
  const match = planDatePattern.exec(text.trim());
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour = "00", minute = "00"] = match;
  if (!isCalendarDate(Number(year), Number(month), Number(day))) return undefined;
  return `${year}-${month}-${day}T${hour}:${minute}`;
}
