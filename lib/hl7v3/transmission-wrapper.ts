// The transmission wrappers: MCCI_MT010101UK12, and with an acknowledgement MCCI_MT020101UK12.
import { element, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import { codeNode, idNode, known, parseCode, parseExtension, parseIdRoot, parseTime, timeNode } from "./data-types.js";
import { attribute, child, children, elementAt } from "./elements.js";
import { objectIdentifiers } from "./object-identifiers.js";
import type { CodedText, Hl7Time } from "./values.js";

/** What Spine itself answers with on success. */
export const defaultVersionCode = "v3INF_DMSv5.7:FIN";

export type ProcessingCode = "P" | "T" | "D";
export type AcknowledgementType = "AA" | "AE" | "AR";
export type AcknowledgementDetailType = "ER" | "WG" | "IF";

/** What every interaction says about its own transport. `messageId` is a UUID in upper case. */
export interface Transmission {
  readonly messageId: string;
  readonly createdAt: Hl7Time;
  readonly versionCode: string;
  readonly processingCode: ProcessingCode;
  readonly fromAsid: string;
  readonly toAsid: string;
}

/** The same, of a message received: nothing is certain to be there. */
export interface ReceivedTransmission {
  readonly messageId?: string;
  readonly createdAt?: Hl7Time;
  readonly versionCode?: string;
  readonly processingCode?: string;
  readonly fromAsid?: string;
  readonly toAsid?: string;
}

export interface AcknowledgementDetail {
  readonly typeCode: AcknowledgementDetailType;
  readonly code: CodedText;
}

/** `messageRef` is the id of the message answered. */
export interface Acknowledgement {
  readonly typeCode: AcknowledgementType;
  readonly details: readonly AcknowledgementDetail[];
  readonly messageRef: string;
}

export interface ReceivedAcknowledgementDetail {
  readonly typeCode?: string;
  /** Absent when it could not be read. */
  readonly code?: CodedText;
}

export interface ReceivedAcknowledgement {
  readonly typeCode?: string;
  readonly details: readonly ReceivedAcknowledgementDetail[];
  readonly messageRef?: string;
}

function deviceNode(name: string, typeCode: string, asid: string): XmlNode {
  const id = idNode({ root: objectIdentifiers.asid, extension: asid });
  return element(name, { typeCode }, [element("device", { classCode: "DEV", determinerCode: "INSTANCE" }, [id])]);
}

function acknowledgementNode(acknowledgement: Acknowledgement): XmlNode {
  const details = acknowledgement.details.map(({ typeCode, code }) =>
    element("acknowledgementDetail", { typeCode }, [codeNode("code", code)]),
  );
  const messageRef = element("messageRef", {}, [idNode({ root: acknowledgement.messageRef })]);
  return element("acknowledgement", { typeCode: acknowledgement.typeCode }, [...details, messageRef]);
}

/** An interaction of that name: the wrapper around a ControlActEvent. */
export function wrapperNode(
  interaction: string,
  transmission: Transmission,
  acknowledgement: Acknowledgement | undefined,
  controlAct: XmlNode,
): XmlNode {
  return element(interaction, {}, [
    idNode({ root: transmission.messageId }),
    timeNode("creationTime", transmission.createdAt),
    element("versionCode", { code: transmission.versionCode }),
    element("interactionId", { root: objectIdentifiers.interactionId, extension: interaction }),
    element("processingCode", { code: transmission.processingCode }),
    element("processingModeCode", { code: "T" }),
    element("acceptAckCode", { code: "NE" }),
    acknowledgement === undefined ? undefined : acknowledgementNode(acknowledgement),
    deviceNode("communicationFunctionRcv", "RCV", transmission.toAsid),
    deviceNode("communicationFunctionSnd", "SND", transmission.fromAsid),
    controlAct,
  ]);
}

function parseDevice(interaction: XmlElement, name: string): string | undefined {
  return parseExtension(elementAt(interaction, name, "device"), objectIdentifiers.asid);
}

/** Takes the interaction element of any message with a wrapper. Never throws. */
export function parseTransmission(interaction: XmlElement): ReceivedTransmission {
  return known<ReceivedTransmission>({
    messageId: parseIdRoot(interaction),
    createdAt: parseTime(child(interaction, "creationTime")),
    versionCode: attribute(child(interaction, "versionCode"), "code"),
    processingCode: attribute(child(interaction, "processingCode"), "code"),
    fromAsid: parseDevice(interaction, "communicationFunctionSnd"),
    toAsid: parseDevice(interaction, "communicationFunctionRcv"),
  });
}

function readAcknowledgement(acknowledgement: XmlElement): ReceivedAcknowledgement {
  const details = children(acknowledgement, "acknowledgementDetail").map((detail) =>
    known<ReceivedAcknowledgementDetail>({
      typeCode: attribute(detail, "typeCode"),
      code: parseCode(child(detail, "code")),
    }),
  );
  return known<ReceivedAcknowledgement>({
    typeCode: attribute(acknowledgement, "typeCode"),
    details,
    messageRef: parseIdRoot(child(acknowledgement, "messageRef")),
  });
}

/** Every acknowledgement of an interaction: the schemas have one, and a second may say otherwise. Never throws. */
export function parseAcknowledgements(interaction: XmlElement): readonly ReceivedAcknowledgement[] {
  return children(interaction, "acknowledgement").map(readAcknowledgement);
}

/** The first of them. */
export function parseAcknowledgement(interaction: XmlElement): ReceivedAcknowledgement | undefined {
  return parseAcknowledgements(interaction)[0];
}
