// Failures and warnings as an OperationOutcome: what is not an answer never looks like an empty list of plans.
import type { Warning } from "../cpis/model.js";
import { errorTable, type ErrorCode } from "../errors.js";
import type { Coding, OperationOutcome, OperationOutcomeIssue } from "./resources.js";

/** Of the codes that this package gives: the table of errors, and the warnings of a result. */
export const codeSystems = {
  error: "https://github.com/cp-is/node-red/error-codes",
  warning: "https://github.com/cp-is/node-red/warning-codes",
} as const;

interface FailureKind {
  /** Of the FHIR value set issue-type, to which the element is bound. */
  readonly issue: string;
  /** What an HTTP server may answer with it. */
  readonly status: number;
}

/** No code here is `not-found`: only the answer of CP-IS says that there is no record, and then with an empty Bundle. */
const failureKinds: Partial<Record<ErrorCode, FailureKind>> = {
  CPIS_INVALID_NHS_NUMBER: { issue: "value", status: 400 },
  CPIS_INVALID_REQUEST: { issue: "invalid", status: 400 },
  CPIS_NOT_AUTHORISED: { issue: "forbidden", status: 403 },
  CPIS_ACCESS_DENIED: { issue: "forbidden", status: 403 },
  CPIS_SILENT_READ_UNAVAILABLE: { issue: "not-supported", status: 501 },
  CPIS_NOT_SENT: { issue: "transient", status: 503 },
  CPIS_NOT_AUDITED: { issue: "no-store", status: 503 },
  CPIS_TIMEOUT: { issue: "timeout", status: 504 },
  CPIS_UNPARSEABLE_REPLY: { issue: "structure", status: 502 },
  CPIS_CORRELATION_MISMATCH: { issue: "conflict", status: 502 },
  CPIS_WRONG_PATIENT: { issue: "conflict", status: 502 },
  CPIS_INCONSISTENT_REPLY: { issue: "conflict", status: 502 },
  CPIS_UNREADABLE_PLAN: { issue: "incomplete", status: 502 },
};

function kindOf(code: ErrorCode, retryable: boolean): FailureKind {
  return (
    failureKinds[code] ?? {
      issue: retryable ? "transient" : "exception",
      status: code.startsWith("CPIS_") ? 502 : 503,
    }
  );
}

export interface Failure {
  readonly code: ErrorCode;
  /** The table says it when absent. */
  readonly retryable?: boolean;
}

export interface FhirFailure {
  /** For an HTTP answer: 4xx when the question is at fault, 5xx when CP-IS could not be checked. */
  readonly status: number;
  readonly resource: OperationOutcome;
}

/**
 * The failure in the words of the error table; no detail of the question or of the answer is in it. Its text says that
 * CP-IS could not be checked (FHIR R4 OperationOutcome; IssueType).
 */
export function encodeFailure({ code, retryable }: Failure): FhirFailure {
  const entry = errorTable[code];
  const { issue, status } = kindOf(code, retryable ?? entry.retryable);
  const details = {
    coding: [{ system: codeSystems.error, code }],
    text: `CP-IS could not be checked. ${entry.message}.`,
  };
  return {
    status,
    resource: {
      resourceType: "OperationOutcome",
      issue: [{ severity: "error", code: issue, details, diagnostics: entry.advice }],
    },
  };
}

function issueOf({ code, message, path }: Warning): OperationOutcomeIssue {
  const coding: Coding = { system: codeSystems.warning, code };
  const details = { coding: [coding], text: message };
  const issue = { severity: "warning", code: "processing", details } as const;
  return path === undefined ? issue : { ...issue, diagnostics: path };
}

/** Of a result that was got: its warnings, and that part of it could not be read. Undefined when there are none. */
export function encodeWarnings(warnings: readonly Warning[], incomplete: boolean): OperationOutcome | undefined {
  const issues = warnings.map(issueOf);
  if (incomplete) {
    const text = "Part of the answer could not be read: there may be more plans than are listed.";
    issues.unshift({ severity: "warning", code: "incomplete", details: { text } });
  }
  return issues.length === 0 ? undefined : { resourceType: "OperationOutcome", issue: issues };
}
