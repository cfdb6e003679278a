// Judges the bytes of a request as Spine does: what is wrong with them, or what is asked.
import { checkEbxmlRequest } from "./ebxml-acceptance.js";
import type { SimulatedParty, SimulatedPattern } from "./model.js";
import { queryService, simulatedContracts, spinePartyKey } from "./spine-identity.js";
import { queryRequestInteraction } from "../cpis/query-request.js";
import type { ErrorReport } from "../ebxml/encode-signal.js";
import type { BusinessMessage, EbxmlReading, RoutingHeader } from "../ebxml/model.js";
import { defaultEbxmlLimits, openMessage, parseEbxml } from "../ebxml/parse-ebxml.js";
import { CpisError, isCpisError } from "../errors.js";
import { findInteraction } from "../hl7v3/interaction.js";
import { readSoapAction } from "../soap/soap-action.js";
import { parseXml } from "../xml/parse-xml.js";
import type { XmlElement } from "../xml/xml-element.js";

export interface IncomingRequest {
  readonly pattern: SimulatedPattern;
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
  | { readonly kind: "signal"; readonly messageId: string }
  | {
      readonly kind: "message";
      readonly message: BusinessMessage;
      readonly party: SimulatedParty;
      readonly interaction: XmlElement;
    };

function fault(code: "101" | "201", reason: string, messageId?: string): Judgement {
  return { kind: "fault", code, reason, ...(messageId === undefined ? {} : { messageId }) };
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

function readInteraction(payload: Uint8Array, charset: string | undefined): XmlElement | CpisError {
  try {
    const root = parseXml(payload, charset === undefined ? {} : { charset });
    return findInteraction(root) ?? new CpisError("CPIS_MESSAGE_INVALID");
  } catch (cause) {
    if (isCpisError(cause)) return cause;
    throw cause;
  }
}

function judgeContent(message: BusinessMessage, party: SimulatedParty): Judgement {
  const { payload, payloadCharset, header } = message;
  if (payload === undefined) return refuse(header, "MimeProblem", "The HL7 part is missing");
  const interaction = readInteraction(payload, payloadCharset);
  if (interaction instanceof CpisError) {
    const isUnknown = interaction.code === "CPIS_MESSAGE_INVALID";
    return fault(isUnknown ? "101" : "201", interaction.code, header.messageId);
  }
  if (interaction.localName !== queryRequestInteraction) return fault("101", "interaction", header.messageId);
  return { kind: "message", message, party, interaction };
}

/** The header of a message as far as it could be read. */
function routingOf(reading: EbxmlReading): RoutingHeader | undefined {
  return reading.kind === "parsed" ? reading.message.header : reading.routing;
}

function judgeContract(
  routing: RoutingHeader,
  pattern: SimulatedPattern,
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

const expectedAction = `${queryService}/${queryRequestInteraction}`;

/** Never throws for anything that can be in the bytes. */
export function judgeRequest(request: IncomingRequest, parties: ReadonlyMap<string, SimulatedParty>): Judgement {
  const { body, contentType, pattern } = request;
  const limits = { ...defaultEbxmlLimits, maximumBytes: body.byteLength };
  let envelope: XmlElement;
  try {
    envelope = openMessage({ contentType, body, limits }).root;
  } catch (cause) {
    if (!isCpisError(cause)) throw cause;
    return fault("201", cause.code);
  }
  const reading = parseEbxml({ contentType, body, limits });
  const routing = routingOf(reading);
  if (routing === undefined) return fault("201", reading.kind === "malformed" ? reading.error.code : "header");
  if (reading.kind === "parsed" && reading.message.kind !== "message") {
    return { kind: "signal", messageId: routing.messageId };
  }
  const actions = [
    readSoapAction(request.soapAction ?? ""),
    `${routing.service ?? queryService}/${routing.action ?? queryRequestInteraction}`,
  ];
  if (actions.some((action) => action !== expectedAction)) return fault("101", "SOAPAction", routing.messageId);
  const party = judgeContract(routing, pattern, parties);
  if ("kind" in party) return party;
  const faults = checkEbxmlRequest(envelope, pattern);
  if (isNotEmpty(faults)) return inconsistent(routing, faults);
  if (reading.kind === "malformed") return refuse(routing, "OtherXml", reading.error.code);
  if (reading.message.kind !== "message") return { kind: "signal", messageId: routing.messageId };
  if (reading.unresolvedReferences.length > 0) return refuse(routing, "MimeProblem", "A referenced part is missing");
  return judgeContent(reading.message, party);
}
