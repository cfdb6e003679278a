// Writes an ebXML business message: envelope, HL7 payload and attachments, exact to the byte.
import { CpisError } from "../errors.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import {
  clientLayout,
  envelopeText,
  extensionAttributes,
  messageHeaderNode,
  spineLayout,
  type Attributes,
  type EnvelopeLayout,
} from "./encode-envelope.js";
import { defaultBoundary, encodeMultipart, type OutgoingPart } from "./encode-multipart.js";
import type { BusinessMessage, EncodedMessage } from "./model.js";
import {
  ackActorPrefix,
  ebNamespace,
  hl7EbxmlNamespace,
  nextActor,
  rootContentId,
  soapNamespace,
  xlinkNamespace,
} from "./names.js";

export interface EncodeMessageOptions {
  /** Value of the boundary parameter; another one is derived from it when the payload contains it. */
  readonly boundary?: string;
  /** "client" as a message handling service sends to Spine, "spine" as Spine itself sends. */
  readonly style?: "client" | "spine";
  /** Size limit of the body in bytes, 5,000,000 by default. */
  readonly maximumBytes?: number;
}

/** The XML declaration that Spine writes before its payloads. */
export const spineXmlDeclaration = "<?xml version='1.0' encoding='UTF-8'?>\n";

const maximumSentBytes = 5_000_000;
const maximumParts = 100;

/** What differs between the two ends beside the layout of the envelope. */
interface MessageStyle {
  readonly layout: EnvelopeLayout;
  readonly declaration: string;
  readonly envelopeAttributes: Attributes;
  readonly manifestAttributes: Attributes;
  /** Of the root and payload parts. */
  readonly charset: string | undefined;
  readonly charsetParameter: string;
  /** After the envelope and after the closing boundary. */
  readonly envelopeEnding: "\r\n" | "";
  readonly bodyEnding: "\r\n" | "";
}

const clientStyle: MessageStyle = {
  layout: clientLayout,
  declaration: '<?xml version="1.0" encoding="UTF-8"?>\r\n',
  envelopeAttributes: {
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:SOAP": soapNamespace,
    "xmlns:eb": ebNamespace,
    "xmlns:hl7ebxml": hl7EbxmlNamespace,
    "xmlns:xlink": xlinkNamespace,
  },
  manifestAttributes: extensionAttributes(clientLayout),
  charset: "UTF-8",
  charsetParameter: "",
  envelopeEnding: "",
  bodyEnding: "\r\n",
};

const spineStyle: MessageStyle = {
  layout: spineLayout,
  declaration: spineXmlDeclaration,
  envelopeAttributes: {
    // Not the namespace of XML Schema instances, but what Spine writes.
    "xmlns:xsi": "http://www.w3c.org/2001/XML-Schema-Instance",
    "xmlns:soap": soapNamespace,
    "xmlns:eb": ebNamespace,
    "xmlns:xlink": xlinkNamespace,
  },
  manifestAttributes: { "xmlns:hl7ebxml": hl7EbxmlNamespace, "eb:version": "2.0" },
  charset: undefined,
  charsetParameter: ' charset="UTF-8";',
  envelopeEnding: "\r\n",
  bodyEnding: "",
};

function headerNode(message: BusinessMessage, layout: EnvelopeLayout): XmlNode {
  const { duplicateElimination, ackRequested, syncReply } = message.reliability;
  const actor = `${layout.soapPrefix}:actor`;
  const children: (XmlNode | string)[] = [
    layout.lineEnd,
    messageHeaderNode(message.header, duplicateElimination, layout),
    layout.lineEnd,
  ];
  if (ackRequested !== undefined) {
    const attributes = { "eb:signed": "false", [actor]: `${ackActorPrefix}${ackRequested}` };
    children.push(element("eb:AckRequested", extensionAttributes(layout, attributes)), layout.lineEnd);
  }
  if (syncReply) {
    children.push(element("eb:SyncReply", extensionAttributes(layout, { [actor]: nextActor })), layout.lineEnd);
  }
  return element(`${layout.soapPrefix}:Header`, {}, children);
}

function descriptionNode(text: string): XmlNode {
  return element("eb:Description", { "xml:lang": "en" }, [text]);
}

/** Spine names a schema per interaction, versioned by the last two digits of its name. */
function schemaAndDescription(message: BusinessMessage, style: MessageStyle): readonly [XmlNode, XmlNode] {
  if (style === clientStyle) {
    const location = "http://www.nhsia.nhs.uk/schemas/HL7-Message.xsd";
    return [element("eb:Schema", { "eb:location": location, "eb:version": "1.0" }), descriptionNode("HL7 payload")];
  }
  const { action } = message.header;
  const isReliable = message.reliability.ackRequested !== undefined;
  return [
    element("eb:Schema", {
      "eb:location": `urn:hl7-org:v3_${action}.xsd`,
      "eb:version": /[0-9]{2}$/.exec(action)?.[0] ?? "1.0",
    }),
    descriptionNode(isReliable ? "The HL7 payload" : "The HL7 Payload"),
  ];
}

function referenceNode(href: string, children: readonly (XmlNode | string)[]): XmlNode {
  return element("eb:Reference", { "xlink:href": href }, children);
}

function payloadContentId(message: BusinessMessage): string {
  return `${message.header.messageId}@spine.nhs.uk`;
}

function manifestNode(message: BusinessMessage, style: MessageStyle): XmlNode {
  const end = style.layout.lineEnd;
  const references: XmlNode[] = [];
  if (message.payload !== undefined) {
    const payload = element("hl7ebxml:Payload", { style: "HL7", encoding: "XML", version: "3.0" });
    const children = [end, ...schemaAndDescription(message, style), end, payload];
    references.push(referenceNode(`cid:${payloadContentId(message)}`, children));
  }
  for (const { contentId, description } of message.attachments) {
    references.push(referenceNode(`cid:${contentId}`, description === undefined ? [] : [descriptionNode(description)]));
  }
  for (const reference of message.externalReferences) references.push(referenceNode(`mid:${reference}`, []));
  return element(
    "eb:Manifest",
    style.manifestAttributes,
    references.flatMap((reference) => [end, reference]),
  );
}

function encodeEnvelope(message: BusinessMessage, style: MessageStyle): Buffer {
  const body = element(`${style.layout.soapPrefix}:Body`, {}, [manifestNode(message, style)]);
  const text = envelopeText(style.layout, style.envelopeAttributes, headerNode(message, style.layout), body);
  return Buffer.from(style.declaration + text + style.envelopeEnding, "utf8");
}

function typeWithCharset(mediaType: string, charset: string | undefined): string {
  return charset === undefined ? mediaType : `${mediaType}; charset=${charset}`;
}

function outgoingParts(message: BusinessMessage, style: MessageStyle): readonly OutgoingPart[] {
  const parts: OutgoingPart[] = [
    {
      contentId: rootContentId,
      contentType: typeWithCharset("text/xml", style.charset),
      transferEncoding: "8bit",
      content: encodeEnvelope(message, style),
    },
  ];
  if (message.payload !== undefined) {
    parts.push({
      contentId: payloadContentId(message),
      contentType: typeWithCharset("application/xml", message.payloadCharset ?? style.charset),
      transferEncoding: "8bit",
      content: message.payload,
    });
  }
  for (const { contentId, contentType, content } of message.attachments) {
    parts.push({ contentId, contentType, transferEncoding: "base64", content });
  }
  return parts;
}

/**
 * Encodes a business message for HTTP. Content-Length is the length of the body in bytes.
 * Throws EBXML_TOO_LARGE above the size limit or 100 parts, EBXML_MIME for an id or type that a MIME header cannot hold.
 */
export function encodeBusinessMessage(message: BusinessMessage, options: EncodeMessageOptions = {}): EncodedMessage {
  const style = options.style === "spine" ? spineStyle : clientStyle;
  const maximumBytes = options.maximumBytes ?? maximumSentBytes;
  const parts = outgoingParts(message, style);
  if (parts.length > maximumParts) throw new CpisError("EBXML_TOO_LARGE", { detail: `over ${maximumParts} parts` });
  const { boundary, body } = encodeMultipart(parts, options.boundary ?? defaultBoundary, style.bodyEnding);
  if (body.byteLength > maximumBytes) throw new CpisError("EBXML_TOO_LARGE", { detail: `over ${maximumBytes} bytes` });
  return {
    contentType:
      `multipart/related; boundary="${boundary}";${style.charsetParameter} type="text/xml"; ` +
      `start="<${rootContentId}>"`,
    soapAction: `${message.header.service}/${message.header.action}`,
    body,
  };
}
