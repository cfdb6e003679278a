// Decides what becomes of an upload, as CP-IS does: of the file as a whole, and of each record in it.
import type { PdsRefusal, SimulatedPds } from "./simulated-pds.js";
import { syntheticDetail } from "./special-upload-numbers.js";
import type { CodedText } from "../../cpis/model.js";
import type { UploadFileHeader, UploadRecord } from "../../cpis/upload/upload-model.js";
import { uploadRules, type UploadFault, type UploadFaultCode } from "../../cpis/upload/rules/upload-rules.js";

/** One record of a file, with what the rules say of it. */
export interface ReceivedRecord {
  readonly record: UploadRecord;
  readonly faults: readonly UploadFault[];
}

/** A file as it was read. */
export type ReceivedUpload =
  | {
      readonly kind: "read";
      readonly header: UploadFileHeader;
      /** Of the file as a whole. */
      readonly faults: readonly UploadFault[];
      readonly records: readonly ReceivedRecord[];
    }
  /** Not XML, or not of the form that the schema describes. */
  | { readonly kind: "unreadable"; readonly faults: readonly UploadFault[] };

/** Codes of one record; none but CPR06 when it was accepted. */
export interface RecordVerdict {
  readonly isAccepted: boolean;
  readonly results: readonly { readonly code: RecordCode; readonly details: readonly CodedText[] }[];
}

export type RecordCode = PdsRefusal["code"] | "CPR06";
export type FileCode = "CPF01" | "CPF02" | "CPF03" | "CPF04" | "CPF05" | "CPF06";

export const acceptedRecord: RecordVerdict = { isAccepted: true, results: [{ code: "CPR06", details: [] }] };

export function refusedRecord(refusals: readonly PdsRefusal[]): RecordVerdict {
  const results = new Map<RecordCode, CodedText[]>();
  for (const { code, detail } of refusals) {
    const details = results.get(code) ?? [];
    if (detail !== undefined) details.push(detail);
    results.set(code, details);
  }
  return { isAccepted: false, results: [...results].map(([code, details]) => ({ code, details })) };
}

function refusesRecord({ code, severity }: UploadFault): boolean {
  // A warning to the sender; CP-IS itself closes an entry at 18 and takes no more for it.
  return severity === "error" || code === "upload.child-is-adult";
}

function refusalBy(code: UploadFaultCode): PdsRefusal {
  if (code === "upload.nhs-number-invalid") return { code: "CPR04" };
  return { code: "CPR07", detail: { code, displayName: uploadRules[code].message } };
}

/** What the rules and PDS say of a record that would be loaded. */
export function judgeRecord({ record, faults }: ReceivedRecord, pds: SimulatedPds): RecordVerdict {
  const byRules = faults.filter(refusesRecord).map(({ code }) => refusalBy(code));
  if (byRules.length > 0) return refusedRecord(byRules);
  const byPds = record.subjects.map((subject) => pds.refusalOf(subject)).filter((refusal) => refusal !== undefined);
  return byPds.length > 0 ? refusedRecord(byPds) : acceptedRecord;
}

/** The register takes no more: CP-IS itself has no such code. */
export const registerFull: PdsRefusal = {
  code: "CPR07",
  detail: syntheticDetail("SIM701", "The register of the simulator is full"),
};

/** The faults that refuse the file as a whole, wherever in it they are. */
export function fileFaultsOf(upload: Extract<ReceivedUpload, { kind: "read" }>): readonly UploadFault[] {
  const all = [...upload.faults, ...upload.records.flatMap(({ faults }) => faults)];
  return all.filter(({ code, severity }) => severity === "error" && uploadRules[code].refuses === "file");
}

/** Of a file whose records were judged. */
export function fileCodeOf(accepted: number, refused: number): FileCode {
  if (refused === 0) return "CPF02";
  return accepted === 0 ? "CPF04" : "CPF03";
}
