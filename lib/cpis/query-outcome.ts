// What the answer to a CP-IS query means: the decision table, first match wins.
import type { CpisError } from "../errors.js";
import type { XmlElement } from "../xml/xml-element.js";
import type { QueryResult, Warning } from "./model.js";
import type { QueryContext } from "./query-failed.js";

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

/**
 * Decides what the payload of a reply means for the query of `context`. Takes the root of the payload, or the error
 * that parsing it raised. "not-found" is given only where Spine said so; never throws.
 */
export function decideQueryOutcome(
  context: QueryContext,
  reply: XmlElement | CpisError,
  settings: OutcomeSettings,
): QueryDecision {
  void context;
  void reply;
  void settings;
  return { kind: "keep-waiting" };
}
