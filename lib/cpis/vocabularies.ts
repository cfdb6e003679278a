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

/**
 * The codes that Spine, a mini service, their message handling and their SOAP faults are known to use. What stands in
 * place of a code and is none of these might be anything, a patient's number or name too.
 */
const tellableCodes: ReadonlySet<string> = new Set([
  // Of the query: issues in the reasons, and rejections in the details of an acknowledgement.
  ...Object.values(queryIssueCodes),
  ...["0", "202", "506", "519", "AT001", "AT002", "AT009"],
  // Of a mini service.
  ...[
    "SMSP-0000",
    "SMSP-0001",
    "SMSP-0002",
    "SMSP-0003",
    "SMSP-0004",
    "SMSP-0005",
    "SMSP-9999",
    "CPIS-0001",
    "CPIS-9999",
  ],
  // Of ebXML: the tokens of ebMS 2.0, and Spine's numbers.
  ...["ValueNotRecognized", "NotSupported", "Inconsistent", "OtherXml", "DeliveryFailure", "TimeToLiveExpired"],
  ...["SecurityFailure", "MimeProblem", "Unknown", "501314", "501319", "402005", "1000"],
  // Of the national services' SOAP faults.
  ...["101", "200", "201", "206", "208", "300"],
]);

/** "codes GE002, an unknown code": only codes of known vocabularies are repeated. Undefined when there is none. */
export function nameCodes(codes: readonly CodedText[]): string | undefined {
  const named = new Set(codes.map(({ code }) => (tellableCodes.has(code) ? code : "an unknown code")));
  return named.size === 0 ? undefined : `codes ${[...named].join(", ")}`;
}
