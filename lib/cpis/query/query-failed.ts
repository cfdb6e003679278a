// The failed results of a query that no HL7 payload tells of, and the base of those that one does.
import { definedOnly } from "../../defined-only.js";
import type { CodedText, QueryFailed, QueryFailureCode } from "../model.js";
import { nameCodes } from "../vocabularies.js";

/** The query that a result belongs to: its NHS number, HL7 message id and event id. */
export interface QueryContext {
  readonly nhsNumber: string;
  readonly messageId: string;
  readonly eventId: string;
}

export interface FailureDetails {
  readonly retryable?: boolean;
  /** Names fields, codes and counts; never a patient's detail. The codes are named when absent. */
  readonly detail?: string;
  readonly codes?: readonly CodedText[];
}

/** A failed result with nothing received. Not retryable unless told so. */
export function createQueryFailed(
  context: QueryContext,
  code: QueryFailureCode,
  details: FailureDetails = {},
): QueryFailed {
  const { nhsNumber, messageId, eventId } = context;
  const { codes = [], retryable = false } = details;
  const detail = details.detail ?? nameCodes(codes);
  const base = { nhsNumber, messageId, eventId, codes, warnings: [], outcome: "failed", code, retryable } as const;
  return detail === undefined ? base : { ...base, detail };
}

/** Refused on our own side; nothing was sent. */
export function refusedBeforeSending(
  context: QueryContext,
  code: "invalid-nhs-number" | "invalid-request" | "not-authorised" | "silent-read-unavailable",
  detail?: string,
): QueryFailed {
  return createQueryFailed(context, code, detail === undefined ? {} : { detail });
}

/** No connection, TLS or directory failure, or the peer refused to take it. */
export function queryNotSent(context: QueryContext, detail?: string): QueryFailed {
  return createQueryFailed(context, "not-sent", { retryable: true, ...definedOnly({ detail }) });
}

/** No answer in time; the access may have been recorded. */
export function queryTimedOut(context: QueryContext): QueryFailed {
  return createQueryFailed(context, "timeout", { retryable: true });
}

interface PeerFault {
  /** "Client" or "Server", with or without a prefix. */
  readonly faultCode: string;
  readonly errors: readonly {
    readonly codeContext: string;
    readonly errorCode: string;
    readonly description: string;
  }[];
}

/** A SOAP fault: retryable when the HTTP status is 5xx and the fault does not blame the client. */
export function querySoapFault(context: QueryContext, fault: PeerFault, httpStatus: number): QueryFailed {
  const isClientFault = fault.faultCode.split(":").at(-1) === "Client";
  const codes = fault.errors.map((error) => ({
    code: error.errorCode,
    codeSystem: error.codeContext,
    displayName: error.description,
  }));
  return createQueryFailed(context, "soap-fault", { retryable: isServerError(httpStatus) && !isClientFault, codes });
}

/** An HTTP error status without a SOAP fault: retryable when it is 5xx. */
export function queryHttpError(context: QueryContext, httpStatus: number): QueryFailed {
  const detail = `HTTP status ${String(httpStatus)}`;
  return createQueryFailed(context, "http-error", { retryable: isServerError(httpStatus), detail });
}

function isServerError(httpStatus: number): boolean {
  return httpStatus >= 500 && httpStatus <= 599;
}

interface PeerError {
  readonly errorCode: string;
  readonly codeContext: string;
  readonly description?: string;
}

/** An ebXML error list: retryable only when all it reports are failures to deliver (ebMS 2.0, 4.2.3.4.2). */
export function queryEbxmlError(context: QueryContext, errors: readonly PeerError[]): QueryFailed {
  const codes = errors.map(({ errorCode, codeContext, description }) => ({
    code: errorCode,
    codeSystem: codeContext,
    ...definedOnly({ displayName: description }),
  }));
  const retryable = errors.length > 0 && errors.every(({ errorCode }) => errorCode === "DeliveryFailure");
  return createQueryFailed(context, "ebxml-error", { retryable, codes });
}

/** A reply that answers nothing, where no other can come. */
export function queryUnexpectedReply(context: QueryContext, detail: string): QueryFailed {
  return createQueryFailed(context, "unexpected-reply", { detail });
}

/** The reply of a synchronous exchange says that it is about another message: nothing of it is told. */
export function queryMismatchedReply(context: QueryContext): QueryFailed {
  return createQueryFailed(context, "correlation-mismatch");
}

/** The reply was not well formed, too large, or holds nothing that is known. */
export function queryUnparseableReply(context: QueryContext, detail?: string): QueryFailed {
  return createQueryFailed(context, "unparseable-reply", detail === undefined ? {} : { detail });
}
