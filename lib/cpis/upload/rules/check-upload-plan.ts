// The rules for one plan of an upload: its type and its dates.
import { isCalendarDate } from "../../../hl7v3/timestamp.js";
import type { PlanDate, PlanType } from "../../model.js";
import type { ReportFault } from "./upload-rules.js";

/** The day and the moment in the UK: "YYYY-MM-DD" and "YYYY-MM-DDTHH:mm". */
export interface WallClock {
  readonly today: string;
  readonly now: string;
}

/** A plan whose words have not been judged: any UploadPlan is one. */
export interface PlanToCheck {
  readonly planType: string;
  readonly startDate: string;
  readonly endDate?: string;
  readonly deleteDate?: string;
}

/** Whom a plan of that type is uploaded with. */
export const subjectKindOfPlan: Readonly<Record<PlanType, "child" | "mother">> = {
  "child-protection-plan": "child",
  "looked-after-child": "child",
  "unborn-child-protection-plan": "mother",
};

export function isPlanType(text: string): text is PlanType {
  return Object.hasOwn(subjectKindOfPlan, text);
}

/** As far as the schema goes: it knows how many days a month may have at most, and centuries 19 and 20. */
const planDatePattern =
  /^((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;

function judgeDate(text: string): "malformed" | "unreal" | "real" {
  const match = planDatePattern.exec(text);
  if (match === null) return "malformed";
  return isCalendarDate(Number(match[1]), Number(match[2]), Number(match[3])) ? "real" : "unreal";
}

export function isRealPlanDate(text: string): boolean {
  return judgeDate(text) === "real";
}

/** Gives the date back when it can be sent; reports it otherwise. */
function checkDate(text: string, field: string, report: ReportFault): PlanDate | undefined {
  const judgement = judgeDate(text);
  if (judgement === "real") return text;
  report(judgement === "malformed" ? "upload.date-format" : "upload.date-not-real", field);
  return undefined;
}

function checkStart(plan: PlanToCheck, path: string, report: ReportFault): PlanDate | undefined {
  if (plan.startDate.trim() !== "") return checkDate(plan.startDate, `${path}.startDate`, report);
  report("upload.start-date-missing", `${path}.startDate`);
  return undefined;
}

function checkEnd(plan: PlanToCheck, path: string, report: ReportFault): PlanDate | undefined {
  const { planType, endDate } = plan;
  const isMandatory = planType === "unborn-child-protection-plan";
  if (endDate !== undefined && !(isMandatory && endDate.trim() === "")) {
    return checkDate(endDate, `${path}.endDate`, report);
  }
  if (isMandatory) report("upload.end-date-missing", `${path}.endDate`);
  return undefined;
}

/** The same day of the year before; 29 February stays, and sorts between 28 February and 1 March. */
function oneYearBefore(day: string): string {
  return String(Number(day.slice(0, 4)) - 1).padStart(4, "0") + day.slice(4);
}

/** Without a clock nothing is said about past and future. Dates are compared as text: they are of one length. */
export function checkPlan(plan: PlanToCheck, path: string, clock: WallClock | undefined, report: ReportFault): void {
  if (!isPlanType(plan.planType)) report("upload.plan-type-unknown", `${path}.planType`);
  const start = checkStart(plan, path, report);
  const end = checkEnd(plan, path, report);
  const deleted = plan.deleteDate === undefined ? undefined : checkDate(plan.deleteDate, `${path}.deleteDate`, report);
  if (start !== undefined && end !== undefined && end < start) {
    report("upload.end-before-start", `${path}.endDate`);
  }
  if (clock === undefined) return;
  if (start !== undefined && start > clock.now) report("upload.start-in-future", `${path}.startDate`);
  if (deleted !== undefined && deleted > clock.now) report("upload.delete-in-future", `${path}.deleteDate`);
  if (end !== undefined && end.slice(0, 10) < oneYearBefore(clock.today)) {
    report("upload.ended-over-12-months", `${path}.endDate`);
  }
}
