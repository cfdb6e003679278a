// What the answer to a CP-IS query means: the decision table, first match wins.
import { definedOnly } from "../../defined-only.js";
import { isCpisError, type CpisError } from "../../errors.js";
import type { ReceivedTransmission } from "../../hl7v3/transmission-wrapper.js";
import { isSameId } from "../../identifiers.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText, NotFoundBasis, QueryFailureCode, QueryResult, Warning } from "../model.js";
import { isNhsNumberNotFound, isNotFoundOrCompanion, isUnexpectedBusinessError } from "../vocabularies.js";
import { findDoubtOfAbsence } from "./absence.js";
import {
  createQueryFailed,
  queryMismatchedReply,
  queryUnexpectedReply,
  queryUnparseableReply,
  type QueryContext,
} from "./query-failed.js";
import {
  accessesOf,
  completenessWarnings,
  countUnreadablePlans,
  hasReadablePlan,
  isAboutAnotherPatient,
  plansOf,
  totalWarnings,
} from "./query-found.js";
import { collectCodes, parseQueryReply, type QueryReply, type ReplyCodes } from "./query-reply.js";

export interface OutcomeSettings {
  /** What an answer is taken for that says OK, with a total of 0 and no plan; Spine is not known to send one. */
  readonly emptyResponse: "not-found" | "failed";
}

/** How an answer of its own post was brought to the query. */
export interface AnswerCorrelation {
  /** Nothing around the payload names the query: it counts only if it names the query's own message or event. */
  readonly needsOwnReference?: boolean;
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
    ...definedOnly({ replyId: transmission.messageId, respondedAt: answeredAt }),
    codes: codes.all,
    warnings,
  };
}

function failed(facts: ReplyFacts, code: QueryFailureCode, reason?: string): QueryResult {
  const retryable = isRetryable(code) && facts.codes.all.some(isUnexpectedBusinessError);
  const { all } = facts.codes;
  const details = { retryable, codes: all, ...definedOnly({ detail: reason }) };
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

/** Row 10, of every message: a plan is never hidden, whatever else the reply says. */
function found(facts: ReplyFacts, reply: QueryReply): QueryResult {
  const { payload, findings } = reply;
  const unreadable = countUnreadablePlans(payload);
  const shown = plansOf(payload, facts.context);
  const accesses = accessesOf(payload, facts.context);
  const warnings: Warning[] = [...facts.warnings, ...shown.warnings, ...accesses.warnings, ...totalWarnings(payload)];
  if (contradictsPlans(reply, facts.codes)) warnings.push(contradictedPlans);
  warnings.push(...completenessWarnings(unreadable, findings));
  const { totalPlans, totalAccesses } = payload ?? {};
  return {
    outcome: "found",
    plans: shown.plans,
    accesses: accesses.accesses,
    ...(typeof totalPlans === "number" ? { totalPlans } : {}),
    ...(typeof totalAccesses === "number" ? { totalAccesses } : {}),
    incomplete: unreadable > 0 || findings.mayHideRecord,
    ...baseOf({ ...facts, warnings }),
  };
}

const contradictedPlans: Warning = {
  code: "inconsistent-reply",
  message: "The answer holds plans, and says that there are none or that it failed, or contradicts itself",
};

function contradictsPlans(reply: QueryReply, codes: ReplyCodes): boolean {
  const { kind, queryResponseCode, acknowledgements, findings } = reply;
  const isNegative = queryResponseCode === "NF" || queryResponseCode === "ID" || reply.isQueryAckUnreadable === true;
  const isAccepted = acknowledgements.every(({ typeCode }) => typeCode === "AA");
  const isOfErrors = codes.hasUnreadable || codes.errors.some(isErrorReason);
  return kind !== "response" || isNegative || !isAccepted || isOfErrors || findings.contradictsItself;
}

/** Rows 11 to 14: REPC_IN000007GB01, or its payload alone. */
function judgeResponse(facts: ReplyFacts, reply: QueryReply, settings: OutcomeSettings): QueryResult {
  const unreadable = countUnreadablePlans(reply.payload);
  if (unreadable > 0) return failed(facts, "unreadable-plan", `${unreadable} plan blocks could not be read`);
  const basis = basisOfAbsence(reply, facts.codes);
  if (basis === undefined) return failed(facts, "inconsistent-reply");
  const absent = notFound(facts, reply, basis);
  if (basis === "no-data-found" || absent.outcome === "failed") return absent;
  if (settings.emptyResponse === "failed") return failed(facts, "inconsistent-reply", "it is an empty response");
  return { ...absent, warnings: [...absent.warnings, emptyResponseWarning] };
}

const emptyResponseWarning: Warning = {
  code: "empty-response",
  message: "The answer is an empty response, which Spine is not known to send",
};

/** Rows 12 and 13: the only ways in which a response says that there is no record. */
function basisOfAbsence({ queryResponseCode, payload }: QueryReply, codes: ReplyCodes): NotFoundBasis | undefined {
  if (queryResponseCode === "NF" && saysNothingElse(codes)) return "no-data-found";
  const isEmpty = queryResponseCode === "OK" && hasNoError(codes) && payload?.totalPlans === 0;
  return isEmpty ? "empty-response" : undefined;
}

/** Rows 15 to 18: QUQI_IN010000UK14. */
function judgeFailure(facts: ReplyFacts, reply: QueryReply): QueryResult {
  const { codes } = facts;
  if (codes.reasons.some(isNhsNumberNotFound)) {
    return saysNothingElse(codes) ? notFound(facts, reply, "nhs-number-not-on-cpis") : failed(facts, "query-rejected");
  }
  if (reply.queryResponseCode === "NF" && hasNoError(codes)) return notFound(facts, reply, "no-data-found");
  return failed(facts, "query-rejected");
}

/** Unless anything in the reply speaks against it. */
function notFound(facts: ReplyFacts, reply: QueryReply, basis: NotFoundBasis): QueryResult {
  const doubt = findDoubtOfAbsence(reply, facts.context);
  if (doubt !== undefined) return failed(facts, "inconsistent-reply", doubt);
  const { accesses, warnings } = accessesOf(reply.payload, facts.context);
  return { outcome: "not-found", basis, accesses, ...baseOf({ ...facts, warnings: [...facts.warnings, ...warnings] }) };
}

/** Rows 19 to 21: MCCI_IN010000UK13 that is no AA. */
function judgeAcknowledgement(facts: ReplyFacts, { acknowledgements }: QueryReply): QueryResult {
  const types = acknowledgements.map(({ typeCode }) => typeCode);
  if (types.includes("AR")) return failed(facts, "application-rejected");
  if (types.includes("AE")) return failed(facts, "application-error");
  return failed(facts, "unexpected-reply", "the acknowledgement is of no known type");
}

function judge(context: QueryContext, reply: QueryReply, settings: OutcomeSettings): QueryResult {
  const { payload, transmission, warnings } = reply;
  const codes = collectCodes(reply);
  const respondedAt = payload?.respondedAt;
  const facts: ReplyFacts = {
    context,
    transmission,
    ...definedOnly({ respondedAt }),
    codes,
    warnings,
  };
  if (payload !== undefined && isAboutAnotherPatient(payload, context)) {
    return failed({ ...facts, codes: noCodes, warnings: [] }, "wrong-patient");
  }
  if (hasReadablePlan(payload)) return found(facts, reply);
  switch (reply.kind) {
    case "response":
      return judgeResponse(facts, reply, settings);
    case "failure":
      return judgeFailure(facts, reply);
    case "acknowledgement":
      return judgeAcknowledgement(facts, reply);
    case "other":
      return failed({ ...facts, codes: noCodes, warnings: [] }, "unexpected-reply");
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
function isMereAcknowledgement({ kind, acknowledgements, payload }: QueryReply): boolean {
  const isAccepted = acknowledgements.length > 0 && acknowledgements.every(({ typeCode }) => typeCode === "AA");
  return kind === "acknowledgement" && isAccepted && !hasReadablePlan(payload);
}

/** One that names our message beside another contradicts itself, and is judged as such. */
function isAboutAnotherMessage({ acknowledgements }: QueryReply, { messageId }: QueryContext): boolean {
  const named = acknowledgements.map(({ messageRef }) => messageRef).filter((messageRef) => messageRef !== undefined);
  return named.length > 0 && !named.some((messageRef) => isSameId(messageRef, messageId));
}

function namesQuery({ acknowledgements, payload }: QueryReply, { messageId, eventId }: QueryContext): boolean {
  const named = acknowledgements.some(({ messageRef }) => messageRef !== undefined && isSameId(messageRef, messageId));
  return named || (payload?.eventId !== undefined && isSameId(payload.eventId, eventId));
}

/**
 * Decides what the payload of a reply means for the query of `context`. Takes the root of the payload, or the error
 * that parsing it raised. "not-found" is given only where Spine said so; never throws.
 */
export function decideQueryOutcome(
  context: QueryContext,
  reply: XmlElement | CpisError,
  settings: OutcomeSettings & AnswerCorrelation,
): QueryDecision {
  const parsed = parseReply(reply);
  if (settings.needsOwnReference === true && (isCpisError(parsed) || !namesQuery(parsed, context))) {
    return { kind: "discard", warning: otherMessageWarning };
  }
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
