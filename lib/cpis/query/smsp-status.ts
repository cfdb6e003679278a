// The status codes of a Spine mini service, and what each of them says of a query.
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import type { CodedText, QueryFailureCode } from "../model.js";

export type SmspMeaning =
  /** The payload is to be read as that of Spine's own response. */
  | { readonly kind: "success" }
  /** CP-IS holds no record under the number. */
  | { readonly kind: "no-record" }
  | { readonly kind: "failed"; readonly code: QueryFailureCode; readonly retryable: boolean };

export type SmspStatusCode = keyof typeof statuses;

interface StatusDefinition {
  readonly displayName: string;
  readonly meaning: SmspMeaning;
}

function define<Code extends string>(table: Record<Code, StatusDefinition>): Record<Code, StatusDefinition> {
  return table;
}

function failing(code: QueryFailureCode, retryable: boolean): SmspMeaning {
  return { kind: "failed", code, retryable };
}

const statuses = define({
  "SMSP-0000": { displayName: "Success", meaning: { kind: "success" } },
  "SMSP-0001": { displayName: "Input message validation error", meaning: failing("smsp-error", false) },
  "SMSP-0002": { displayName: "Response message validation error", meaning: failing("smsp-error", true) },
  // Whether it means "no record" or "no such patient" is not known, so it never says that there is no record.
  "SMSP-0003": { displayName: "No Match (NRF)", meaning: failing("smsp-no-match", false) },
  "SMSP-0004": { displayName: "Could not connect to spine", meaning: failing("smsp-error", true) },
  "SMSP-0005": { displayName: "Author Credentials Error", meaning: failing("access-denied", false) },
  "SMSP-9999": {
    displayName: "Spine mini service provider software failure",
    meaning: failing("smsp-error", true),
  },
  "CPIS-0001": { displayName: "No Match (NRF)", meaning: { kind: "no-record" } },
  "CPIS-9999": { displayName: "CP-IS Spine Service Error", meaning: failing("smsp-error", true) },
});

const byCode: ReadonlyMap<string, StatusDefinition> = new Map(Object.entries(statuses));
const unknownStatus = failing("smsp-error", false);

/** The status as it is written. */
export function smspStatus(code: SmspStatusCode): CodedText {
  return { code, codeSystem: objectIdentifiers.smspStatus, displayName: statuses[code].displayName };
}

/** The code alone decides, in the code system of these codes or none; the text never does. */
export function smspMeaning(status: CodedText | "unreadable" | undefined): SmspMeaning {
  if (status === undefined || status === "unreadable") return unknownStatus;
  if ((status.codeSystem ?? objectIdentifiers.smspStatus) !== objectIdentifiers.smspStatus) return unknownStatus;
  return byCode.get(status.code)?.meaning ?? unknownStatus;
}
