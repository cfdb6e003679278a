// The reply of a synchronous exchange: what it answers, and the Body that holds the answer.
import { definedOnly } from "../defined-only.js";
import { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
import { findElement, type XmlElement } from "../xml/xml-element.js";
import { soapNamespace, type SoapEnvelope } from "./envelope.js";
import {
  addressingNamespace,
  envelopeAround,
  functionNode,
  hl7Namespace,
  xmlDeclaration,
} from "./synchronous-names.js";

/** What a reply says, however it is dressed: with prefixes or without, the interaction bare or with an element around it. */
export interface SynchronousReply {
  /** Without "uuid:". */
  readonly messageId?: string;
  /** The messages that it says it answers, without "uuid:"; usually one. Empty when it does not say. */
  readonly relatesTo: readonly string[];
  /** The name of the interaction in the Body, at most two levels down; undefined when there is none. */
  readonly interaction?: string;
  /** The Body of the envelope. */
  readonly body: XmlElement;
}

const interactionPattern = /^[A-Z]{4}_IN[0-9]{6}[A-Z]{2}[0-9]{2}$/;
const searchedLevels = 2;

/** By local name: a reference under another version of WS-Addressing must not be overlooked. */
function headerTexts(header: XmlElement | undefined, localName: string): readonly string[] {
  return (header?.children ?? [])
    .filter((child) => child.localName === localName)
    .map((child) => child.text.trim().replace(/^(?:urn:)?uuid:/i, ""))
    .filter((text) => text !== "");
}

/** Never throws. */
export function readSynchronousReply({ header, body }: SoapEnvelope): SynchronousReply {
  const [messageId] = headerTexts(header, "MessageID");
  const interaction = findElement(body, ({ localName }) => interactionPattern.test(localName), searchedLevels);
  return {
    ...definedOnly({ messageId }),
    relatesTo: headerTexts(header, "RelatesTo"),
    ...(interaction === undefined ? {} : { interaction: interaction.localName }),
    body,
  };
}

/** A reply to write, as Spine writes them. */
export interface NewSynchronousReply {
  /** A UUID, without "uuid:". */
  readonly messageId: string;
  /** Of the request, without "uuid:". */
  readonly relatesTo: string;
  readonly service: string;
  readonly interaction: string;
  /** The address of the service that replies. */
  readonly fromAddress: string;
  readonly fromAsid: string;
  readonly toAsid: string;
  /** What stands in the Body, without XML declaration. */
  readonly payload: Uint8Array;
}

const replyEnvelopeStart =
  '<SOAP:Envelope xmlns:crs="http://national.carerecords.nhs.uk/schema/crs/" ' +
  `xmlns:SOAP="${soapNamespace}" xmlns:wsa="${addressingNamespace}" xmlns="${hl7Namespace}" xmlns:hl7="${hl7Namespace}">\n`;

/** Writes a text/xml body with Spine's layout: an empty To, HL7 functions without prefix, RelatesTo last. */
export function encodeSynchronousReply(reply: NewSynchronousReply): Buffer {
  const lines: readonly (readonly XmlNode[])[] = [
    [
      element("wsa:MessageID", {}, [`uuid:${reply.messageId}`]),
      element("wsa:Action", {}, [`${reply.service}/${reply.interaction}`]),
      element("wsa:To"),
    ],
    [element("wsa:From", {}, [element("wsa:Address", {}, [reply.fromAddress])])],
    [functionNode("communicationFunctionRcv", reply.toAsid, "")],
    [functionNode("communicationFunctionSnd", reply.fromAsid, "")],
    [element("wsa:RelatesTo", {}, [`uuid:${reply.relatesTo}`])],
  ];
  const header = encodeXml(element("SOAP:Header", {}, ["\n", ...lines.flatMap((line) => [...line, "\n"])]));
  const start = `${xmlDeclaration}${replyEnvelopeStart}${header}\n<SOAP:Body>`;
  return envelopeAround(start, reply.payload, "</SOAP:Body></SOAP:Envelope>\n");
}
