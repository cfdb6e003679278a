// CP-ISQueryStub, the payload of a query: inside its interaction towards Spine, bare towards a Spine mini service.
import { CpisError } from "../../errors.js";
import { elementsAt } from "../../hl7v3/elements.js";
import { declareNamespaces } from "../../hl7v3/interaction.js";
import { parseUuid } from "../../identifiers.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Author, Hl7Time } from "../model.js";
import { readNhsNumber, type NhsNumber } from "../nhs-number.js";
import { parseQueryEvent, queryEventNode, type ReceivedAccess } from "./query-event.js";
import { insertAccessEventType, type SilentReadForm } from "./silent-read.js";
import { validateQueryStub } from "./validate-request.js";

export const queryStubName = "CP-ISQueryStub";

/** What is asked, by whom and when. */
export interface QueryStub {
  readonly nhsNumber: NhsNumber;
  /** A person with user id, or a system with ASID; role, organisation code and name are needed to encode. */
  readonly author: Author;
  /** UUID of the query event. */
  readonly eventId: string;
  /** When the user asked; hl7TimeAt(milliseconds) makes one. */
  readonly queriedAt: Hl7Time;
  /** Says that no local authority is told. Absent: unscheduled care, every access is told. */
  readonly silentRead?: SilentReadForm;
}

/** The element without namespaces of its own. */
export function queryStubNode({ queriedAt, eventId, author, nhsNumber, silentRead }: QueryStub): XmlNode {
  const event = { accessedAt: queriedAt, accessId: parseUuid(eventId), author, nhsNumber };
  const node = queryEventNode("cP-ISNHSQuery", event);
  return element(queryStubName, {}, [silentRead === undefined ? node : insertAccessEventType(node, silentRead)]);
}

/**
 * The bare payload, with its namespaces. Throws CPIS_INVALID_REQUEST whose detail names what is missing: user id, role
 * code, role name, organisation code, organisation name, ASID of a system.
 */
export function bareQueryStubNode(stub: QueryStub): XmlNode {
  validateQueryStub(stub);
  return declareNamespaces(queryStubNode(stub));
}

/** Gives the value. Throws CPIS_MESSAGE_INVALID that names what is missing. */
export function required<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${name} is missing` });
  return value;
}

/** The one query event of the stubs, which an interaction may hold several of. Throws CPIS_MESSAGE_INVALID. */
export function parseStubEvent(stubs: readonly XmlElement[]): ReceivedAccess {
  const events = stubs.flatMap((stub) => elementsAt(stub, "cP-ISNHSQuery"));
  if (events.length > 1) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: "there is more than one query" });
  // Nobody is shown what is odd about a query that can be read.
  return parseQueryEvent(required(events[0], "cP-ISNHSQuery"), () => undefined);
}

/** The number asked for, whether or not its check digit fits. Throws CPIS_MESSAGE_INVALID. */
export function requiredNhsNumber(event: ReceivedAccess): NhsNumber {
  const nhsNumber = readNhsNumber(required(event.nhsNumber, "the NHS number"), { acceptFailingCheckDigit: true });
  return required(nhsNumber, "an NHS number of ten digits");
}
