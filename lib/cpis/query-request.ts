// QUPC_IN000006GB01, the CP-IS query.
import { CpisError } from "../errors.js";
import { controlActNode, parsePersonAgent, subjectElements, type PersonAgent } from "../hl7v3/control-act.js";
import { known } from "../hl7v3/data-types.js";
import { elementsAt } from "../hl7v3/elements.js";
import { encodeInteraction, requireInteraction } from "../hl7v3/interaction.js";
import {
  defaultVersionCode,
  parseTransmission,
  wrapperNode,
  type ProcessingCode,
} from "../hl7v3/transmission-wrapper.js";
import { parseUuid } from "../identifiers.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import type { Author, Hl7Time } from "./model.js";
import { readNhsNumber, type NhsNumber } from "./nhs-number.js";
import { parseQueryEvent, queryEventNode } from "./query-event.js";
import { validateQueryRequest } from "./validate-request.js";

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

/** Absent for a system, and for a person whose role profile is not known: the control act has no form without one. */
function personAgent({ author, sdsRole }: QueryRequest): PersonAgent | undefined {
  if (author.kind !== "person") return undefined;
  const { userId, roleProfileId, role } = author;
  const roleCode = sdsRole ?? role?.code;
  if (userId === undefined || roleProfileId === undefined || roleCode === undefined) return undefined;
  return { userId, roleProfileId, sdsRole: roleCode };
}

/** The payload alone: CP-ISQueryStub. */
function queryStubNode({ queriedAt, eventId, author, nhsNumber }: QueryRequest): XmlNode {
  const event = { accessedAt: queriedAt, accessId: parseUuid(eventId), author, nhsNumber };
  return element("CP-ISQueryStub", {}, [queryEventNode("cP-ISNHSQuery", event)]);
}

/**
 * Prints the interaction. Throws CPIS_INVALID_REQUEST whose detail names what is missing: user id, role code, role
 * name, organisation code, organisation name, ASID.
 */
export function encodeQueryRequest(request: QueryRequest): string {
  validateQueryRequest(request);
  const { fromAsid, toAsid, messageId, queriedAt, processingCode = "P", versionCode = defaultVersionCode } = request;
  const person = personAgent(request);
  const act = controlActNode({
    ...(person === undefined ? {} : { person }),
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

function required<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${name} is missing` });
  return value;
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
  const stubs = subjectElements(interaction, "CP-ISQueryStub");
  const events = stubs.flatMap((stub) => elementsAt(stub, "cP-ISNHSQuery"));
  if (events.length > 1) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: "there is more than one query" });
  // Nobody is shown what is odd about a query that can be read.
  const event = parseQueryEvent(required(events[0], "cP-ISNHSQuery"), () => undefined);
  const transmission = parseTransmission(interaction);
  const nhsNumber = readNhsNumber(required(event.nhsNumber, "the NHS number"), { acceptFailingCheckDigit: true });
  return known<QueryRequest>({
    nhsNumber: required(nhsNumber, "an NHS number of ten digits"),
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
