// What the answer of a Spine mini service means: rows 9 to 11 and 22 to 24 of the decision table, first match wins.
import { isCpisError, type CpisError } from "../../errors.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText, NotFoundBasis, QueryFailureCode, QueryResult, Warning } from "../model.js";
import { findDoubtOfBareAbsence } from "./absence.js";
import { createQueryFailed, queryUnparseableReply, type FailureDetails, type QueryContext } from "./query-failed.js";
import {
  accessesOf,
  completenessWarnings,
  countUnreadablePlans,
  hasReadablePlan,
  isAboutAnotherPatient,
  plansOf,
  totalWarnings,
} from "./query-found.js";
import { holdsInteraction, parseSmspResponse, type ReceivedSmspResponse } from "./smsp-response.js";
import { smspMeaning } from "./smsp-status.js";

const noRecord: NotFoundBasis = "smsp-no-record";

function codesOf({ status }: ReceivedSmspResponse): readonly CodedText[] {
  return status === undefined || status === "unreadable" ? [] : [status];
}

function baseOf(context: QueryContext, response: ReceivedSmspResponse, warnings: readonly Warning[]) {
  const { nhsNumber, messageId, eventId } = context;
  const { respondedAt } = response.payload;
  const timed = respondedAt === undefined ? {} : { respondedAt };
  return { nhsNumber, messageId, eventId, ...timed, codes: codesOf(response), warnings };
}

function failed(
  context: QueryContext,
  response: ReceivedSmspResponse,
  code: QueryFailureCode,
  details: FailureDetails = {},
): QueryResult {
  const failure = createQueryFailed(context, code, { codes: codesOf(response), ...details });
  return { ...failure, ...baseOf(context, response, response.warnings) };
}

/** Row 10, whatever the status: a plan is never hidden. The totals are held against what was read. */
function found(context: QueryContext, response: ReceivedSmspResponse, isSuccess: boolean): QueryResult {
  const { payload, findings } = response;
  const unreadable = countUnreadablePlans(payload);
  const shown = plansOf(payload, context);
  const accesses = accessesOf(payload, context);
  const warnings = [...response.warnings, ...shown.warnings, ...accesses.warnings, ...totalWarnings(payload)];
  if (!isSuccess || findings.contradictsItself) warnings.push(contradictedPlans);
  warnings.push(...completenessWarnings(unreadable, findings));
  const { totalPlans, totalAccesses } = payload;
  return {
    outcome: "found",
    plans: shown.plans,
    accesses: accesses.accesses,
    ...(typeof totalPlans === "number" ? { totalPlans } : {}),
    ...(typeof totalAccesses === "number" ? { totalAccesses } : {}),
    incomplete: unreadable > 0 || findings.mayHideRecord,
    ...baseOf(context, response, warnings),
  };
}

const contradictedPlans: Warning = {
  code: "inconsistent-reply",
  message: "The answer holds plans, and says that there are none or that it failed, or contradicts itself",
};

/** Rows 11 and 22: success without a plan that can be read. */
function judgeSuccess(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  const unreadable = countUnreadablePlans(response.payload);
  if (unreadable === 0) return failed(context, response, "inconsistent-reply");
  return failed(context, response, "unreadable-plan", { detail: `${unreadable} plan blocks could not be read` });
}

/** Row 23, unless anything in the answer speaks against it. */
function judgeNoRecord(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  const doubt = findDoubtOfBareAbsence(response.payload, response.findings, context);
  if (doubt !== undefined) return failed(context, response, "inconsistent-reply", { detail: doubt });
  const { accesses, warnings } = accessesOf(response.payload, context);
  return {
    outcome: "not-found",
    basis: noRecord,
    accesses,
    ...baseOf(context, response, [...response.warnings, ...warnings]),
  };
}

function judge(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  if (isAboutAnotherPatient(response.payload, context)) return createQueryFailed(context, "wrong-patient");
  const meaning = smspMeaning(response.status);
  if (hasReadablePlan(response.payload)) return found(context, response, meaning.kind === "success");
  switch (meaning.kind) {
    case "success":
      return judgeSuccess(context, response);
    case "no-record":
      return judgeNoRecord(context, response);
    case "failed": {
      const { code, retryable } = meaning;
      if (response.status !== undefined && response.status !== "unreadable") {
        return failed(context, response, code, { retryable });
      }
      const detail = response.status === undefined ? "the status is missing" : "the status cannot be read";
      return failed(context, response, code, { retryable, detail });
    }
  }
}

function parseReply(reply: XmlElement): ReceivedSmspResponse | "interaction" | CpisError {
  try {
    return holdsInteraction(reply) ? "interaction" : parseSmspResponse(reply);
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

/**
 * Decides what the payload of a mini service's reply means for the query of `context`. Takes the root of the payload,
 * or the error that reading the reply raised. "not-found" is given for CPIS-0001 only; never throws.
 */
export function decideSmspOutcome(context: QueryContext, root: XmlElement | CpisError): QueryResult {
  const parsed = isCpisError(root) ? root : parseReply(root);
  if (isCpisError(parsed)) return queryUnparseableReply(context, parsed.code);
  return parsed === "interaction" ? createQueryFailed(context, "unexpected-reply") : judge(context, parsed);
}
