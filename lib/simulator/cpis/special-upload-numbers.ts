// NHS numbers that a simulated upload is refused for, each in one known way: the table for tests and for help.
import type { CodedText } from "../../cpis/model.js";

/** Why one record is not loaded. */
export type RecordRefusalCode = "CPR01" | "CPR02" | "CPR03" | "CPR04" | "CPR05" | "CPR07";

export interface SpecialUploadNumber {
  readonly nhsNumber: string;
  readonly code: RecordRefusalCode;
  /** Of CPR07 only. */
  readonly detail?: CodedText;
  /** One sentence for people. */
  readonly description: string;
}

/** The detail codes of CP-IS are not public: these cannot be mistaken for them. */
export function syntheticDetail(code: `SIM${number}`, displayName: string): CodedText {
  return { code, displayName };
}

/** Of the range 999 000 3xxx, and one that published examples use. Every other valid number is on the simulated PDS. */
export const specialUploadNumbers: readonly SpecialUploadNumber[] = [
  { nhsNumber: "9990000042", code: "CPR01", description: "PDS has nobody of this number." },
  { nhsNumber: "9990003017", code: "CPR01", description: "PDS has nobody of this number." },
  { nhsNumber: "9990003025", code: "CPR02", description: "The record on PDS is sensitive: CP-IS will not hold it." },
  {
    nhsNumber: "9990003033",
    code: "CPR03",
    description: "Name or date of birth are others on PDS, whatever is uploaded.",
  },
  { nhsNumber: "9990003041", code: "CPR04", description: "PDS takes the number for one of an old form." },
  { nhsNumber: "9990003068", code: "CPR05", description: "The number was merged into another one." },
  {
    nhsNumber: "9990003076",
    code: "CPR07",
    detail: syntheticDetail("SIM700", "Synthetic reason of the simulator"),
    description: "The record is refused for another reason, which a detail names.",
  },
];

const byNumber: ReadonlyMap<string, SpecialUploadNumber> = new Map(
  specialUploadNumbers.map((entry) => [entry.nhsNumber, entry]),
);

export function findSpecialUploadNumber(nhsNumber: string): SpecialUploadNumber | undefined {
  return byNumber.get(nhsNumber);
}
