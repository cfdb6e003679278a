// QUPC_IN000006GB01, the CP-IS query.
import { CpisError } from "../errors.js";
import type { ProcessingCode } from "../hl7v3/transmission-wrapper.js";
import type { XmlElement } from "../xml/xml-element.js";
import type { Author, Hl7Time } from "./model.js";
import type { NhsNumber } from "./nhs-number.js";

export const queryRequestInteraction = "QUPC_IN000006GB01";

/** A query for unscheduled care: every access is told to the local authority. */
export interface QueryRequest {
  readonly nhsNumber: NhsNumber;
  /** A person with user id, or a system with ASID; role, organisation code and name are needed to encode. */
  readonly author: Author;
  readonly fromAsid: string;
  readonly toAsid: string;
  /** The SDS role code of a person author; `role.code` when absent. */
  readonly sdsRole?: string;
  /** UUID of the message, and another one of the query event. */
  readonly messageId: string;
  readonly eventId: string;
  /** When the user asked; hl7TimeAt(milliseconds) makes one. */
  readonly queriedAt: Hl7Time;
  /** "P" when absent. */
  readonly processingCode?: ProcessingCode;
  /** "v3INF_DMSv5.7:FIN" when absent. */
  readonly versionCode?: string;
}

/** Prints the interaction. Throws CPIS_INVALID_REQUEST whose detail names what is missing. */
export function encodeQueryRequest(request: QueryRequest): string {
  void request;
  return "";
}

/**
 * Takes the root of a payload. The author is taken as far as it is given; processing code and version are always
 * present in the result. Throws CPIS_MESSAGE_INVALID whose detail names the part that is missing or wrong.
 */
export function parseQueryRequest(root: XmlElement): QueryRequest {
  void root;
  throw new CpisError("CPIS_MESSAGE_INVALID");
}
