// Writes the parts of an envelope that all ebXML messages share, in the layout of one of the two ends.
import type { PartyKey } from "../identifiers.js";
import { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
import type { MessageHeader } from "./model.js";
import { partyIdType } from "./names.js";

/** How an envelope is laid out: the same content, and yet other bytes. */
export interface EnvelopeLayout {
  readonly soapPrefix: "SOAP" | "soap";
  /** Between lines; "" writes the envelope in one line. */
  readonly lineEnd: "\n" | "";
  readonly firstAttribute: "mustUnderstand" | "version";
}

export const clientLayout: EnvelopeLayout = { soapPrefix: "SOAP", lineEnd: "\n", firstAttribute: "mustUnderstand" };
export const spineLayout: EnvelopeLayout = { soapPrefix: "soap", lineEnd: "", firstAttribute: "version" };
export const signalLayout: EnvelopeLayout = { soapPrefix: "soap", lineEnd: "\n", firstAttribute: "mustUnderstand" };

export type Attributes = Readonly<Record<string, string | undefined>>;

/** The two attributes that every ebXML extension of a SOAP header has (ebMS 2.0, 2.3.7 and 2.3.8). */
export function extensionAttributes(layout: EnvelopeLayout, further: Attributes = {}): Attributes {
  const mustUnderstand = `${layout.soapPrefix}:mustUnderstand`;
  return layout.firstAttribute === "mustUnderstand"
    ? { [mustUnderstand]: "1", "eb:version": "2.0", ...further }
    : { "eb:version": "2.0", [mustUnderstand]: "1", ...further };
}

function optional(name: string, value: string | undefined): XmlNode | undefined {
  return value === undefined ? undefined : element(name, {}, [value]);
}

export function partyNode(name: "eb:From" | "eb:To", partyKey: PartyKey): XmlNode {
  return element(name, {}, [element("eb:PartyId", { "eb:type": partyIdType }, [partyKey])]);
}

/** The MessageHeader; DuplicateElimination is its last child, empty. */
export function messageHeaderNode(
  header: MessageHeader,
  duplicateElimination: boolean,
  layout: EnvelopeLayout,
): XmlNode {
  const end = layout.lineEnd;
  const messageData = element("eb:MessageData", {}, [
    element("eb:MessageId", {}, [header.messageId]),
    element("eb:Timestamp", {}, [header.timestamp]),
    optional("eb:RefToMessageId", header.refToMessageId),
    optional("eb:TimeToLive", header.timeToLive),
  ]);
  return element("eb:MessageHeader", extensionAttributes(layout), [
    end,
    partyNode("eb:From", header.fromPartyKey),
    end,
    partyNode("eb:To", header.toPartyKey),
    end,
    element("eb:CPAId", {}, [header.cpaId]),
    element("eb:ConversationId", {}, [header.conversationId]),
    end,
    element("eb:Service", {}, [header.service]),
    element("eb:Action", {}, [header.action]),
    end,
    messageData,
    end,
    ...(duplicateElimination ? [element("eb:DuplicateElimination"), end] : []),
  ]);
}

/**
 * The envelope's text with CRLF line ends. A line feed within a value becomes CRLF too, which every XML reader takes
 * for a line feed; a carriage return within a value is written as a character reference.
 */
export function envelopeText(layout: EnvelopeLayout, namespaces: Attributes, header: XmlNode, body: XmlNode): string {
  const end = layout.lineEnd;
  const envelope = element(`${layout.soapPrefix}:Envelope`, namespaces, [end, header, end, body, end]);
  return encodeXml(envelope).replaceAll("\n", "\r\n");
}
