// What a reply with a status other than 200 means.
import { CpisError } from "../errors.js";
import { parseJson } from "./fhir-json.js";
import { findOperationOutcomeCode } from "./parse-bundle.js";

/** The gateway before the directory has replies of its own, which are not read. */
function outcomeCode(body: Uint8Array): string | undefined {
  try {
    return findOperationOutcomeCode(parseJson(body));
  } catch {
    return undefined;
  }
}

/**
 * SDS_UNAUTHORISED for 401 and 403, SDS_UNAVAILABLE for 429 and 5xx, SDS_REFUSED for the rest: a redirection is not
 * followed, for the API key would go along. 404 is a wrong path and never "no record".
 */
export function describeRefusal({ status, body }: { readonly status: number; readonly body: Buffer }): CpisError {
  const outcome = outcomeCode(body);
  const detail = outcome === undefined ? `status ${status}` : `status ${status}, ${outcome}`;
  if (status === 401 || status === 403) return new CpisError("SDS_UNAUTHORISED", { detail });
  if (status === 408 || status === 429 || status >= 500) return new CpisError("SDS_UNAVAILABLE", { detail });
  return new CpisError("SDS_REFUSED", { detail });
}
