// Finds our fields in an object of the user's: by the column named in the settings, or by names that are alike.
import { stripNhsNumber } from "../../nhs-number.js";
import { comparableWord } from "./plan-type-words.js";
import type { UploadField, UploadMapping } from "./upload-mapping.js";
import type { ReportFault } from "../rules/upload-rules.js";

export type RowObject = Readonly<Record<string, unknown>>;

export function isRowObject(value: unknown): value is RowObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Other names by which these columns often go. */
export const otherNames: Readonly<Partial<Record<string, readonly string[]>>> = {
  nhsNumber: ["nhsno"],
  birthDate: ["dateofbirth", "dob"],
  givenName: ["forename", "firstname"],
  familyName: ["surname", "lastname"],
};

/** What is in an object, by field. */
export interface RowFields {
  /** Undefined when the field is absent or blank. */
  value(field: string): unknown;
  /** Trimmed text; of a whole number, its digits, and a word that it was one. */
  text(field: string, ofNumber?: () => void): string | undefined;
  nhsNumber(): string | undefined;
  /** Whether there is a column that is none of these fields. */
  hasOther(fields: readonly string[]): boolean;
}

export interface RowFieldsOptions {
  /** Leads the field in a fault, as in "plans[0]."; empty for a flat row. */
  readonly path: string;
  readonly columns?: UploadMapping["columns"];
  readonly report: ReportFault;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  const isPlain = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number";
  return isPlain(one) && isPlain(other) && String(one).trim() === String(other).trim();
}

function namesOf(field: string): readonly string[] {
  return [comparableWord(field), ...(otherNames[field] ?? [])];
}

function mappedColumn(field: string, columns: UploadMapping["columns"]): string | undefined {
  const column = columns?.[field as UploadField];
  return isBlank(column) ? undefined : column;
}

export function createRowFields(object: RowObject, options: RowFieldsOptions): RowFields {
  const { path, columns, report } = options;
  const entries = Object.entries(object)
    .filter(([, value]) => !isBlank(value))
    .map(([name, value]) => ({ name, comparable: comparableWord(name), value }));

  const value = (field: string): unknown => {
    const column = mappedColumn(field, columns);
    const exact = column === undefined ? undefined : entries.find(({ name }) => name === column);
    if (exact !== undefined) return exact.value;
    const names = column === undefined ? namesOf(field) : [comparableWord(column)];
    const found = entries.filter(({ comparable }) => names.includes(comparable));
    const first = found[0]?.value;
    if (found.every((other) => isSameValue(first, other.value))) return first;
    report("upload.column-ambiguous", path + field);
    return undefined;
  };
  const text = (field: string, ofNumber?: () => void): string | undefined => {
    const found = value(field);
    if (found === undefined) return undefined;
    if (typeof found === "string") return found.trim();
    // Beyond that a number has lost digits.
    if (typeof found === "number" && Number.isSafeInteger(found)) {
      ofNumber?.();
      return String(found);
    }
    report("upload.value-not-text", path + field);
    return undefined;
  };
  return {
    value,
    text,
    nhsNumber: () => {
      // Nothing is padded: a number that a spreadsheet cut to nine digits was no NHS number of England, which begin
      // with 4, 6, 7 or 9; test numbers begin with 9.
      const digits = stripNhsNumber(text("nhsNumber") ?? "");
      return digits === "" ? undefined : digits;
    },
    hasOther: (fields) => {
      const names = fields.flatMap(namesOf);
      return entries.some(({ comparable }) => !names.includes(comparable));
    },
  };
}
