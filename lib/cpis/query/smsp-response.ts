// REPC_MT000012GB01, the bare response of a Spine mini service: the payload of Spine's response, and a status.
import { CpisError } from "../../errors.js";
import { parseCode } from "../../hl7v3/data-types.js";
import { children, isHl7 } from "../../hl7v3/elements.js";
import { declareNamespaces, findInteraction, findOnFirstLevel } from "../../hl7v3/interaction.js";
import type { XmlNode } from "../../xml/encode-xml.js";
import { findElement, type XmlElement } from "../../xml/xml-element.js";
import type { Warn } from "../templates/content-id.js";
import type { CodedText, Warning } from "../model.js";
import { deviate } from "./query-response-deviations.js";
import type { QueryResponseDeviation, ReceivedPayload, ResponsePayload } from "./query-response-model.js";
import { parseResponsePayload, responsePayloadName, responsePayloadNode } from "./response-payload.js";

export interface SmspResponse {
  readonly status: CodedText;
  /** Without success: both totals 0, no accesses and no records. */
  readonly payload: ResponsePayload;
}

export interface ReceivedSmspResponse {
  /** "unreadable": there is a status without code, or there are several that differ. */
  readonly status?: CodedText | "unreadable";
  readonly payload: ReceivedPayload;
  /** Whether a record, or anything that should be one, stands in it; then nobody can say that there is none. */
  readonly speaksOfRecord: boolean;
  readonly warnings: readonly Warning[];
}

/** The payload with its namespaces; every deviation asked for that concerns its content is written into it. */
export function smspResponseNode(
  { status, payload }: SmspResponse,
  deviations: readonly QueryResponseDeviation[] = [],
): XmlNode {
  return declareNamespaces(deviate(responsePayloadNode(payload, status), deviations));
}

function parseStatus(payload: XmlElement): ReceivedSmspResponse["status"] {
  const values = children(payload, "value");
  const [first, ...others] = values.map(parseCode);
  if (values.length === 0) return undefined;
  const isSame = (other: CodedText | undefined): boolean =>
    other?.code === first?.code && other?.codeSystem === first?.codeSystem;
  return first !== undefined && others.every(isSame) ? first : "unreadable";
}

function invalid(detail: string): CpisError {
  return new CpisError("CPIS_MESSAGE_INVALID", { detail });
}

function findPayload(root: XmlElement): XmlElement {
  const [found, ...others] = findOnFirstLevel(
    root,
    (candidate) => isHl7(candidate) && candidate.localName === responsePayloadName,
  );
  if (found === undefined) throw invalid(`${responsePayloadName} is missing`);
  const [inner, ...more] = children(found, responsePayloadName);
  if (others.length + more.length > 0) throw invalid(`there is more than one ${responsePayloadName}`);
  return inner ?? found;
}

/** Whether the root holds an interaction, which no mini service answers with. Throws CPIS_MESSAGE_INVALID. */
export function holdsInteraction(root: XmlElement): boolean {
  return findInteraction(root) !== undefined;
}

/**
 * Takes the root of a payload: CP-ISNHSQueryResponse, or up to two elements around it. Throws CPIS_MESSAGE_INVALID when
 * it is not there, or more than once.
 */
export function parseSmspResponse(root: XmlElement): ReceivedSmspResponse {
  const warnings: Warning[] = [];
  const warn: Warn = (warning) => warnings.push(warning);
  const element = findPayload(root);
  const payload = parseResponsePayload([element], warn);
  const status = parseStatus(element);
  const hasRecord = findElement(root, ({ localName }) => localName === "CP-ISRecord", 64) !== undefined;
  return {
    ...(status === undefined ? {} : { status }),
    payload,
    speaksOfRecord: payload.records.length > 0 || hasRecord,
    warnings,
  };
}
