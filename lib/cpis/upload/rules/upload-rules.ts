// The one table of rules for uploads, and the faults that are made from it.
import { uploadFileRules } from "./upload-file-rules.js";
import { uploadRecordRules } from "./upload-record-rules.js";
import { uploadRowRules } from "./upload-row-rules.js";
import type { UploadFaultSeverity, UploadRule } from "./upload-rule.js";

const rules = { ...uploadFileRules, ...uploadRecordRules, ...uploadRowRules };

export type UploadFaultCode = keyof typeof rules;

/** Every rule by its code. A code is never reused or renamed. */
export const uploadRules: Readonly<Record<UploadFaultCode, UploadRule>> = rules;

/** One breach of a rule. Nothing in it is taken from the record: it may be logged and shown. */
export interface UploadFault {
  readonly code: UploadFaultCode;
  readonly severity: UploadFaultSeverity;
  readonly message: string;
  readonly advice: string;
  /**
   * The field in the words of the model, as in "plans[0].startDate" or "localAuthority.name"; for a flat row as in
   * "startDate". Never a value, and never a name that came with the data.
   */
  readonly field?: string;
}

export function uploadFault(code: UploadFaultCode, field?: string): UploadFault {
  const { severity, message, advice } = uploadRules[code];
  return field === undefined ? { code, severity, message, advice } : { code, severity, message, advice, field };
}

/** Whether any of the faults stops what it was found in from being sent. */
export function hasUploadError(faults: readonly UploadFault[]): boolean {
  return faults.some(({ severity }) => severity === "error");
}

/** Takes what a check finds. */
export type ReportFault = (code: UploadFaultCode, field?: string) => void;

const noFaults: readonly UploadFault[] = [];

/** Runs the checks and gives what they report. */
export function collectFaults(check: (report: ReportFault) => void): readonly UploadFault[] {
  let faults: UploadFault[] | undefined;
  check((code, field) => {
    (faults ??= []).push(uploadFault(code, field));
  });
  return faults ?? noFaults;
}
