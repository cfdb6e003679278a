// NHS numbers that make the simulator fail in one known way each: the table for tests, for help and for README.
import { failureRows, harnessRows, recordRows } from "./special-answer-rows.js";
import { failed, type Row, type SpecialExpectation, type SpecialNumber } from "./special-number-rows.js";
import { transportRows, unusableRows } from "./special-transport-rows.js";

const rows: readonly Row[] = [...transportRows, ...unusableRows, ...recordRows, ...failureRows, ...harnessRows];

/** Where the asynchronous patterns wait for another answer in vain. */
const otherwiseOverSyncSoap: Readonly<Record<string, SpecialExpectation>> = {
  "acknowledged-only": failed("unexpected-reply"),
  "oversized-answer": failed("unparseable-reply"),
  "wrong-message-reference": failed("correlation-mismatch"),
  "wrong-ebxml-reference": failed("correlation-mismatch"),
};

/** All special numbers, in the order of the decision table's subjects. */
export const specialNumbers: readonly SpecialNumber[] = rows.map(
  ([nhsNumber, behaviour, row, expected, conduct, description]) => ({
    nhsNumber,
    behaviour,
    row,
    expected,
    expectedOverSyncSoap: otherwiseOverSyncSoap[behaviour] ?? expected,
    conduct,
    description,
  }),
);

const byNumber: ReadonlyMap<string, SpecialNumber> = new Map(specialNumbers.map((entry) => [entry.nhsNumber, entry]));

export function findSpecialNumber(nhsNumber: string): SpecialNumber | undefined {
  return byNumber.get(nhsNumber);
}
