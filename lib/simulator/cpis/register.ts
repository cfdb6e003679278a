// What the simulated CP-IS knows: children with plans, and who has looked.
import {
  authorityKey,
  holdersOf,
  plansAfter,
  type RecordHolder,
  type UploadedPlan,
  type UploadTrace,
} from "./register-uploads.js";
import type { ResponseShape } from "../behaviour.js";
import type { RegisterAccess } from "../model.js";
import type { Author, Plan } from "../../cpis/model.js";
import { readNhsNumber } from "../../cpis/nhs-number.js";
import { CpisError } from "../../errors.js";
import { known } from "../../hl7v3/data-types.js";

/** What is held under one NHS number; for an unborn child that is the mother's. */
export interface RegisterRecord {
  readonly nhsNumber: string;
  readonly plans: readonly Plan[];
  /** Accesses before the simulator was started. */
  readonly accesses?: readonly RegisterAccess[];
  /** How the answer departs from the schema, as answers of the real service do. */
  readonly shape?: ResponseShape;
  /** One sentence on what this record is there to show. */
  readonly description?: string;
}

export interface CpisRegister {
  readonly size: number;
  find(nhsNumber: string): RegisterRecord | undefined;
  /** Replaces a record of the same number. Throws CONFIG_INVALID for an invalid number. */
  add(record: RegisterRecord): void;
  /** Says whether there was one. */
  remove(nhsNumber: string): boolean;
  /**
   * Takes a plan of an upload: adds it, replaces or withdraws the one of the same number, local authority, type and start
   * date. A number without plans left is no longer held. "full": nothing was taken, there are too many already.
   */
  upload(uploaded: UploadedPlan): "taken" | "full";
  /** The local authorities that have plans under the number. */
  holders(nhsNumber: string): readonly RecordHolder[];
  /**
   * Records that somebody looked. The same author within 24 hours of a recorded access stays one access.
   * Gives whether it is new: only then is the local authority told.
   */
  recordAccess(nhsNumber: string, access: RegisterAccess): boolean;
  /** The most recent accesses, at most 25, the oldest first as CP-IS sends them. */
  accesses(nhsNumber: string): readonly RegisterAccess[];
  /** Back to the records given at the start, without any later access. */
  reset(): void;
}

export const maximumAccessesReturned = 25;
const sameAccessMilliseconds = 24 * 3_600_000;
/** More than is ever returned; what is older cannot be seen by anybody. */
const maximumAccessesKept = 100;

const maximumPlansKept = 100;

interface Entry {
  readonly record: RegisterRecord;
  readonly accesses: RegisterAccess[];
  /** What uploads have said, by local authority. */
  readonly traces: ReadonlyMap<string, UploadTrace>;
}

/** Who looked: a person by user id, else by name; a system by its ASID. */
function authorKey(author: Author): string {
  const organisation = author.organisation.code?.trim().toUpperCase() ?? "";
  if (author.kind === "system") return `system ${author.asid ?? organisation}`;
  return `person ${author.userId ?? JSON.stringify(author.name)} ${organisation}`;
}

function newEntry(record: RegisterRecord): Entry {
  const accesses = [...(record.accesses ?? [])].sort((one, other) => one.accessedAt - other.accessedAt);
  return { record, accesses: accesses.slice(-maximumAccessesKept), traces: new Map() };
}

/** The entry with an uploaded plan in it; undefined when no plan is left. */
function entryAfter(entry: Entry, uploaded: UploadedPlan): Entry | undefined {
  const plans = plansAfter(entry.record.plans, uploaded);
  if (plans.length === 0) return undefined;
  const key = authorityKey(uploaded.localAuthority);
  const { uploadFileId, subject } = uploaded;
  const localId = subject.localId ?? entry.traces.get(key)?.localId;
  const traces = new Map(entry.traces).set(key, known<UploadTrace>({ localId, uploadFileId }));
  const keys = plans.map(({ localAuthority }) => authorityKey(localAuthority));
  const kept = [...traces].filter(([holder]) => keys.includes(holder));
  return { ...entry, record: { ...entry.record, plans }, traces: new Map(kept) };
}

export interface RegisterOptions {
  /** The register refuses to hold more, so that a test in a loop cannot fill the memory. */
  readonly maximumRecords?: number;
  /** Told of each record that is added, those of the start included; uploads are none. */
  added?(record: RegisterRecord): void;
}

/** Throws CONFIG_INVALID for a record with an invalid NHS number. */
export function createRegister(records: readonly RegisterRecord[], options: RegisterOptions = {}): CpisRegister {
  const maximumRecords = options.maximumRecords ?? 200_000;
  const entries = new Map<string, Entry>();

  const add = (record: RegisterRecord): void => {
    if (readNhsNumber(record.nhsNumber) !== record.nhsNumber) {
      throw new CpisError("CONFIG_INVALID", {
        detail: "the NHS number of a record is not ten digits with a valid check digit",
      });
    }
    if (entries.size >= maximumRecords && !entries.has(record.nhsNumber)) {
      throw new CpisError("CONFIG_INVALID", { detail: `the register holds at most ${maximumRecords} records` });
    }
    entries.set(record.nhsNumber, newEntry(record));
    options.added?.(record);
  };
  const upload: CpisRegister["upload"] = (uploaded) => {
    const { nhsNumber } = uploaded;
    const entry = entries.get(nhsNumber);
    const isAddition = uploaded.plan.deleteDate === undefined;
    if (isAddition && entry === undefined && entries.size >= maximumRecords) return "full";
    const after = entryAfter(entry ?? newEntry({ nhsNumber, plans: [] }), uploaded);
    if (after === undefined) entries.delete(nhsNumber);
    else if (after.record.plans.length > maximumPlansKept) return "full";
    else entries.set(nhsNumber, after);
    return "taken";
  };
  const reset = (): void => {
    entries.clear();
    for (const record of records) add(record);
  };
  reset();

  return {
    get size() {
      return entries.size;
    },
    find: (nhsNumber) => entries.get(nhsNumber)?.record,
    add,
    remove: (nhsNumber) => entries.delete(nhsNumber),
    upload,
    holders: (nhsNumber) => {
      const entry = entries.get(nhsNumber);
      return entry === undefined ? [] : holdersOf(entry.record.plans, entry.traces);
    },
    recordAccess: (nhsNumber, access) => {
      const accesses = entries.get(nhsNumber)?.accesses;
      if (accesses === undefined) return false;
      const key = authorKey(access.author);
      const isRepeated = accesses.some(
        (earlier) =>
          authorKey(earlier.author) === key &&
          Math.abs(access.accessedAt - earlier.accessedAt) < sameAccessMilliseconds,
      );
      if (isRepeated) return false;
      accesses.push(access);
      if (accesses.length > maximumAccessesKept) accesses.shift();
      return true;
    },
    accesses: (nhsNumber) => entries.get(nhsNumber)?.accesses.slice(-maximumAccessesReturned) ?? [],
    reset,
  };
}
