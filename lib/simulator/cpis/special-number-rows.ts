// What a row of the special numbers says, and the words in which the rows are written.
import { normalConduct, type AnswerContent, type Conduct, type ResponseShape } from "../behaviour.js";
import type { CodedText, NotFoundBasis, QueryFailureCode } from "../../cpis/model.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";

/** What a query for the number comes to, over an express contract and with the default limits. */
export type SpecialExpectation =
  | { readonly outcome: "found" }
  | { readonly outcome: "not-found"; readonly basis: NotFoundBasis }
  | { readonly outcome: "failed"; readonly code: QueryFailureCode };

export interface SpecialNumber {
  readonly nhsNumber: string;
  /** A short name of what happens, unique in the table. */
  readonly behaviour: string;
  readonly conduct: Conduct;
  readonly expected: SpecialExpectation;
  /** The same over a contract for synchronous SOAP, where the reply is all that can come. */
  readonly expectedOverSyncSoap: SpecialExpectation;
  /** The row of the decision table for query outcomes that it shows. */
  readonly row: number;
  /** One sentence for people. */
  readonly description: string;
}

export const spineCode = (code: string, displayName: string): CodedText => ({
  code,
  codeSystem: objectIdentifiers.spineErrorCode,
  displayName,
  qualifier: "ER",
});
export const notFound = spineCode("NHSNCC002", "NHS Number Not Found");
export const companion = spineCode("1", "NHS Number Not Found");
export const otherCode = spineCode("SIM001", "Synthetic issue of the simulator");
export const unexpectedError = spineCode("GE002", "Unexpected business error encountered.");
export const accessDenied: CodedText = {
  code: "1",
  codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.32",
  displayName: "Access denied",
};

export const failed = (code: QueryFailureCode): SpecialExpectation => ({ outcome: "failed", code });
export const notFoundBy = (basis: NotFoundBasis): SpecialExpectation => ({ outcome: "not-found", basis });

export function refusing(reply: Conduct["reply"]): Conduct {
  return { ...normalConduct, reply, answers: [] };
}

export function answering(...contents: readonly AnswerContent[]): Conduct {
  return { ...normalConduct, answers: contents.map((content) => ({ content })) };
}

export const record = (plans: "sample" | "none", shape: ResponseShape = {}): AnswerContent => ({
  kind: "record",
  plans,
  shape,
});
export const rejection = (
  queryResponseCode: "OK" | "NF" | "ID" | "absent",
  ...reasons: readonly CodedText[]
): AnswerContent => ({ kind: "rejection", queryResponseCode, reasons });
export const applicationError = (...reasons: readonly CodedText[]): AnswerContent => ({
  kind: "acknowledgement",
  typeCode: "AE",
  reasons,
  details: [],
});
export const contractNotFound = { errorCode: "402005", description: "Contract not found" } as const;

export type Row = readonly [
  nhsNumber: string,
  behaviour: string,
  row: number,
  expected: SpecialExpectation,
  conduct: Conduct,
  description: string,
];
