// How a user's rows say what ours say: names of columns, words for types of plan, forms of dates.
import type { PlanType } from "../../model.js";

/** The fields of a flat row: one plan, and the person it is about. */
export const uploadFields = [
  "nhsNumber",
  "localId",
  "localIdAuthority",
  "birthDate",
  "givenName",
  "familyName",
  "planType",
  "startDate",
  "endDate",
  "deleteDate",
] as const;

export type UploadField = (typeof uploadFields)[number];

/** Everything may be left out: then a row has our own names, and dates as they are written in England. */
export interface UploadMapping {
  /** Our field, and the name of the column that holds it. Case, blanks, underscores and hyphens do not count. */
  readonly columns?: Readonly<Partial<Record<UploadField, string>>>;
  /** The user's own words for types of plan; case and blanks do not count. The usual words are known without. */
  readonly planTypes?: Readonly<Record<string, PlanType>>;
  /**
   * What 3/11/2025 is: "day-first" 3 November (default), "month-first" 11 March, "iso" refused. Dates that begin with
   * the year are read with each.
   */
  readonly dateForm?: "day-first" | "month-first" | "iso";
  /** What to do with a date that names a time zone: "refuse" (default), or take its digits and leave the zone. */
  readonly timeZones?: "refuse" | "keep-digits";
  /** Which digits of a JavaScript Date count: those of this process's time zone (default), or those in UTC. */
  readonly dateObjects?: "local" | "utc";
}
