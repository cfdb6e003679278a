// What no national rule forbids and hardly ever is so: rows of the wrong type, and texts that stand for no name.
import type { Subject } from "../../model.js";
import {
  isPlanType,
  isRealPlanDate,
  subjectKindOfPlan,
  type PlanToCheck,
  type WallClock,
} from "./check-upload-plan.js";
import type { RecordToCheck } from "./check-upload-record.js";
import { isRealDay, isSendableNhsNumber } from "./check-upload-subject.js";
import type { ReportFault } from "./upload-rules.js";

/** Where a local authority knows better, it may say so. */
export interface UploadPlausibility {
  /** A mother who is younger, in years, when the plan starts is worth a look. Default 12. */
  readonly youngestMother?: number;
  /** A plan of a child that starts more days before the birth is worth a look. Default 280. */
  readonly daysBeforeBirth?: number;
}

export const defaultPlausibility: Required<UploadPlausibility> = { youngestMother: 12, daysBeforeBirth: 280 };

const hasLetter = /\p{L}/u;
/** What spreadsheets and databases write for a value that is not there. */
const notAvailable = /^#?n\/a$|^#[a-z0-9/]+[!?]?$/i;
/** Names that people have, and that more often are no name. */
const emptyWord = /^(?:null|nil|none|nan|undefined|unknown|unk|tbc|tba|x{2,}|not known)$/i;
/** Invisible, and some turn the order of what follows: not the two that belong to the writing of names. */
const invisible = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;

function checkNames(subject: Subject, path: string, report: ReportFault): void {
  for (const field of ["givenName", "familyName"] as const) {
    const name = subject[field]?.trim() ?? "";
    if (name === "") continue;
    if (!hasLetter.test(name) || notAvailable.test(name)) report("upload.name-placeholder", `${path}.${field}`);
    else if (emptyWord.test(name) || /\d/.test(name)) report("upload.name-doubtful", `${path}.${field}`);
  }
  for (const field of ["localId", "givenName", "familyName"] as const) {
    if (invisible.test(subject[field] ?? "")) report("upload.text-invisible", `${path}.${field}`);
  }
}

/** "YYYY-MM-DD" so many years later; 29 February stays, and sorts between 28 February and 1 March. */
function yearsLater(day: string, years: number): string {
  return String(Number(day.slice(0, 4)) + years).padStart(4, "0") + day.slice(4);
}

/** The Julian day number of "YYYY-MM-DD" in the Gregorian calendar. */
function dayNumber(text: string): number {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  // Years that begin in March, so that the leap day is the last.
  const isEarly = month < 3;
  const years = year + 4800 - (isEarly ? 1 : 0);
  const months = month + (isEarly ? 9 : -3);
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return day + Math.floor((153 * months + 2) / 5) + 365 * years + leapDays - 32_045;
}

function daysBetween(earlier: string, later: string): number {
  return dayNumber(later) - dayNumber(earlier);
}

function birthDateOf({ birthDate }: Subject): string | undefined {
  return birthDate !== undefined && isRealDay(birthDate) ? birthDate : undefined;
}

function checkStart(
  { planType, startDate }: PlanToCheck,
  subject: Subject,
  path: string,
  plausibility: Required<UploadPlausibility>,
  report: ReportFault,
): void {
  const birthDate = birthDateOf(subject);
  if (birthDate === undefined || !isPlanType(planType) || !isRealPlanDate(startDate)) return;
  const start = startDate.slice(0, 10);
  if (subject.kind === "mother") {
    const isTooYoung = start < yearsLater(birthDate, plausibility.youngestMother);
    if (isTooYoung) report("upload.mother-too-young", `${path}.birthDate`);
  } else if (daysBetween(start, birthDate) > plausibility.daysBeforeBirth) {
    report("upload.start-before-birth", `${path}.birthDate`);
  }
}

/** Of a record for a child and its mother. */
function checkFamily(subjects: readonly Subject[], report: ReportFault): void {
  const child = subjects.find(({ kind }) => kind === "child");
  const mother = subjects.find(({ kind }) => kind === "mother");
  if (child === undefined || mother === undefined) return;
  const path = `subjects[${subjects.indexOf(mother)}]`;
  if (isSendableNhsNumber(child.nhsNumber) && child.nhsNumber === mother.nhsNumber) {
    report("upload.mother-is-the-child", `${path}.nhsNumber`);
  }
  const [ofChild, ofMother] = [birthDateOf(child), birthDateOf(mother)];
  if (ofChild !== undefined && ofMother !== undefined && ofMother >= ofChild) {
    report("upload.mother-younger-than-child", `${path}.birthDate`);
  }
}

/** Without a clock nothing is said of ends in the future. */
export function checkPlausibility(
  { plans, subjects }: RecordToCheck,
  clock: WallClock | undefined,
  settings: UploadPlausibility,
  report: ReportFault,
): void {
  const plausibility = { ...defaultPlausibility, ...settings };
  subjects.forEach((subject, index) => {
    checkNames(subject, `subjects[${index}]`, report);
  });
  checkFamily(subjects, report);
  plans.forEach((plan, index) => {
    const { planType, endDate } = plan;
    if (!isPlanType(planType)) return;
    const kind = subjectKindOfPlan[planType];
    const owner = subjects.findIndex((subject) => subject.kind === kind);
    const subject = subjects[owner];
    if (subject !== undefined) checkStart(plan, subject, `subjects[${owner}]`, plausibility, report);
    // That of an unborn child's plan is given from the start.
    const mayEndLater = kind === "mother" || clock === undefined || endDate === undefined || !isRealPlanDate(endDate);
    if (!mayEndLater && endDate > clock.now) report("upload.end-in-future", `plans[${index}].endDate`);
  });
}
