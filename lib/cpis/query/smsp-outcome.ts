// What the answer of a Spine mini service means: rows 9 to 11 and 22 to 24 of the decision table, first match wins.
import { isCpisError, type CpisError } from "../../errors.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { CodedText, NotFoundBasis, QueryFailureCode, QueryResult, Warning } from "../model.js";
import { createQueryFailed, queryUnparseableReply, type FailureDetails, type QueryContext } from "./query-failed.js";
import { accessesOf, countUnreadablePlans, isAboutAnotherPatient, plansOf, totalWarnings } from "./query-found.js";
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

/** Rows 10, 11 and 22. The totals of a success are held against what was read; they decide nothing. */
function judgeSuccess(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  const { payload } = response;
  const plans = plansOf(payload);
  const unreadable = countUnreadablePlans(payload);
  const unreadableText = `${unreadable} plan blocks could not be read`;
  if (plans.length === 0 && unreadable > 0) {
    return failed(context, response, "unreadable-plan", { detail: unreadableText });
  }
  if (plans.length === 0) return failed(context, response, "inconsistent-reply");
  const shown = accessesOf(payload, context);
  const warnings: Warning[] = [...response.warnings, ...shown.warnings, ...totalWarnings(payload)];
  if (unreadable > 0) warnings.push({ code: "unreadable-plan", message: unreadableText });
  const { totalPlans, totalAccesses } = payload;
  return {
    ...baseOf(context, response, warnings),
    outcome: "found",
    plans,
    accesses: shown.accesses,
    ...(typeof totalPlans === "number" ? { totalPlans } : {}),
    ...(typeof totalAccesses === "number" ? { totalAccesses } : {}),
    incomplete: unreadable > 0,
  };
}

/** Row 23, unless the answer holds what it says is not there. */
function judgeNoRecord(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  if (response.speaksOfRecord) return failed(context, response, "inconsistent-reply");
  const shown = accessesOf(response.payload, context);
  const warnings = [...response.warnings, ...shown.warnings];
  return {
    ...baseOf(context, response, warnings),
    outcome: "not-found",
    basis: noRecord,
    accesses: shown.accesses,
  };
}

function judge(context: QueryContext, response: ReceivedSmspResponse): QueryResult {
  if (isAboutAnotherPatient(response.payload, context)) return createQueryFailed(context, "wrong-patient");
  const meaning = smspMeaning(response.status);
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
