// What an answer of several parts means: one payload is an answer, and more than one contradict each other.
import type { CpisError } from "../../errors.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { QueryResult } from "../model.js";
import { createQueryFailed, type QueryContext } from "./query-failed.js";
import { decideQueryOutcome, type QueryDecision } from "./query-outcome.js";

export interface AnswerParts {
  /** The root of the payload, or the error that reading it raised. */
  readonly payload: XmlElement | CpisError;
  /** The roots of the other parts that could be read as XML. */
  readonly others: readonly XmlElement[];
  /** Whether there is anything beside the payload, readable or not, in this message or in one that it refers to. */
  readonly hasMore: boolean;
}

function foundAmongOthers(result: Extract<QueryResult, { outcome: "found" }>): QueryResult {
  const message = "The answer has more than one part, and this is what one of them says";
  return { ...result, incomplete: true, warnings: [...result.warnings, { code: "several-parts", message }] };
}

function resultOf(decision: QueryDecision): QueryResult | undefined {
  return decision.kind === "result" ? decision.result : undefined;
}

/**
 * Decides as decideQueryOutcome does when there is only the payload. A plan in any part is found, the record of another
 * person in any is failed wrong-patient, and "no record" beside anything else is failed inconsistent-reply. Never throws.
 */
export function decideAnswerOutcome(
  context: QueryContext,
  { payload, others, hasMore }: AnswerParts,
  settings: Parameters<typeof decideQueryOutcome>[2],
): QueryDecision {
  const decision = decideQueryOutcome(context, payload, settings);
  if (!hasMore) return decision;
  const results = [decision, ...others.map((root) => decideQueryOutcome(context, root, settings))].map(resultOf);
  const foreign = results.find((result) => result?.outcome === "failed" && result.code === "wrong-patient");
  if (foreign !== undefined) return { kind: "result", result: foreign };
  const found = results.find((result) => result?.outcome === "found");
  if (found?.outcome === "found") return { kind: "result", result: foundAmongOthers(found) };
  if (decision.kind !== "result" || decision.result.outcome !== "not-found") return decision;
  const { codes } = decision.result;
  const detail = "it says that there is no record, and has a further part";
  return { kind: "result", result: createQueryFailed(context, "inconsistent-reply", { codes, detail }) };
}
