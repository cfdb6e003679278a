// What an uploaded plan does to the plans held under an NHS number.
import type { LocalAuthority, Plan, Subject, UploadPlan } from "../../cpis/model.js";
import { known } from "../../hl7v3/data-types.js";

/** One plan of a file, with the person it hangs on. */
export interface UploadedPlan {
  readonly nhsNumber: string;
  readonly plan: UploadPlan;
  readonly subject: Subject;
  /** As the file has it, telephones included. */
  readonly localAuthority: LocalAuthority;
  readonly uploadFileId: string;
}

/** A local authority that has plans under a number. */
export interface RecordHolder {
  readonly localAuthority: LocalAuthority;
  /** What the local authority itself calls the person. */
  readonly localId?: string;
  /** Of the file that touched its plans last; absent for plans that came by no file. */
  readonly uploadFileId?: string;
}

/** Tells local authorities apart: by ODS code, without regard to case, else by name. */
export function authorityKey({ code, name }: LocalAuthority): string {
  return code?.trim().toUpperCase() ?? `name ${name ?? ""}`;
}

/** Within one NHS number. */
function isSamePlan(held: Plan, { plan, localAuthority }: UploadedPlan): boolean {
  return (
    held.planType === plan.planType &&
    held.startDate === plan.startDate &&
    authorityKey(held.localAuthority) === authorityKey(localAuthority)
  );
}

/**
 * The plans afterwards: one of the same local authority, type and start date is replaced, or withdrawn when there is a
 * delete date; another one is added. What a file does not name stays.
 */
export function plansAfter(plans: readonly Plan[], uploaded: UploadedPlan): readonly Plan[] {
  const { planType, startDate, endDate, deleteDate } = uploaded.plan;
  const others = plans.filter((held) => !isSamePlan(held, uploaded));
  if (deleteDate !== undefined) return others;
  const plan = known<Plan>({
    planType,
    startDate,
    endDate,
    localAuthority: uploaded.localAuthority,
    subject: uploaded.subject,
  });
  if (others.length === plans.length) return [...plans, plan];
  return plans.map((held) => (isSamePlan(held, uploaded) ? plan : held));
}

/** What the uploads of one local authority say about a number beside its plans. */
export type UploadTrace = Pick<RecordHolder, "localId" | "uploadFileId">;

/** Each local authority with plans among these, once. `traces` by `authorityKey`. */
export function holdersOf(plans: readonly Plan[], traces: ReadonlyMap<string, UploadTrace>): readonly RecordHolder[] {
  const holders = new Map<string, RecordHolder>();
  for (const { localAuthority, subject } of plans) {
    const key = authorityKey(localAuthority);
    const localId = traces.get(key)?.localId ?? subject?.localId ?? holders.get(key)?.localId;
    const uploadFileId = traces.get(key)?.uploadFileId;
    holders.set(key, known<RecordHolder>({ localAuthority, localId, uploadFileId }));
  }
  return [...holders.values()];
}
