// Reads a user's object or row as a record of an upload.
import { definedOnly } from "../../../defined-only.js";
import { known } from "../../../hl7v3/data-types.js";
import { subjectKindOfPlan, type PlanToCheck } from "../rules/check-upload-plan.js";
import { checkRecord } from "../rules/check-upload-record.js";
import type { PlanType, Subject, UploadPlan } from "../../model.js";
import { readPlanType } from "./plan-type-words.js";
import { createRowFields, isRowObject, type RowFields, type RowObject } from "./row-fields.js";
import type { UploadMapping } from "./upload-mapping.js";
import type { UploadRecord } from "../upload-model.js";
import {
  collectFaults,
  hasUploadError,
  uploadFault,
  type ReportFault,
  type UploadFault,
  type UploadFaultCode,
} from "../rules/upload-rules.js";
import { readWrittenDate, type WrittenDate } from "./written-date.js";

export type { UploadField, UploadMapping } from "./upload-mapping.js";

/** `warnings` are faults that do not stop the record. */
export type ReadUploadRecord =
  | { readonly kind: "record"; readonly record: UploadRecord; readonly warnings: readonly UploadFault[] }
  /** `person`: whose the row seems to be, as far as it could be read. */
  | {
      readonly kind: "faults";
      readonly faults: readonly UploadFault[];
      readonly person?: Pick<Subject, "nhsNumber" | "localId">;
    };

/** As far as it could be read: what could not has been reported. */
interface DraftPlan {
  readonly planType: PlanType | undefined;
  readonly startDate: string | undefined;
  readonly endDate: string | undefined;
  readonly deleteDate: string | undefined;
}

interface DraftRecord {
  readonly plans: readonly DraftPlan[];
  readonly subjects: readonly Subject[];
}

const dateFaults: Readonly<Record<Exclude<WrittenDate["kind"], "date">, UploadFaultCode>> = {
  "not-understood": "upload.date-not-understood",
  "two-digit-year": "upload.date-two-digit-year",
  "time-zone": "upload.date-time-zone",
  "not-real": "upload.date-not-real",
};

/** One more than a record may have: enough to see that there are too many. */
const mostPlansRead = 4;
const mostSubjectsRead = 3;

const planFields = ["planType", "startDate", "endDate", "deleteDate"] as const;
const subjectFields: readonly string[] = [
  "kind",
  "nhsNumber",
  "localId",
  "localIdAuthority",
  "birthDate",
  "givenName",
  "familyName",
];

/** Reads the fields of one object; reports under its path what it cannot read. */
function createFieldReader(fields: RowFields, path: string, mapping: UploadMapping, report: ReportFault) {
  const date = (field: string): WrittenDate | undefined => {
    const value = fields.value(field);
    return value === undefined ? undefined : readWrittenDate(value, mapping);
  };
  const planDate = (field: string): string | undefined => {
    const read = date(field);
    if (read === undefined || read.kind === "date") return read?.date;
    report(dateFaults[read.kind], path + field);
    return undefined;
  };
  const birthDate = (): string | undefined => {
    const read = date("birthDate");
    if (read === undefined || read.kind === "date") return read?.date.slice(0, 10);
    report(read.kind === "not-real" ? "upload.birth-date-invalid" : dateFaults[read.kind], `${path}birthDate`);
    return undefined;
  };
  const planType = (): PlanType | undefined => {
    const text = fields.text("planType");
    const read = text === undefined ? undefined : readPlanType(text, mapping.planTypes);
    if (read === undefined) {
      report(text === undefined ? "upload.plan-type-missing" : "upload.plan-type-unknown", `${path}planType`, text);
    }
    return read;
  };
  const localId = (): string | undefined =>
    fields.text("localId", () => report("upload.local-id-number", `${path}localId`));
  /** The first of several: Spine takes one, and PDS matches the first alone. */
  const givenName = (): string | undefined => {
    const [first, second] = fields.text("givenName")?.split(/\s+/) ?? [];
    if (second !== undefined) report("upload.several-forenames", `${path}givenName`);
    return first;
  };
  return {
    plan: (): DraftPlan => ({
      planType: planType(),
      startDate: planDate("startDate"),
      endDate: planDate("endDate"),
      deleteDate: planDate("deleteDate"),
    }),
    subject: (kind: Subject["kind"]): Subject =>
      known<Subject>({
        kind,
        nhsNumber: fields.nhsNumber(),
        localId: localId(),
        localIdAuthority: fields.text("localIdAuthority"),
        birthDate: birthDate(),
        givenName: givenName(),
        familyName: fields.text("familyName"),
      }),
  };
}

function kindFor(plan: DraftPlan | undefined): Subject["kind"] {
  return plan?.planType === undefined ? "child" : subjectKindOfPlan[plan.planType];
}

function readFlatRow(row: RowObject, mapping: UploadMapping, report: ReportFault): DraftRecord {
  const { columns } = mapping;
  const fields = createRowFields(row, { path: "", report, ...definedOnly({ columns }) });
  const reader = createFieldReader(fields, "", mapping, report);
  const plan = reader.plan();
  return { plans: [plan], subjects: [reader.subject(kindFor(plan))] };
}

/** The objects of a list, each with its path. */
function listed(
  record: RowObject,
  name: string,
  most: number,
  report: ReportFault,
): readonly (readonly [RowObject, string])[] {
  const list = record[name] ?? [];
  if (!Array.isArray(list)) {
    report("upload.not-a-list", name);
    return [];
  }
  return list.slice(0, most).flatMap((entry: unknown, index): readonly (readonly [RowObject, string])[] => {
    const path = `${name}[${index}]`;
    if (isRowObject(entry)) return [[entry, path]];
    report("upload.row-not-an-object", path);
    return [];
  });
}

function readKind(fields: RowFields, path: string, draft: DraftPlan | undefined, report: ReportFault): Subject["kind"] {
  const text = fields.text("kind")?.toLowerCase();
  if (text === "child" || text === "mother") return text;
  if (text !== undefined || draft === undefined) report("upload.subject-kind-unknown", `${path}kind`, text);
  return kindFor(draft);
}

function readNestedRecord(record: RowObject, mapping: UploadMapping, report: ReportFault): DraftRecord {
  const open = (entry: RowObject, path: string, names: readonly string[]): RowFields => {
    const fields = createRowFields(entry, { path, report });
    if (fields.hasOther(names)) report("upload.field-unknown", path.slice(0, -1));
    return fields;
  };
  if (createRowFields(record, { path: "", report }).hasOther(["plans", "subjects"])) report("upload.field-unknown");
  const plans = listed(record, "plans", mostPlansRead, report).map(([entry, path]) =>
    createFieldReader(open(entry, `${path}.`, planFields), `${path}.`, mapping, report).plan(),
  );
  const persons = listed(record, "subjects", mostSubjectsRead, report);
  const subjects = persons.map(([entry, path]) => {
    const fields = open(entry, `${path}.`, subjectFields);
    // Without a word of its own, one person alone is the one the plans are about.
    const kind = readKind(fields, `${path}.`, persons.length === 1 ? plans[0] : undefined, report);
    return createFieldReader(fields, `${path}.`, mapping, report).subject(kind);
  });
  return { plans, subjects };
}

function completePlan({ planType, startDate, endDate, deleteDate }: DraftPlan): UploadPlan | undefined {
  if (planType === undefined || startDate === undefined) return undefined;
  return known<UploadPlan>({ planType, startDate, endDate, deleteDate });
}

/** What the rules say of the parts that could be read: so all faults of a row are told at once. */
function remainingFaults(draft: DraftRecord, found: readonly UploadFault[], isFlat: boolean): readonly UploadFault[] {
  const plans = draft.plans.map(({ planType = "", startDate = "", endDate, deleteDate }): PlanToCheck =>
    known<PlanToCheck>({ planType, startDate, endDate, deleteDate }),
  );
  const faults: UploadFault[] = [];
  checkRecord({ plans, subjects: draft.subjects }, {}, (code, path) => {
    const field = isFlat ? path?.replace(/^(?:plans|subjects)\[0\]\./, "") : path;
    if (!found.some((fault) => fault.field !== undefined && fault.field === field))
      faults.push(uploadFault(code, field));
  });
  return faults;
}

/** A row with one plan and one person, as a table gives it. */
export function isFlatRow(value: unknown): value is RowObject {
  if (!isRowObject(value)) return false;
  return ![value["plans"], value["subjects"]].some((part) => typeof part === "object" && part !== null);
}

/**
 * Takes an object in the shape of UploadRecord, or a flat row with one plan and one person: our own field names, or
 * the columns of the mapping; text, numbers, Dates; blank is absent. Plans may say what they are in words, dates may be
 * written as people in England do. Either a whole record, or every fault that can be told without a clock.
 * Judge the record with createUploadValidator: here it is only read.
 */
export function readUploadRecord(value: unknown, mapping: UploadMapping): ReadUploadRecord {
  if (!isRowObject(value)) return { kind: "faults", faults: [uploadFault("upload.row-not-an-object")] };
  const isFlat = isFlatRow(value);
  let draft: DraftRecord = { plans: [], subjects: [] };
  const found = collectFaults((report) => {
    draft = isFlat ? readFlatRow(value, mapping, report) : readNestedRecord(value, mapping, report);
  });
  const plans = draft.plans.map(completePlan).filter((plan) => plan !== undefined);
  if (!hasUploadError(found) && plans.length === draft.plans.length) {
    return { kind: "record", record: { plans, subjects: draft.subjects }, warnings: found };
  }
  const faults = [...found, ...remainingFaults(draft, found, isFlat)];
  const [subject] = draft.subjects;
  if (subject === undefined) return { kind: "faults", faults };
  const { nhsNumber, localId } = subject;
  return { kind: "faults", faults, person: known<Pick<Subject, "nhsNumber" | "localId">>({ nhsNumber, localId }) };
}
