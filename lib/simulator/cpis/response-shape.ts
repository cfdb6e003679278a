// How a simulated answer departs from the plain form: what real answers do, and what only a faulty one would.
import type { QueryResponseDeviation } from "../../cpis/query/query-response-model.js";

/** All absent: the form that the schema describes. */
export interface ResponseShape {
  /** What real answers were seen to do to the form. */
  readonly deviations?: readonly QueryResponseDeviation[];
  /** Default OK. */
  readonly queryResponseCode?: "OK" | "NF" | "ID";
  /** Default: the number of plans in the answer. */
  readonly totalPlans?: number;
  /** The first plan starts on a day that no calendar has. */
  readonly isFirstPlanUnreadable?: boolean;
  /** Another number in the subject than the one asked for. */
  readonly subjectNhsNumber?: string;
  /** Another number in the echo of this very query. */
  readonly echoedNhsNumber?: string;
}
