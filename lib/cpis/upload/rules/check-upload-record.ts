// The rules for one record of an upload as a whole: how many plans and persons, and which belong together.
import {
  checkPlan,
  isPlanType,
  isRealPlanDate,
  subjectKindOfPlan,
  type PlanToCheck,
  type WallClock,
} from "./check-upload-plan.js";
import { checkSubject, isSendableNhsNumber } from "./check-upload-subject.js";
import type { LocalAuthority, Subject } from "../../model.js";
import type { PlanKey, PlanKeys } from "./plan-keys.js";
import type { ReportFault } from "./upload-rules.js";

const maximumPlans = 3;
const maximumSubjects = 2;

/** A record whose words have not been judged: any UploadRecord is one. */
export interface RecordToCheck {
  readonly plans: readonly PlanToCheck[];
  readonly subjects: readonly Subject[];
}

/** What the rules need to know of the world; each part may be left out, and then the rules that need it. */
export interface RecordCheckContext {
  readonly clock?: WallClock;
  readonly sender?: LocalAuthority;
}

export function checkCounts(plans: number, subjects: number, report: ReportFault): void {
  if (plans < 1 || plans > maximumPlans) report("upload.plan-count", "plans");
  else if (plans > 1) report("upload.several-plans", "plans");
  if (subjects < 1 || subjects > maximumSubjects) report("upload.subject-count", "subjects");
}

/** Takes the type of each plan, undefined for one that is not known, and the kind of each person. */
export function checkPairs(
  planTypes: readonly (string | undefined)[],
  kinds: readonly Subject["kind"][],
  report: ReportFault,
): void {
  if (kinds.length === maximumSubjects) {
    report(kinds[0] === kinds[1] ? "upload.subject-ambiguous" : "upload.several-subjects", "subjects");
  }
  if (planTypes.length === 0 || kinds.length === 0) return;
  const needed = planTypes.map((type) =>
    type !== undefined && isPlanType(type) ? subjectKindOfPlan[type] : undefined,
  );
  const lonelyPlan = needed.findIndex((kind) => kind !== undefined && !kinds.includes(kind));
  if (lonelyPlan >= 0) {
    report("upload.plan-subject-mismatch", `plans[${lonelyPlan}].planType`);
    return;
  }
  // A plan of unknown type may be anybody's.
  if (needed.includes(undefined)) return;
  const lonelySubject = kinds.findIndex((kind) => !needed.includes(kind));
  if (lonelySubject >= 0) report("upload.plan-subject-mismatch", `subjects[${lonelySubject}].kind`);
}

/** All rules that look at one record alone. */
export function checkRecord(record: RecordToCheck, context: RecordCheckContext, report: ReportFault): void {
  const { plans, subjects } = record;
  checkCounts(plans.length, subjects.length, report);
  checkPairs(
    plans.map(({ planType }) => planType),
    subjects.map(({ kind }) => kind),
    report,
  );
  plans.forEach((plan, index) => {
    checkPlan(plan, `plans[${index}]`, context.clock, report);
  });
  subjects.forEach((subject, index) => {
    checkSubject(subject, `subjects[${index}]`, context.clock, context.sender, report);
  });
}

/**
 * Finds the second of two records about the same plan. Gives the record's own keys, to be remembered when it is sent:
 * a record that is refused must not stand in the way of its correction.
 */
export function checkDuplicates(record: RecordToCheck, earlier: PlanKeys, report: ReportFault): readonly PlanKey[] {
  const keys: PlanKey[] = [];
  record.plans.forEach(({ planType, startDate }, index) => {
    if (!isPlanType(planType) || !isRealPlanDate(startDate)) return;
    const subject = record.subjects.find(({ kind }) => kind === subjectKindOfPlan[planType]);
    if (!isSendableNhsNumber(subject?.nhsNumber)) return;
    const isRepeated = keys.some((other) => other.planType === planType && other.startDate === startDate);
    const key = { nhsNumber: subject.nhsNumber, planType, startDate };
    if (isRepeated || earlier.has(key)) report("upload.duplicate-record", `plans[${index}]`);
    keys.push(key);
  });
  return keys;
}
