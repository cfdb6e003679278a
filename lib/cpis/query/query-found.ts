// The plans and accesses of a query response, as the user is to see them.
import { sortableMilliseconds } from "../../hl7v3/timestamp.js";
import { isSameId } from "../../identifiers.js";
import type { AccessRecord, Plan, Subject, Warning } from "../model.js";
import { stripNhsNumber } from "../nhs-number.js";
import type { QueryContext } from "./query-failed.js";
import type { ReceivedAccess, ReceivedPayload, ReceivedRecord, ResponsePlan } from "./query-response-model.js";

/** The display rules of NHS England ask for no more. */
const shownAccesses = 25;

/** Whom the plan hangs on: the only subject of its record, else the only one of the plan's kind. */
function subjectOf(plan: ResponsePlan, subjects: readonly Subject[]): Subject | undefined {
  if (subjects.length === 1) return subjects[0];
  const kind = plan.planType === "unborn-child-protection-plan" ? "mother" : "child";
  const candidates = subjects.filter((subject) => subject.kind === kind);
  return candidates.length === 1 ? candidates[0] : undefined;
}

function recordPlans({ localAuthority, plans, subjects }: ReceivedRecord): readonly Plan[] {
  return plans.map((plan) => {
    const subject = subjectOf(plan, subjects);
    return { ...plan, localAuthority, ...(subject === undefined ? {} : { subject }) };
  });
}

/** Every plan that could be read, in the order of the response. */
export function plansOf(payload: ReceivedPayload | undefined): readonly Plan[] {
  return (payload?.records ?? []).flatMap(recordPlans);
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
    const numbers = subjects.map((subject) => subject.nhsNumber).filter((number) => number !== undefined);
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

function differs(total: ReceivedPayload["totalPlans"], ...counts: readonly number[]): boolean {
  return total !== undefined && (total === "unreadable" || !counts.includes(total));
}

/** Warnings where a total is not what was counted. Whether Spine counts plans or records is not known: both count. */
export function totalWarnings(payload: ReceivedPayload | undefined): readonly Warning[] {
  if (payload === undefined) return [];
  const { records, accesses, totalAccesses, totalPlans } = payload;
  const planCount = plansOf(payload).length + countUnreadablePlans(payload);
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
