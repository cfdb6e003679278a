// A failed query as the error that a Catch node gets.
import type { QueryFailed, QueryFailureCode } from "../../lib/cpis/model.js";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError, isCpisError, type ErrorCode } from "../../lib/errors.js";

const errorCodes: Record<QueryFailureCode, ErrorCode> = {
  "invalid-nhs-number": "CPIS_INVALID_NHS_NUMBER",
  "invalid-request": "CPIS_INVALID_REQUEST",
  "not-authorised": "CPIS_NOT_AUTHORISED",
  "silent-read-unavailable": "CPIS_SILENT_READ_UNAVAILABLE",
  "not-sent": "CPIS_NOT_SENT",
  timeout: "CPIS_TIMEOUT",
  "soap-fault": "CPIS_SOAP_FAULT",
  "http-error": "CPIS_HTTP_ERROR",
  "ebxml-error": "CPIS_EBXML_ERROR",
  "unparseable-reply": "CPIS_UNPARSEABLE_REPLY",
  "unexpected-reply": "CPIS_UNEXPECTED_REPLY",
  "correlation-mismatch": "CPIS_CORRELATION_MISMATCH",
  "wrong-patient": "CPIS_WRONG_PATIENT",
  "inconsistent-reply": "CPIS_INCONSISTENT_REPLY",
  "unreadable-plan": "CPIS_UNREADABLE_PLAN",
  "query-rejected": "CPIS_QUERY_REJECTED",
  "application-error": "CPIS_APPLICATION_ERROR",
  "application-rejected": "CPIS_APPLICATION_REJECTED",
  "access-denied": "CPIS_ACCESS_DENIED",
  "smsp-error": "CPIS_SMSP_ERROR",
  "smsp-no-match": "CPIS_SMSP_NO_MATCH",
};

/** Every code that a failed outcome of the service becomes. */
export const queryErrorCodes: readonly ErrorCode[] = [
  ...Object.values(errorCodes),
  "CPIS_NOT_AUDITED",
  "CPIS_CONTRADICTORY_ANSWER",
];

/** What keeps the audit from being written tells more than that it is not written. */
function obstacleOf(cause: CpisError | undefined): CpisError | undefined {
  return cause?.code === "CPIS_NOT_AUDITED" && isCpisError(cause.cause) ? cause.cause : cause;
}

/** The text holds the service's own detail, which names the codes of the answer and never their free text. */
export function failureOf(result: QueryFailed, cause: CpisError | undefined): CpisError {
  // Nothing was sent, and the code of what stood in the way tells what to do.
  const obstacle = obstacleOf(cause);
  if (obstacle !== undefined && /^(STORE_|SDS_|CONFIG_CONTRACT$|CPIS_NOT_AUDITED$)/.test(obstacle.code))
    return obstacle;
  return new CpisError(errorCodes[result.code], {
    retryable: result.retryable,
    ...definedOnly({ cause, detail: result.detail }),
  });
}
