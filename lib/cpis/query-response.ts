// REPC_IN000007GB01, the CP-IS query response: written to the schema or with known deviations, read with all of them.
import { CpisError } from "../errors.js";
import { controlActNode, parseControlAct } from "../hl7v3/control-act.js";
import { idNode, integerNode, known, parseIdRoot, parseInteger, parseTime, timeNode } from "../hl7v3/data-types.js";
import type { ReceivedInteger } from "../hl7v3/data-types.js";
import { child, children, elementAt, elementsAt, isHl7, textOf } from "../hl7v3/elements.js";
import { encodeInteraction, findInteraction, findOnFirstLevel } from "../hl7v3/interaction.js";
import { parseAcknowledgement, parseTransmission, wrapperNode } from "../hl7v3/transmission-wrapper.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import { findElement, type XmlElement } from "../xml/xml-element.js";
import { contentElements, type Warn } from "./content-id.js";
import { localAuthorityNode, parseLocalAuthority } from "./local-authority.js";
import type { Warning } from "./model.js";
import { parseResponsePlans, responsePlanNodes } from "./plan-template.js";
import { parseQueryEvent, queryEventNode } from "./query-event.js";
import { deviate, formOf } from "./query-response-deviations.js";
import type {
  ParsedQueryResponse,
  QueryResponse,
  QueryResponseDeviation,
  ReceivedPayload,
  ReceivedRecord,
  ResponsePayload,
  ResponseRecord,
} from "./query-response-model.js";
import { parseSubjects, subjectNode } from "./subject-template.js";

export const queryResponseInteraction = "REPC_IN000007GB01";

const payloadName = "CP-ISNHSQueryResponse";
const accessTotalPath = ["pertinentInformation11", "pertinentTotalReturnedAccessRecords"] as const;
const planTotalPath = ["pertinentInformation12", "pertinentTotalReturnedChildRecords"] as const;

function totalNode([outer, inner]: readonly [string, string], total: number): XmlNode {
  return element(outer, {}, [element(inner, {}, [integerNode("value", total)])]);
}

function recordNode(record: ResponseRecord): XmlNode {
  const plans = record.plans.map((plan) => element("pertinentInformation15", {}, responsePlanNodes(plan)));
  const written = element("record", {}, [
    element("communicationFunctionSnd", {}, [localAuthorityNode(record.localAuthority)]),
    element("CP-ISRecord", {}, [...plans, ...record.subjects.map(subjectNode)]),
  ]);
  return element("pertinentInformation14", {}, [element("pertinentCP-ISRecordControlAct", {}, [written])]);
}

function payloadNode(payload: ResponsePayload): XmlNode {
  const accesses = payload.accesses.map((access) =>
    element("pertinentInformation13", {}, [queryEventNode("pertinentCP-ISNHSQuery", access)]),
  );
  return element(payloadName, {}, [
    timeNode("effectiveTime", payload.respondedAt),
    idNode({ root: payload.eventId }),
    totalNode(accessTotalPath, payload.totalAccesses),
    totalNode(planTotalPath, payload.totalPlans),
    ...accesses,
    ...payload.records.map(recordNode),
  ]);
}

/** Prints the interaction in the order of the schema; every deviation asked for is written into it. */
export function encodeQueryResponse(model: QueryResponse, deviations: readonly QueryResponseDeviation[] = []): string {
  const { transmission, reasons, payload, queryResponseCode } = model;
  const subject = payload === undefined ? {} : { subject: payloadNode(payload) };
  const act = controlActNode({ systemAsid: transmission.fromAsid, reasons, ...subject, queryResponseCode });
  const interaction = wrapperNode(queryResponseInteraction, transmission, undefined, act);
  return encodeInteraction(deviate(interaction, deviations), true, formOf(deviations));
}

function parseTotal(payloads: readonly XmlElement[], path: readonly [string, string]): ReceivedInteger | undefined {
  const totals = payloads
    .flatMap((payload) => elementsAt(payload, ...path, "value"))
    .map(parseInteger)
    .filter((total) => total !== undefined);
  return totals.every((total) => total === totals[0]) ? totals[0] : "unreadable";
}

function parseRecord(record: XmlElement, warn: Warn): ReceivedRecord {
  const holders = elementsAt(record, "CP-ISRecord", "pertinentInformation15");
  const parsed = holders.map((holder) => parseResponsePlans(holder, warn));
  const plans = parsed.flatMap((part) => part.plans);
  const unreadable = parsed.reduce((sum, part) => sum + part.unreadable, 0);
  const model: ReceivedRecord = {
    localAuthority: parseLocalAuthority(elementAt(record, "communicationFunctionSnd", "organisation")),
    plans,
    subjects: elementsAt(record, "CP-ISRecord", "subject").flatMap((subject) => parseSubjects(subject, warn)),
  };
  // A record without any plan was still meant to hold one.
  const unreadablePlans = plans.length === 0 ? Math.max(1, unreadable) : unreadable;
  return unreadablePlans === 0 ? model : { ...model, unreadablePlans };
}

const unreadableRecord: ReceivedRecord = { localAuthority: {}, plans: [], subjects: [], unreadablePlans: 1 };

/** Anything at all in pertinentInformation14 speaks of a plan, so what cannot be followed is an unreadable one. */
function parseRecords(payload: XmlElement, warn: Warn): readonly ReceivedRecord[] {
  return children(payload, "pertinentInformation14").flatMap((holder) => {
    const contents = contentElements(holder);
    if (contents.length === 0) return textOf(holder) === undefined ? [] : [unreadableRecord];
    return contents.flatMap((act) => {
      const records = act.localName === "pertinentCP-ISRecordControlAct" && isHl7(act) ? children(act, "record") : [];
      return records.length === 0 ? [unreadableRecord] : records.map((record) => parseRecord(record, warn));
    });
  });
}

function parsePayload(payloads: readonly XmlElement[], warn: Warn): ReceivedPayload {
  const [first] = payloads;
  return known<ReceivedPayload>({
    respondedAt: parseTime(child(first, "effectiveTime")),
    eventId: parseIdRoot(first),
    totalAccesses: parseTotal(payloads, accessTotalPath),
    totalPlans: parseTotal(payloads, planTotalPath),
    accesses: payloads
      .flatMap((payload) => elementsAt(payload, "pertinentInformation13", "pertinentCP-ISNHSQuery"))
      .map((event) => parseQueryEvent(event, warn)),
    records: payloads.flatMap((payload) => parseRecords(payload, warn)),
  });
}

/** A subject of an unknown kind, or a record where none should be: then nobody can say that there is no plan. */
function holdsUnreadContent(interaction: XmlElement, subjects: readonly XmlElement[]): boolean {
  const isUnknownSubject = subjects.some((subject) =>
    contentElements(subject).some((content) => content.localName !== payloadName || !isHl7(content)),
  );
  return isUnknownSubject || findElement(interaction, ({ localName }) => localName === "CP-ISRecord", 64) !== undefined;
}

function parseWrapped(interaction: XmlElement, warn: Warn): ParsedQueryResponse["response"] {
  const subjects = elementsAt(interaction, "ControlActEvent", "subject");
  const payloads = subjects.flatMap((subject) => children(subject, payloadName));
  const wrapper = known<ParsedQueryResponse["response"]>({
    transmission: parseTransmission(interaction),
    acknowledgement: parseAcknowledgement(interaction),
    ...parseControlAct(interaction),
  });
  const payload = payloads.length === 0 ? undefined : parsePayload(payloads, warn);
  if ((payload?.records ?? []).length === 0 && holdsUnreadContent(interaction, subjects)) {
    return { ...wrapper, payload: { accesses: [], records: [], ...payload, totalPlans: "unreadable" } };
  }
  return payload === undefined ? wrapper : { ...wrapper, payload };
}

function findBarePayload(root: XmlElement): XmlElement | undefined {
  const [found] = findOnFirstLevel(root, (candidate) => isHl7(candidate) && candidate.localName === payloadName);
  return child(found, payloadName) ?? found;
}

/**
 * Takes the root of a payload: the interaction, a wrapped interaction, or a bare CP-ISNHSQueryResponse.
 * Throws CPIS_MESSAGE_INVALID when it holds neither, or another interaction.
 */
export function parseQueryResponse(root: XmlElement): ParsedQueryResponse {
  const warnings: Warning[] = [];
  const warn: Warn = (warning) => warnings.push(warning);
  const interaction = findInteraction(root);
  if (interaction?.localName === queryResponseInteraction) {
    return { response: parseWrapped(interaction, warn), warnings };
  }
  const bare = interaction === undefined ? findBarePayload(root) : undefined;
  if (bare === undefined) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${queryResponseInteraction} is missing` });
  }
  const payload = parsePayload([bare], warn);
  return { response: { transmission: {}, reasons: [], payload }, warnings };
}
