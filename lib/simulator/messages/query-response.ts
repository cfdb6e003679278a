// Writes what answers a query: REPC_IN000007GB01, and the bare REPC_MT000012GB01 of a Spine mini service.
import type { CodedText, Hl7Time, LocalAuthority, ResponsePlan, Subject } from "../../cpis/model.js";
import { queryEventNode, type QueryEvent } from "../../cpis/query/query-event.js";
import { queryResponseInteraction } from "../../cpis/query/query-reply.js";
import { accessTotalPath, planTotalPath, responsePayloadName } from "../../cpis/query/response-payload.js";
import { localAuthorityNode } from "../../cpis/templates/local-authority.js";
import { responsePlanNodes } from "../../cpis/templates/plan-template.js";
import { subjectNode } from "../../cpis/templates/subject-template.js";
import { controlActNode, type QueryResponseCode } from "../../hl7v3/control-act.js";
import { idNode, integerNode, timeNode } from "../../hl7v3/data-types.js";
import { declareNamespaces, encodeInteraction } from "../../hl7v3/interaction.js";
import { wrapperNode, type Transmission } from "../../hl7v3/transmission-wrapper.js";
import { element, type XmlNode } from "../../xml/encode-xml.js";
import { deviate, formOf, type QueryResponseDeviation } from "./query-response-deviations.js";

/** What one local authority holds: one to three plans, and the child, the mother or both. */
export interface ResponseRecord {
  readonly localAuthority: LocalAuthority;
  readonly plans: readonly ResponsePlan[];
  readonly subjects: readonly Subject[];
}

export interface ResponsePayload {
  readonly respondedAt: Hl7Time;
  /** The id of the query event that is answered. */
  readonly eventId: string;
  readonly totalAccesses: number;
  readonly totalPlans: number;
  /** In the order in which they are written; Spine writes the oldest first. */
  readonly accesses: readonly QueryEvent[];
  readonly records: readonly ResponseRecord[];
}

/** REPC_IN000007GB01. Without `payload` it says in `queryResponseCode` that there is no data. */
export interface QueryResponse {
  readonly transmission: Transmission;
  readonly reasons: readonly CodedText[];
  readonly payload?: ResponsePayload;
  readonly queryResponseCode: QueryResponseCode;
}

export interface SmspResponse {
  readonly status: CodedText;
  /** Without success: both totals 0, no accesses and no records. */
  readonly payload: ResponsePayload;
}

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

function statusNode({ codeSystem, code, displayName }: CodedText): XmlNode {
  return element("value", { codeSystem, code, displayName });
}

/** The element without namespaces of its own. A mini service adds its status, which Spine does not know. */
function responsePayloadNode(payload: ResponsePayload, status?: CodedText): XmlNode {
  const accesses = payload.accesses.map((access) =>
    element("pertinentInformation13", {}, [queryEventNode("pertinentCP-ISNHSQuery", access)]),
  );
  return element(responsePayloadName, {}, [
    timeNode("effectiveTime", payload.respondedAt),
    idNode({ root: payload.eventId }),
    status === undefined ? undefined : statusNode(status),
    totalNode(accessTotalPath, payload.totalAccesses),
    totalNode(planTotalPath, payload.totalPlans),
    ...accesses,
    ...payload.records.map(recordNode),
  ]);
}

/** Prints the interaction in the order of the schema; every deviation asked for is written into it. */
export function encodeQueryResponse(model: QueryResponse, deviations: readonly QueryResponseDeviation[] = []): string {
  const { transmission, reasons, payload, queryResponseCode } = model;
  const subject = payload === undefined ? {} : { subject: responsePayloadNode(payload) };
  const act = controlActNode({ systemAsid: transmission.fromAsid, reasons, ...subject, queryResponseCode });
  const interaction = wrapperNode(queryResponseInteraction, transmission, undefined, act);
  return encodeInteraction(deviate(interaction, deviations), true, formOf(deviations));
}

/** The payload with its namespaces; every deviation asked for that concerns its content is written into it. */
export function smspResponseNode(
  { status, payload }: SmspResponse,
  deviations: readonly QueryResponseDeviation[] = [],
): XmlNode {
  return declareNamespaces(deviate(responsePayloadNode(payload, status), deviations));
}
