// QUPC_IN000006GB01, the CP-IS query.
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { controlActNode, parsePersonAgent, subjectElements, type PersonAgent } from "../../hl7v3/control-act.js";
import { known } from "../../hl7v3/data-types.js";
import { encodeInteraction, requireInteraction } from "../../hl7v3/interaction.js";
import {
  defaultVersionCode,
  parseTransmission,
  wrapperNode,
  type ProcessingCode,
} from "../../hl7v3/transmission-wrapper.js";
import { parseUuid } from "../../identifiers.js";
import type { XmlElement } from "../../xml/xml-element.js";
import {
  parseStubEvent,
  queryStubName,
  queryStubNode,
  required,
  requiredNhsNumber,
  type QueryStub,
} from "./query-stub.js";
import { validateQueryRequest } from "./validate-request.js";

export const queryRequestInteraction = "QUPC_IN000006GB01";

/** The query with its wrapper. */
export interface QueryRequest extends QueryStub {
  readonly fromAsid: string;
  readonly toAsid: string;
  /** The SDS role code of a person author; `role.code` when absent. */
  readonly sdsRole?: string;
  /** UUID of the message, another one than that of the query event. */
  readonly messageId: string;
  /** "P" when absent. */
  readonly processingCode?: ProcessingCode;
  /** "v3INF_DMSv5.7:FIN" when absent. */
  readonly versionCode?: string;
}

/** Absent for a system, and for a person whose role profile is not known: the control act has no form without one. */
function personAgent({ author, sdsRole }: QueryRequest): PersonAgent | undefined {
  if (author.kind !== "person") return undefined;
  const { userId, roleProfileId, role } = author;
  const roleCode = sdsRole ?? role?.code;
  if (userId === undefined || roleProfileId === undefined || roleCode === undefined) return undefined;
  return { userId, roleProfileId, sdsRole: roleCode };
}

/**
 * Prints the interaction. Throws CPIS_INVALID_REQUEST whose detail names what is missing: user id, role code, role
 * name, organisation code, organisation name, ASID. Throws CONFIG_INVALID for a form of the silent read that cannot be.
 */
export function encodeQueryRequest(request: QueryRequest): string {
  validateQueryRequest(request);
  const { fromAsid, toAsid, messageId, queriedAt, processingCode = "P", versionCode = defaultVersionCode } = request;
  const person = personAgent(request);
  const act = controlActNode({
    ...definedOnly({ person }),
    systemAsid: fromAsid,
    reasons: [],
    subject: queryStubNode(request),
  });
  const transmission = {
    messageId: parseUuid(messageId),
    createdAt: queriedAt,
    versionCode,
    processingCode,
    fromAsid,
    toAsid,
  };
  return encodeInteraction(wrapperNode(queryRequestInteraction, transmission, undefined, act), true);
}

function parseProcessingCode(text: string | undefined): ProcessingCode {
  if (text === "P" || text === "T" || text === "D") return text;
  throw new CpisError("CPIS_MESSAGE_INVALID", { detail: "processingCode is none of P, T and D" });
}

/**
 * Takes the root of a payload. The author is taken as far as it is given; processing code and version are always
 * present in the result. Throws CPIS_MESSAGE_INVALID whose detail names the part that is missing or wrong.
 */
export function parseQueryRequest(root: XmlElement): QueryRequest {
  const interaction = requireInteraction(root, queryRequestInteraction);
  const event = parseStubEvent(subjectElements(interaction, queryStubName));
  const transmission = parseTransmission(interaction);
  return known<QueryRequest>({
    nhsNumber: requiredNhsNumber(event),
    author: required(event.author, "the author's template"),
    fromAsid: required(transmission.fromAsid, "the sender's ASID"),
    toAsid: required(transmission.toAsid, "the receiver's ASID"),
    sdsRole: parsePersonAgent(interaction)?.sdsRole,
    messageId: required(transmission.messageId, "the message id"),
    eventId: required(event.accessId, "the event id"),
    queriedAt: required(event.accessedAt ?? transmission.createdAt, "effectiveTime"),
    processingCode: parseProcessingCode(transmission.processingCode),
    versionCode: required(transmission.versionCode, "versionCode"),
  });
}
