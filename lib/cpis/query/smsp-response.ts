// Reads REPC_MT000012GB01, the bare response of a Spine mini service: the payload of Spine's response, and a status.
import { CpisError } from "../../errors.js";
import { parseCode } from "../../hl7v3/data-types.js";
import { children } from "../../hl7v3/elements.js";
import { findInteraction } from "../../hl7v3/interaction.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Warn } from "../templates/content-id.js";
import type { CodedText, Warning } from "../model.js";
import { examineMessage, type MessageFindings } from "./message-shape.js";
import { findBarePayload, parsePayloads } from "./query-reply.js";
import { responsePayloadName, type ReceivedPayload } from "./response-payload.js";

export interface ReceivedSmspResponse {
  /** "unreadable": there is a status without code, or there are several that differ. */
  readonly status?: CodedText | "unreadable";
  readonly payload: ReceivedPayload;
  readonly findings: MessageFindings;
  readonly warnings: readonly Warning[];
}

function parseStatus(payload: XmlElement): ReceivedSmspResponse["status"] {
  const values = children(payload, "value");
  const [first, ...others] = values.map(parseCode);
  if (values.length === 0) return undefined;
  const isSame = (other: CodedText | undefined): boolean =>
    other?.code === first?.code && other?.codeSystem === first?.codeSystem;
  return first !== undefined && others.every(isSame) ? first : "unreadable";
}

function findPayload(root: XmlElement): XmlElement {
  const found = findBarePayload(root);
  if (found === undefined) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${responsePayloadName} is missing` });
  }
  return found;
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
  const payload = parsePayloads(root, [element], warn) ?? { accesses: [], records: [] };
  const status = parseStatus(element);
  return {
    ...(status === undefined ? {} : { status }),
    payload,
    findings: examineMessage(root, element, "smspPayload"),
    warnings,
  };
}
