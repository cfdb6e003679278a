// The answer of a query, or its failure, as FHIR R4 beside the payload.
import type { QueryFound, QueryNotFound } from "../../lib/cpis/model.js";
import type { CpisError } from "../../lib/errors.js";
import { encodeFailure } from "../../lib/fhir/encode-operation-outcome.js";
import { encodeSearchset } from "../../lib/fhir/encode-searchset.js";
import type { OperationOutcome, SearchsetBundle } from "../../lib/fhir/resources.js";
import { nameBasedUuid } from "../../lib/name-based-uuid.js";

export interface FhirAnswer {
  /** What an HTTP server answers with it. */
  readonly status: number;
  readonly resource: SearchsetBundle | OperationOutcome;
}

const namespace = "5d0c2c2c-5f0b-4b1e-8a55-5a0f7a3c9e61";

export function fhirOfAnswer(result: QueryFound | QueryNotFound, at: number): FhirAnswer {
  const uuidOf = (name: string): string => nameBasedUuid(namespace, name).toLowerCase();
  return { status: 200, resource: encodeSearchset(result, { search: "CareTeam", at, uuidOf }) };
}

export function fhirOfFailure({ code, retryable }: CpisError): FhirAnswer {
  return encodeFailure({ code, retryable });
}
