// The words of CP-IS: plan types as NHS England names them, and the codes of a query that found nothing.
import { objectIdentifiers } from "../hl7v3/object-identifiers.js";
import type { CodedText, PlanType } from "./model.js";

export const planTypeDisplayNames: Readonly<Record<PlanType, string>> = {
  "child-protection-plan": "Child Protection Plan",
  "looked-after-child": "Looked After Child",
  "unborn-child-protection-plan": "Unborn Child Protection Plan",
};

export const queryIssueCodes = {
  /** The NHS number is not on CP-IS: there is no record. */
  nhsNumberNotFound: "NHSNCC002",
  /** Travels with NHSNCC002 and says nothing alone. */
  companion: "1",
  /** A fault of Spine; a repeat by the user may help. */
  unexpectedBusinessError: "GE002",
} as const;

/** HL7's word for a value that is not known: a code may come as a text alone, and the text must be shown. */
export const unknownCode = "UNK";

/** The codes that the verdict on an uploaded record turns on; the meaning of all is in upload-result-words.ts. */
export const uploadCodes = {
  successfulRecord: "CPR06",
  successfulFile: "CPF02",
  partialFile: "CPF03",
} as const;

function isSpineCode(code: CodedText, value: string): boolean {
  return (
    code.code === value && (code.codeSystem ?? objectIdentifiers.spineErrorCode) === objectIdentifiers.spineErrorCode
  );
}

/** The code alone decides, in Spine's own code system or none; the text never does. */
export function isNhsNumberNotFound(code: CodedText): boolean {
  return isSpineCode(code, queryIssueCodes.nhsNumberNotFound);
}

/** Whether the code says no more than that the NHS number is not on CP-IS. */
export function isNotFoundOrCompanion(code: CodedText): boolean {
  return isNhsNumberNotFound(code) || isSpineCode(code, queryIssueCodes.companion);
}

export function isUnexpectedBusinessError(code: CodedText): boolean {
  return code.code === queryIssueCodes.unexpectedBusinessError;
}
