// What is decided about a query before anything is sent, whichever way it will travel.
import type { Author, QueryFailed } from "../../cpis/model.js";
import { queryNotSent, refusedBeforeSending, type QueryContext } from "../../cpis/query/query-failed.js";
import { CpisError, errorClass, isCpisError } from "../../errors.js";

/** National RBAC activities: "View CP-IS Flag", and the same without notifying the local authority. */
const unscheduledActivity = "B0107";
const scheduledActivity = "B0170";

/** Who asks, and how. */
export interface AccessRequest {
  readonly author: Author;
  /** National RBAC activities of the signed-in user, for example ["B0107"]. Not looked at for a system author. */
  readonly activities?: readonly string[];
  readonly accessType: "unscheduled" | "scheduled";
}

/**
 * Why the user may not ask, if so (national RBAC activities). Holding only B0170 never becomes an alerting query.
 * `isSilentReadStated`: how a scheduled read is said on the wire.
 */
export function findRefusal(
  request: AccessRequest,
  checkActivities: boolean,
  isSilentReadStated = false,
): CpisError | undefined {
  const needed = request.accessType === "unscheduled" ? unscheduledActivity : scheduledActivity;
  const held = request.activities ?? [];
  if (checkActivities && request.author.kind === "person" && !held.includes(needed)) {
    return new CpisError("CPIS_NOT_AUTHORISED", { detail: `activity ${needed} is not among the user's activities` });
  }
  const isUnavailable = request.accessType === "scheduled" && !isSilentReadStated;
  return isUnavailable ? new CpisError("CPIS_SILENT_READ_UNAVAILABLE") : undefined;
}

/** The result for an error raised before anything was sent. */
export function failedBefore(context: QueryContext, error: CpisError): QueryFailed {
  switch (error.code) {
    case "CPIS_INVALID_NHS_NUMBER":
      return refusedBeforeSending(context, "invalid-nhs-number", error.detail);
    case "CPIS_INVALID_REQUEST":
      return refusedBeforeSending(context, "invalid-request", error.detail);
    case "CPIS_NOT_AUTHORISED":
      return refusedBeforeSending(context, "not-authorised", error.detail);
    case "CPIS_SILENT_READ_UNAVAILABLE":
      return refusedBeforeSending(context, "silent-read-unavailable");
    default:
      return queryNotSent(context, error.message);
  }
}

/** An error that is not ours is told by its class only. */
export function unexpected(error: unknown): CpisError {
  return isCpisError(error) ? error : new CpisError("CPIS_INTERNAL", { detail: errorClass(error) });
}
