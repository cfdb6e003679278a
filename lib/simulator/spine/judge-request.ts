// Judges the bytes of a request as Spine does: what is wrong with them, or what is asked.
import { checkEbxmlRequest } from "./ebxml-acceptance.js";
import type { SimulatedEbxmlPattern, SimulatedParty } from "../model.js";
import { ebxmlPatternOf, queryService, simulatedContracts, spinePartyKey } from "../spine-identity.js";
import { queryRequestInteraction } from "../../cpis/query/query-request.js";
import type { ErrorReport } from "../../ebxml/encode-signal.js";
import type { Acknowledgment, BusinessMessage, EbxmlReading, MessageError, RoutingHeader } from "../../ebxml/model.js";
import { defaultEbxmlLimits, openMessage, readOpenedMessage, type OpenedMessage } from "../../ebxml/parse-ebxml.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import { findInteraction } from "../../hl7v3/interaction.js";
import { parseTransmission } from "../../hl7v3/transmission-wrapper.js";
import { readSoapAction } from "../../soap/soap-action.js";
import { parseXml } from "../../xml/parse-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";

export interface IncomingRequest {
  readonly pattern: SimulatedEbxmlPattern;
  readonly contentType: string | undefined;
  readonly soapAction: string | undefined;
  readonly body: Buffer;
}

export type Reports = readonly [ErrorReport, ...ErrorReport[]];

export type Judgement =
  /** 201: not well formed. 101: service or interaction not supported. */
  | { readonly kind: "fault"; readonly code: "101" | "201"; readonly reason: string; readonly messageId?: string }
  | {
      readonly kind: "error";
      readonly routing: RoutingHeader;
      readonly reports: Reports;
      /** Whether the message breaks the rules of its pattern: only this refusal can be switched to a fault. */
      readonly isInconsistent: boolean;
    }
  /** An Acknowledgment or MessageError of a party: taken without a word. */
  | { readonly kind: "signal"; readonly signal: Acknowledgment | MessageError }
  | {
      readonly kind: "query";
      readonly message: BusinessMessage;
      readonly party: SimulatedParty;
      readonly interaction: XmlElement;
    }
  /** Of an interaction that was registered: not judged further. */
  | {
      readonly kind: "business";
      readonly message: BusinessMessage;
      readonly party: SimulatedParty;
      /** Of the payload, if it has one. */
      readonly hl7Id?: string;
    };

function fault(code: "101" | "201", reason: string, messageId?: string): Judgement {
  return { kind: "fault", code, reason, ...definedOnly({ messageId }) };
}

function refuse(routing: RoutingHeader, errorCode: string, description: string): Judgement {
  return { kind: "error", routing, reports: [{ errorCode, description }], isInconsistent: false };
}

function inconsistent(routing: RoutingHeader, faults: readonly [string, ...string[]]): Judgement {
  const report = (description: string): ErrorReport => ({ errorCode: "Inconsistent", description });
  const [first, ...rest] = faults;
  return { kind: "error", routing, reports: [report(first), ...rest.map(report)], isInconsistent: true };
}

function isNotEmpty(faults: readonly string[]): faults is readonly [string, ...string[]] {
  return faults.length > 0;
}

function readPayload(payload: Uint8Array, charset: string | undefined): XmlElement | CpisError {
  try {
    return parseXml(payload, charset === undefined ? {} : { charset });
  } catch (cause) {
    if (isCpisError(cause)) return cause;
    throw cause;
  }
}

/** Undefined when there is none, or none that can be told from others. */
function interactionOf(root: XmlElement): XmlElement | undefined {
  try {
    return findInteraction(root);
  } catch (cause) {
    if (isCpisError(cause)) return undefined;
    throw cause;
  }
}

function judgeContent(message: BusinessMessage, party: SimulatedParty): Judgement {
  const { payload, payloadCharset, header } = message;
  if (payload === undefined) return refuse(header, "MimeProblem", "The HL7 part is missing");
  const root = readPayload(payload, payloadCharset);
  if (root instanceof CpisError) return fault("201", root.code, header.messageId);
  const interaction = interactionOf(root);
  if (!isQuery(header.service, header.action)) {
    const hl7Id = interaction === undefined ? undefined : parseTransmission(interaction).messageId;
    return { kind: "business", message, party, ...definedOnly({ hl7Id }) };
  }
  if (interaction?.localName !== queryRequestInteraction) return fault("101", "interaction", header.messageId);
  return { kind: "query", message, party, interaction };
}

/** The header of a message as far as it could be read. */
function routingOf(reading: EbxmlReading): RoutingHeader | undefined {
  return reading.kind === "parsed" ? reading.message.header : reading.routing;
}

function judgeContract(
  routing: RoutingHeader,
  pattern: SimulatedEbxmlPattern,
  parties: ReadonlyMap<string, SimulatedParty>,
): Judgement | SimulatedParty {
  if (routing.cpaId !== undefined && routing.cpaId !== simulatedContracts[pattern].cpaId) {
    return refuse(routing, "ValueNotRecognized", "501319:Unknown eb:CPAId");
  }
  if (routing.toPartyKey !== undefined && routing.toPartyKey !== spinePartyKey) {
    return refuse(routing, "ValueNotRecognized", "501314:Invalid To Party Type attribute");
  }
  return parties.get(routing.fromPartyKey) ?? refuse(routing, "402005", "Contract not found");
}

function isQuery(service: string, action: string): boolean {
  return service === queryService && action === queryRequestInteraction;
}

interface SupportedActions {
  readonly parties: ReadonlyMap<string, SimulatedParty>;
  /** Whether messages of this interaction are taken beside the query, in this pattern. */
  isRegistered(service: string, action: string, pattern: SimulatedEbxmlPattern): boolean;
}

/** What the SOAPAction header names must be taken on this address, and be what the envelope names. */
function isSupported(request: IncomingRequest, routing: RoutingHeader, supported: SupportedActions): boolean {
  const soapAction = readSoapAction(request.soapAction ?? "");
  const end = soapAction.lastIndexOf("/");
  const service = soapAction.slice(0, Math.max(end, 0));
  const action = soapAction.slice(end + 1);
  if ((routing.service ?? service) !== service || (routing.action ?? action) !== action) return false;
  return isQuery(service, action) || supported.isRegistered(service, action, request.pattern);
}

/** Never throws for anything that can be in the bytes. */
export function judgeRequest(request: IncomingRequest, supported: SupportedActions): Judgement {
  const { body, contentType, pattern } = request;
  const limits = { ...defaultEbxmlLimits, maximumBytes: body.byteLength };
  let opened: OpenedMessage;
  try {
    opened = openMessage({ contentType, body, limits });
  } catch (cause) {
    if (!isCpisError(cause)) throw cause;
    return fault("201", cause.code);
  }
  const reading = readOpenedMessage(opened);
  const routing = routingOf(reading);
  if (routing === undefined) return fault("201", reading.kind === "malformed" ? reading.error.code : "header");
  if (reading.kind === "parsed" && reading.message.kind !== "message") {
    return { kind: "signal", signal: reading.message };
  }
  if (!isSupported(request, routing, supported)) return fault("101", "SOAPAction", routing.messageId);
  const party = judgeContract(routing, pattern, supported.parties);
  if ("kind" in party) return party;
  const faults = checkEbxmlRequest(opened.root, ebxmlPatternOf(pattern));
  if (isNotEmpty(faults)) return inconsistent(routing, faults);
  if (reading.kind === "malformed") return refuse(routing, "OtherXml", reading.error.code);
  if (reading.message.kind !== "message") return { kind: "signal", signal: reading.message };
  if (reading.unresolvedReferences.length > 0) return refuse(routing, "MimeProblem", "A referenced part is missing");
  return judgeContent(reading.message, party);
}
