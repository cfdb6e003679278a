// What the answer to a CP-IS query means: the decision table, first match wins.
import { isCpisError, type CpisError } from "../../errors.js";
import type { ReceivedApplicationAcknowledgement } from "../../hl7v3/application-acknowledgement.js";
import type { ReceivedQueryFailure } from "../../hl7v3/query-failure.js";
import type { ReceivedTransmission } from "../../hl7v3/transmission-wrapper.js";
import { isSameId } from "../../identifiers.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText, NotFoundBasis, QueryFailureCode, QueryResult, Warning } from "../model.js";
import {
  createQueryFailed,
  queryMismatchedReply,
  queryUnexpectedReply,
  queryUnparseableReply,
  type QueryContext,
} from "./query-failed.js";
import { accessesOf, countUnreadablePlans, isAboutAnotherPatient, plansOf, totalWarnings } from "./query-found.js";
import { collectCodes, parseQueryReply, type QueryReply, type ReplyCodes } from "./query-reply.js";
import type { ParsedQueryResponse } from "./query-response-model.js";
import { isNhsNumberNotFound, isNotFoundOrCompanion, isUnexpectedBusinessError } from "../vocabularies.js";

export interface OutcomeSettings {
  /** What an answer is taken for that says OK, with a total of 0 and no plan; Spine is not known to send one. */
  readonly emptyResponse: "not-found" | "failed";
}

export type QueryDecision =
  | { readonly kind: "result"; readonly result: QueryResult }
  /** An acknowledgement without data: the answer is still to come. */
  | { readonly kind: "keep-waiting" }
  /** It answers another message: log the warning, and go on waiting. */
  | { readonly kind: "discard"; readonly warning: Warning };

/** What every result that comes from a reply carries. */
interface ReplyFacts {
  readonly context: QueryContext;
  readonly transmission: ReceivedTransmission;
  readonly respondedAt?: ReceivedTransmission["createdAt"];
  readonly codes: ReplyCodes;
  readonly warnings: readonly Warning[];
}

const noCodes: ReplyCodes = { all: [], reasons: [], errors: [], hasUnreadable: false };

function baseOf({ context, transmission, respondedAt, codes, warnings }: ReplyFacts) {
  const { nhsNumber, messageId, eventId } = context;
  const answeredAt = respondedAt ?? transmission.createdAt;
  return {
    nhsNumber,
    messageId,
    eventId,
    ...(transmission.messageId === undefined ? {} : { replyId: transmission.messageId }),
    ...(answeredAt === undefined ? {} : { respondedAt: answeredAt }),
    codes: codes.all,
    warnings,
  };
}

function failed(facts: ReplyFacts, code: QueryFailureCode, reason?: string): QueryResult {
  const retryable = isRetryable(code) && facts.codes.all.some(isUnexpectedBusinessError);
  const { all } = facts.codes;
  const details = { retryable, codes: all, ...(reason === undefined ? {} : { detail: reason }) };
  return { ...createQueryFailed(facts.context, code, details), ...baseOf(facts) };
}

/** Those that a code of Spine can tell to be of its own making. */
function isRetryable(code: QueryFailureCode): boolean {
  return code === "application-error" || code === "query-rejected";
}

/** Whether the errors named, if any, say no more than that the NHS number is not on CP-IS. */
function saysNothingElse(codes: ReplyCodes): boolean {
  return !codes.hasUnreadable && codes.errors.every(isNotFoundOrCompanion);
}

function hasNoError(codes: ReplyCodes): boolean {
  return !codes.hasUnreadable && codes.errors.length === 0;
}

function isErrorReason({ qualifier }: CodedText): boolean {
  return qualifier === undefined || qualifier === "ER";
}

/** Rows 9 to 14: REPC_IN000007GB01. */
function judgeResponse(
  context: QueryContext,
  { response, warnings }: ParsedQueryResponse,
  settings: OutcomeSettings,
): QueryResult {
  const { payload, transmission } = response;
  const codes = collectCodes(response);
  const respondedAt = payload?.respondedAt;
  const timed = respondedAt === undefined ? {} : { respondedAt };
  const facts: ReplyFacts = { context, transmission, ...timed, codes, warnings };
  if (payload !== undefined && isAboutAnotherPatient(payload, context)) {
    return failed({ ...facts, codes: noCodes, warnings: [] }, "wrong-patient");
  }
  const unreadable = countUnreadablePlans(payload);
  if (plansOf(payload).length > 0) return found(facts, response, unreadable);
  if (unreadable > 0) return failed(facts, "unreadable-plan", `${unreadable} plan blocks could not be read`);
  const basis = judgeAbsence(response, codes);
  if (basis === undefined) return failed(facts, "inconsistent-reply");
  if (basis === "empty-response" && settings.emptyResponse === "failed") return failed(facts, "inconsistent-reply");
  const shown = accessesOf(payload, context);
  const doubt = basis === "empty-response" ? [emptyResponseWarning] : [];
  const allWarnings = [...warnings, ...shown.warnings, ...doubt];
  return { ...baseOf({ ...facts, warnings: allWarnings }), outcome: "not-found", basis, accesses: shown.accesses };
}

const emptyResponseWarning: Warning = {
  code: "empty-response",
  message: "The answer is an empty response, which Spine is not known to send",
};

/** Row 10: a plan is never hidden, whatever else the response says. */
function found(facts: ReplyFacts, response: ParsedQueryResponse["response"], unreadable: number): QueryResult {
  const { payload, queryResponseCode } = response;
  const shown = accessesOf(payload, facts.context);
  const warnings: Warning[] = [...facts.warnings, ...shown.warnings, ...totalWarnings(payload)];
  if (contradictsPlans(queryResponseCode, facts.codes)) {
    warnings.push({
      code: "inconsistent-reply",
      message: "The answer holds plans, and says that there are none or that it failed",
    });
  }
  if (unreadable > 0) {
    warnings.push({ code: "unreadable-plan", message: `${unreadable} plan blocks could not be read` });
  }
  const { totalPlans, totalAccesses } = payload ?? {};
  return {
    ...baseOf({ ...facts, warnings }),
    outcome: "found",
    plans: plansOf(payload),
    accesses: shown.accesses,
    ...(typeof totalPlans === "number" ? { totalPlans } : {}),
    ...(typeof totalAccesses === "number" ? { totalAccesses } : {}),
    incomplete: unreadable > 0,
  };
}

function contradictsPlans(queryResponseCode: string | undefined, codes: ReplyCodes): boolean {
  const isNegative = queryResponseCode === "NF" || queryResponseCode === "ID";
  return isNegative || codes.hasUnreadable || codes.errors.some(isErrorReason);
}

/** Rows 12 and 13: the only ways in which a response without plan says that there is no record. */
function judgeAbsence(response: ParsedQueryResponse["response"], codes: ReplyCodes): NotFoundBasis | undefined {
  const total = response.payload?.totalPlans;
  if (response.queryResponseCode === "NF" && saysNothingElse(codes) && (total === undefined || total === 0)) {
    return "no-data-found";
  }
  return response.queryResponseCode === "OK" && hasNoError(codes) && total === 0 ? "empty-response" : undefined;
}

/** Rows 15 to 18: QUQI_IN010000UK14. */
function judgeFailure(context: QueryContext, failure: ReceivedQueryFailure): QueryResult {
  const codes = collectCodes(failure);
  const facts: ReplyFacts = { context, transmission: failure.transmission, codes, warnings: [] };
  if (codes.reasons.some(isNhsNumberNotFound)) {
    return saysNothingElse(codes) ? notFound(facts, "nhs-number-not-on-cpis") : failed(facts, "query-rejected");
  }
  if (failure.queryResponseCode === "NF" && hasNoError(codes)) return notFound(facts, "no-data-found");
  return failed(facts, "query-rejected");
}

function notFound(facts: ReplyFacts, basis: NotFoundBasis): QueryResult {
  return { ...baseOf(facts), outcome: "not-found", basis, accesses: [] };
}

/** Rows 19 and 20: MCCI_IN010000UK13 that is no AA. */
function judgeAcknowledgement(context: QueryContext, received: ReceivedApplicationAcknowledgement): QueryResult {
  const codes = collectCodes(received);
  const facts: ReplyFacts = { context, transmission: received.transmission, codes, warnings: [] };
  switch (received.acknowledgement?.typeCode) {
    case "AE":
      return failed(facts, "application-error");
    case "AR":
      return failed(facts, "application-rejected");
    default:
      return failed(facts, "unexpected-reply", "the acknowledgement is of no known type");
  }
}

function judge(context: QueryContext, reply: QueryReply, settings: OutcomeSettings): QueryResult {
  switch (reply.kind) {
    case "response":
      return judgeResponse(context, reply.parsed, settings);
    case "failure":
      return judgeFailure(context, reply.failure);
    case "acknowledgement":
      return judgeAcknowledgement(context, reply.acknowledgement);
    case "other":
      return failed({ context, transmission: reply.transmission, codes: noCodes, warnings: [] }, "unexpected-reply");
  }
}

function parseReply(reply: XmlElement | CpisError): QueryReply | CpisError {
  if (isCpisError(reply)) return reply;
  try {
    return parseQueryReply(reply);
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

const otherMessageWarning: Warning = {
  code: "correlation-mismatch",
  message: "A reply refers to another message than the query and was left aside",
  path: "messageRef",
};

/** An acknowledgement without data says nothing about a child. */
function isMereAcknowledgement(reply: QueryReply): boolean {
  return reply.kind === "acknowledgement" && reply.acknowledgement.acknowledgement?.typeCode === "AA";
}

function isAboutAnotherMessage({ messageRef }: QueryReply, { messageId }: QueryContext): boolean {
  return messageRef !== undefined && !isSameId(messageRef, messageId);
}

/**
 * Decides what the payload of a reply means for the query of `context`. Takes the root of the payload, or the error
 * that parsing it raised. "not-found" is given only where Spine said so; never throws.
 */
export function decideQueryOutcome(
  context: QueryContext,
  reply: XmlElement | CpisError,
  settings: OutcomeSettings,
): QueryDecision {
  const parsed = parseReply(reply);
  if (isCpisError(parsed)) return { kind: "result", result: queryUnparseableReply(context, parsed.code) };
  if (isMereAcknowledgement(parsed)) return { kind: "keep-waiting" };
  if (isAboutAnotherMessage(parsed, context)) {
    return { kind: "discard", warning: otherMessageWarning };
  }
  return { kind: "result", result: judge(context, parsed, settings) };
}

/**
 * Decides the same of the reply of a synchronous exchange. It takes the SOAP Body, which belongs to its connection:
 * there is no other reply to wait for, so that one which answers nothing, or another message, is a failure.
 */
export function decideSynchronousOutcome(
  context: QueryContext,
  reply: XmlElement | CpisError,
  settings: OutcomeSettings,
): QueryResult {
  const parsed = parseReply(reply);
  if (isCpisError(parsed)) return queryUnparseableReply(context, parsed.code);
  if (isMereAcknowledgement(parsed)) {
    return queryUnexpectedReply(context, "the reply is an acknowledgement without an answer");
  }
  if (isAboutAnotherMessage(parsed, context)) return queryMismatchedReply(context);
  return judge(context, parsed, settings);
}
