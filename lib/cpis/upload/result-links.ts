// Keeps the results of an upload in little memory until the records they belong to have come.
import { readResultLocation } from "./result-location.js";
import type { UploadResultCode } from "./upload-model.js";

export interface ResultLinks {
  add(result: UploadResultCode): void;
  /** How many were added. */
  count(): number;
  /** Whether a location names no record by its number: then only the order can say whose the result is. */
  hasUnnumbered(): boolean;
  /**
   * The results of a record, by its number from 1; they are given once. By its order a result belongs to the record
   * at the same place, which may be asked only when there are as many results as records.
   */
  take(record: number, byOrder: boolean): readonly UploadResultCode[];
  /** What was not taken, in document order. */
  rest(): readonly UploadResultCode[];
}

/** Texts and codes are few and shared: each of a hundred thousand results needs a place in two lists, and no more. */
interface ResultForm {
  readonly code: Omit<UploadResultCode, "location">;
  readonly beforeNumber: string;
  /** How many digits are written, zeros that lead included; 0 when none are. */
  readonly digits: number;
  readonly afterNumber: string;
}

interface KeptResult {
  /** From 0, among all results. */
  readonly position: number;
  readonly form: ResultForm;
  /** As the location has it; of no meaning when no digits are written. */
  readonly record: number;
}

/** Lists by record's number go so far; a response has no more records. */
const longestList = 4_000_000;

/** Gives one value for all that are equal. The copy lets go of the piece of document that the text was cut from. */
function createShared<Value>(): (value: Value) => Value {
  const shared = new Map<string, Value>();
  return (value) => {
    const key = JSON.stringify(value);
    const known = shared.get(key);
    if (known !== undefined) return known;
    const copy = structuredClone(value);
    shared.set(key, copy);
    return copy;
  };
}

function restored({ form, record }: KeptResult): UploadResultCode {
  const { code, beforeNumber, digits, afterNumber } = form;
  const number = digits === 0 ? "" : String(record).padStart(digits, "0");
  return { ...code, location: beforeNumber + number + afterNumber };
}

function byPosition(one: KeptResult, other: KeptResult): number {
  return one.position - other.position;
}

export function createResultLinks(): ResultLinks {
  const shareForm = createShared<ResultForm>();
  /** Of each record its first result, by the record's number. */
  const firstForms: (ResultForm | undefined)[] = [];
  const firstPositions: number[] = [];
  /** Of a record that has several, the others; and those of numbers beyond the lists. */
  const others = new Map<number, KeptResult[]>();
  const unnumbered = new Map<number, KeptResult>();
  let count = 0;

  function numberedOf(record: number): readonly KeptResult[] {
    const form = firstForms[record];
    const more = others.get(record) ?? [];
    return form === undefined ? more : [{ position: firstPositions[record] ?? 0, form, record }, ...more];
  }

  function addNumbered(result: KeptResult): void {
    const { record, form, position } = result;
    if (record < longestList && firstForms[record] === undefined && !others.has(record)) {
      firstForms[record] = form;
      firstPositions[record] = position;
      return;
    }
    const more = others.get(record);
    if (more === undefined) others.set(record, [result]);
    else more.push(result);
  }

  return {
    add: ({ location, ...code }) => {
      const found = readResultLocation(location);
      const { start, end } = found?.digits ?? { start: location.length, end: location.length };
      const form = shareForm({
        code,
        beforeNumber: location.slice(0, start),
        digits: end - start,
        afterNumber: location.slice(end),
      });
      const kept = { position: count, form, record: found?.record ?? 0 };
      count += 1;
      if (found === undefined) unnumbered.set(kept.position, kept);
      else addNumbered(kept);
    },
    count: () => count,
    hasUnnumbered: () => unnumbered.size > 0,
    take: (record, byOrder) => {
      const found = numberedOf(record);
      if (record < firstForms.length) firstForms[record] = undefined;
      others.delete(record);
      const sameplace = byOrder ? unnumbered.get(record - 1) : undefined;
      if (sameplace === undefined) return found.map(restored);
      unnumbered.delete(record - 1);
      return [...found, sameplace].sort(byPosition).map(restored);
    },
    rest: () => {
      const firsts = firstForms.flatMap((form, record) =>
        form === undefined ? [] : [{ position: firstPositions[record] ?? 0, form, record }],
      );
      return [...firsts, ...[...others.values()].flat(), ...unnumbered.values()].sort(byPosition).map(restored);
    },
  };
}
