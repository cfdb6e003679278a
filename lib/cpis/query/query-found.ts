// The plans and accesses of a query response, as the user is to see them.
import { sortableMilliseconds } from "../../hl7v3/timestamp.js";
import { isSameId } from "../../identifiers.js";
import { withoutOtherNumbers, type ReceivedSubject } from "../templates/subject-template.js";
import type { AccessRecord, Plan, PlanType, Subject, Warning, ResponsePlan } from "../model.js";
import { stripNhsNumber } from "../nhs-number.js";
import type { MessageFindings } from "./message-shape.js";
import type { QueryContext } from "./query-failed.js";
import type { ReceivedAccess } from "./query-event.js";
import type { ReceivedPayload } from "./response-payload.js";

/** The display rules of NHS England ask for no more. */
const shownAccesses = 25;

const subjectKinds: Readonly<Record<PlanType, Subject["kind"]>> = {
  "child-protection-plan": "child",
  "looked-after-child": "child",
  "unborn-child-protection-plan": "mother",
};

function numbersOf({ nhsNumber, otherNumbers = [] }: ReceivedSubject): readonly string[] {
  return nhsNumber === undefined ? otherNumbers : [nhsNumber, ...otherNumbers];
}

/** A person without any number is taken for the one asked for: real replies leave the numbers out. */
function isSomebodyElse(subject: ReceivedSubject, context: QueryContext): boolean {
  const [first] = numbersOf(subject);
  return first !== undefined && first !== stripNhsNumber(context.nhsNumber);
}

interface Belonging {
  readonly subject?: ReceivedSubject;
  /** Why the plan may not be that of the person asked for. */
  readonly doubt?: Pick<Warning, "code" | "message">;
}

/** The subject is the only one of the plan's kind: the child, or for an unborn plan the mother. */
function belongingOf(plan: ResponsePlan, subjects: readonly ReceivedSubject[], context: QueryContext): Belonging {
  const kind = subjectKinds[plan.planType];
  const [only, ...others] = subjects.filter((subject) => subject.kind === kind);
  if (others.length > 0) {
    const message = `hangs on one of several ${kind === "child" ? "children" : "mothers"}; whose it is cannot be told`;
    return { doubt: { code: "ambiguous-subject", message } };
  }
  if (only === undefined) {
    const [single, ...more] = subjects;
    if (single === undefined) return { doubt: { code: "subject-missing", message: "names nobody whose plan it is" } };
    const message = `names a ${single.kind} and no ${kind}; it may be the plan of somebody else than was asked for`;
    return { ...(more.length === 0 ? { subject: single } : {}), doubt: { code: "other-subject", message } };
  }
  if (!isSomebodyElse(only, context)) return { subject: only };
  const message = `names a ${kind} whose NHS number is not the one asked for: it may be the plan of that ${kind}`;
  return { subject: only, doubt: { code: "other-subject", message } };
}

export interface ShownPlans {
  /** Every plan that could be read, in the order of the response. */
  readonly plans: readonly Plan[];
  readonly warnings: readonly Warning[];
}

export function plansOf(payload: ReceivedPayload | undefined, context: QueryContext): ShownPlans {
  const plans: Plan[] = [];
  const warnings: Warning[] = [];
  for (const { localAuthority, plans: received, subjects } of payload?.records ?? []) {
    for (const plan of received) {
      const { subject, doubt } = belongingOf(plan, subjects, context);
      const whose = subject === undefined ? {} : { subject: withoutOtherNumbers(subject) };
      plans.push({ ...plan, localAuthority, ...whose });
      if (doubt === undefined) continue;
      warnings.push({ code: doubt.code, message: `Plan ${plans.length} ${doubt.message}`, path: "subject" });
    }
  }
  return { plans, warnings };
}

export function hasReadablePlan(payload: ReceivedPayload | undefined): boolean {
  return payload?.records.some(({ plans }) => plans.length > 0) ?? false;
}

export function countUnreadablePlans(payload: ReceivedPayload | undefined): number {
  return (payload?.records ?? []).reduce((sum, record) => sum + (record.unreadablePlans ?? 0), 0);
}

function isOwnAccess(access: ReceivedAccess, context: QueryContext): boolean {
  return access.accessId !== undefined && isSameId(access.accessId, context.eventId);
}

function isOfAnotherNumber(access: ReceivedAccess, context: QueryContext): boolean {
  return access.nhsNumber !== undefined && access.nhsNumber !== stripNhsNumber(context.nhsNumber);
}

/** Whether a record, or the echo of this very query, is about another NHS number. */
export function isAboutAnotherPatient(payload: ReceivedPayload, context: QueryContext): boolean {
  const isForeignRecord = payload.records.some(({ subjects }) => {
    const numbers = subjects.flatMap(numbersOf);
    return numbers.length > 0 && !numbers.includes(stripNhsNumber(context.nhsNumber));
  });
  return (
    isForeignRecord ||
    payload.accesses.some((access) => isOwnAccess(access, context) && isOfAnotherNumber(access, context))
  );
}

/** An access without a readable time comes after all others. */
function sortKey({ accessedAt }: ReceivedAccess): number {
  return (accessedAt === undefined ? undefined : sortableMilliseconds(accessedAt)) ?? Number.MIN_SAFE_INTEGER;
}

function newestFirst(accesses: readonly ReceivedAccess[]): readonly ReceivedAccess[] {
  return accesses
    .map((access) => ({ access, key: sortKey(access) }))
    .sort((one, other) => other.key - one.key)
    .map(({ access }) => access);
}

export interface ShownAccesses {
  readonly accesses: readonly AccessRecord[];
  readonly warnings: readonly Warning[];
}

/** The accesses for this NHS number, newest first, at most 25. */
export function accessesOf(payload: ReceivedPayload | undefined, context: QueryContext): ShownAccesses {
  const received = payload?.accesses ?? [];
  const own = received.filter((access) => !isOfAnotherNumber(access, context));
  const accesses = newestFirst(own)
    .slice(0, shownAccesses)
    .map((access) => ({ ...access, isThisQuery: isOwnAccess(access, context) }));
  if (own.length === received.length) return { accesses, warnings: [] };
  const message = `${received.length - own.length} of the accesses are about another NHS number and were left out`;
  return { accesses, warnings: [{ code: "foreign-access", message, path: "pertinentInformation13" }] };
}

/** Whether accesses are echoed and none of them is of the number asked for. */
export function echoesOnlyOthers({ accesses }: ReceivedPayload, context: QueryContext): boolean {
  const isOfNumber = ({ nhsNumber }: ReceivedAccess): boolean => nhsNumber === stripNhsNumber(context.nhsNumber);
  return accesses.some((access) => isOfAnotherNumber(access, context)) && !accesses.some(isOfNumber);
}

function differs(total: ReceivedPayload["totalPlans"], ...counts: readonly number[]): boolean {
  return total !== undefined && (total === "unreadable" || !counts.includes(total));
}

/** Warnings where a total is not what was counted. Whether Spine counts plans or records is not known: both count. */
export function totalWarnings(payload: ReceivedPayload | undefined): readonly Warning[] {
  if (payload === undefined) return [];
  const { records, accesses, totalAccesses, totalPlans } = payload;
  const planCount = records.reduce((sum, { plans }) => sum + plans.length, 0) + countUnreadablePlans(payload);
  const warnings: Warning[] = [];
  if (differs(totalPlans, planCount, records.length)) {
    const message = "The total of child records is not the number of records that were read";
    warnings.push({ code: "total-mismatch", message, path: "pertinentInformation12" });
  }
  if (differs(totalAccesses, accesses.length)) {
    const message = "The total of access records is not the number of accesses that were read";
    warnings.push({ code: "total-mismatch", message, path: "pertinentInformation11" });
  }
  return warnings;
}

/** Why a found answer may not be all that there is. */
export function completenessWarnings(unreadablePlans: number, { mayHideRecord }: MessageFindings): readonly Warning[] {
  const warnings: Warning[] = [];
  if (unreadablePlans > 0) {
    warnings.push({ code: "unreadable-plan", message: `${unreadablePlans} plan blocks could not be read` });
  }
  if (mayHideRecord) {
    const message = "The answer holds something that is not understood and may be a further record";
    warnings.push({ code: "not-understood", message });
  }
  return warnings;
}
