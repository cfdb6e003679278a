// The one table of rules for uploads, and the faults that are made from it.
import { definedOnly } from "../../../defined-only.js";
import { uploadFileRules } from "./upload-file-rules.js";
import { uploadRecordRules } from "./upload-record-rules.js";
import { uploadRowRules } from "./upload-row-rules.js";
import type { UploadFaultSeverity, UploadRule } from "./upload-rule.js";

const rules = { ...uploadFileRules, ...uploadRecordRules, ...uploadRowRules };

export type UploadFaultCode = keyof typeof rules;

/** Every rule by its code. A code is never reused or renamed. */
export const uploadRules: Readonly<Record<UploadFaultCode, UploadRule>> = rules;

/** One breach of a rule. Nothing but `word` is taken from the record: the rest may be logged and shown. */
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
  /** What could not be read, where it is a word of the case system and no detail of a person; for the flow alone. */
  readonly word?: string;
}

/** As long as the words of a vocabulary are, and without what could be a number of a person or a date. */
function isTellable(word: string): boolean {
  return /^[\p{L}\p{N} .,'&()/_-]{1,40}$/u.test(word) && !/\d{3}|\d[/.-]\d/.test(word);
}

export function uploadFault(code: UploadFaultCode, field?: string, word?: string): UploadFault {
  const { severity, message, advice } = uploadRules[code];
  return {
    ...{ code, severity, message, advice },
    ...definedOnly({ field }),
    ...(word === undefined || !isTellable(word) ? {} : { word }),
  };
}

/** Whether any of the faults stops what it was found in from being sent. */
export function hasUploadError(faults: readonly UploadFault[]): boolean {
  return faults.some(({ severity }) => severity === "error");
}

/** Takes what a check finds. */
export type ReportFault = (code: UploadFaultCode, field?: string, word?: string) => void;

const noFaults: readonly UploadFault[] = [];

/** Runs the checks and gives what they report. */
export function collectFaults(check: (report: ReportFault) => void): readonly UploadFault[] {
  let faults: UploadFault[] | undefined;
  check((code, field, word) => {
    (faults ??= []).push(uploadFault(code, field, word));
  });
  return faults ?? noFaults;
}
