// NHS numbers that make the simulator fail in one known way each: the table for tests, for help and for README.
import { failureRows, harnessRows, recordRows } from "./special-answer-rows.js";
import type { Row, SpecialNumber } from "./special-number-rows.js";
import { transportRows, unusableRows } from "./special-transport-rows.js";

const rows: readonly Row[] = [...transportRows, ...unusableRows, ...recordRows, ...failureRows, ...harnessRows];

/** All special numbers, in the order of the decision table's subjects. */
export const specialNumbers: readonly SpecialNumber[] = rows.map(
  ([nhsNumber, behaviour, row, expected, conduct, description]) => ({
    nhsNumber,
    behaviour,
    row,
    expected,
    conduct,
    description,
  }),
);

const byNumber: ReadonlyMap<string, SpecialNumber> = new Map(specialNumbers.map((entry) => [entry.nhsNumber, entry]));

export function findSpecialNumber(nhsNumber: string): SpecialNumber | undefined {
  return byNumber.get(nhsNumber);
}
