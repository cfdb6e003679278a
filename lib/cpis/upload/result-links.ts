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

/** Texts and codes are few and shared: a hundred thousand results need no more than these. */
interface KeptResult {
  /** From 0, among all results. */
  readonly position: number;
  readonly code: Omit<UploadResultCode, "location">;
  readonly beforeNumber: string;
  readonly number: string;
  readonly afterNumber: string;
}

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

function restored({ code, beforeNumber, number, afterNumber }: KeptResult): UploadResultCode {
  return { ...code, location: beforeNumber + number + afterNumber };
}

export function createResultLinks(): ResultLinks {
  const shareCode = createShared<KeptResult["code"]>();
  const shareText = createShared<string>();
  const numbered = new Map<number, KeptResult[]>();
  const unnumbered = new Map<number, KeptResult>();
  let count = 0;
  return {
    add: ({ location, ...code }) => {
      const found = readResultLocation(location);
      const { start, end } = found?.digits ?? { start: location.length, end: location.length };
      const kept: KeptResult = {
        position: count,
        code: shareCode(code),
        beforeNumber: shareText(location.slice(0, start)),
        // As a number and back, so that it is no part of the document's text; zeros that lead are kept.
        number: found?.digits === undefined ? "" : String(found.record).padStart(end - start, "0"),
        afterNumber: shareText(location.slice(end)),
      };
      count += 1;
      if (found === undefined) unnumbered.set(kept.position, kept);
      else {
        const others = numbered.get(found.record);
        if (others === undefined) numbered.set(found.record, [kept]);
        else others.push(kept);
      }
    },
    count: () => count,
    hasUnnumbered: () => unnumbered.size > 0,
    take: (record, byOrder) => {
      const found = numbered.get(record) ?? [];
      numbered.delete(record);
      const sameplace = byOrder ? unnumbered.get(record - 1) : undefined;
      if (sameplace === undefined) return found.map(restored);
      unnumbered.delete(record - 1);
      return [...found, sameplace].sort((one, other) => one.position - other.position).map(restored);
    },
    rest: () =>
      [...[...numbered.values()].flat(), ...unnumbered.values()]
        .sort((one, other) => one.position - other.position)
        .map(restored),
  };
}
