// Decides what several records say of one field: one value, none, or more than one.
import { CpisError } from "../errors.js";

const maximumShown = 5;
const maximumLength = 120;

/** For an error's text: an address without its query, and nothing that could forge a line of a log. */
function shown(value: string): string {
  const printable = value.replace(/[?#].*$/su, "").replace(/[^\x20-\x7e]/gu, "?");
  return printable.length > maximumLength ? `${printable.slice(0, maximumLength)}...` : printable;
}

/** The error that lists the values the operator may choose from. */
export function ambiguous(field: string, values: readonly string[]): CpisError {
  const list = values.slice(0, maximumShown).map(shown).join(", ");
  const more = values.length > maximumShown ? `, and ${values.length - maximumShown} more` : "";
  return new CpisError("SDS_AMBIGUOUS", { detail: `${values.length} values of the ${field}: ${list}${more}` });
}

/** The one value that the records have. Throws SDS_INCOMPLETE for none, SDS_AMBIGUOUS for several. */
export function requireLoneValue(field: string, values: readonly (string | undefined)[]): string {
  const different = [...new Set(values.filter((value) => value !== undefined))];
  if (different.length > 1) throw ambiguous(field, different);
  const [value] = different;
  if (value === undefined) throw new CpisError("SDS_INCOMPLETE", { detail: `the ${field}` });
  return value;
}

/** Those whose field is what the operator has set; all of them if none is, for the operator knows better. */
export function narrow<Each>(
  records: readonly Each[],
  wanted: string | undefined,
  fieldOf: (record: Each) => string | undefined,
): readonly Each[] {
  if (wanted === undefined) return records;
  const fitting = records.filter((record) => fieldOf(record)?.toLowerCase() === wanted.trim().toLowerCase());
  return fitting.length > 0 ? fitting : records;
}
