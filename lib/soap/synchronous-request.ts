// The request of a synchronous exchange: a SOAP 1.1 envelope with WS-Addressing around one HL7 interaction.
import { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
import { attributeValue, isNamed, type XmlElement } from "../xml/xml-element.js";
import { soapNamespace, type SoapEnvelope } from "./envelope.js";
import {
  addressingNamespace,
  asidRoot,
  envelopeAround,
  functionNode,
  hl7Namespace,
  synchronousContentType,
  xmlDeclaration,
  type SystemFunction,
} from "./synchronous-names.js";

export interface SynchronousRequest {
  /** A UUID, without "uuid:". */
  readonly messageId: string;
  readonly service: string;
  readonly interaction: string;
  /** The address of the service, which stands in To. */
  readonly endpointUrl: string;
  /** Our own address in From and ReplyTo; the reply comes on the same connection, so that it may be "". */
  readonly fromAddress: string;
  readonly fromAsid: string;
  readonly toAsid: string;
  /** The interaction element in UTF-8. An XML declaration before it is left out: the envelope has one. */
  readonly payload: Uint8Array;
}

/** Ready to be posted; headers as strings, the body as bytes. */
export interface EncodedSynchronousRequest {
  readonly contentType: string;
  /** "service/interaction", unquoted, as in wsa:Action. */
  readonly soapAction: string;
  readonly body: Buffer;
}

const envelopeStart = `<SOAP:Envelope xmlns:SOAP="${soapNamespace}" xmlns:wsa="${addressingNamespace}" xmlns:hl7="${hl7Namespace}">\n`;
const declarationPattern = /^\ufeff?\s*<\?xml\s[^>]*\?>\s*/;
/** An XML declaration is shorter. */
const searchedBytes = 256;

function withoutDeclaration(payload: Uint8Array): Uint8Array {
  const start = Buffer.from(payload.subarray(0, searchedBytes))
    .toString("latin1")
    .replace(/^\u00ef\u00bb\u00bf/, "\ufeff");
  const declaration = declarationPattern.exec(start)?.[0] ?? (start.startsWith("\ufeff") ? "\ufeff" : "");
  return payload.subarray(Buffer.byteLength(declaration, "utf8"));
}

function addressNode(name: "wsa:From" | "wsa:ReplyTo", address: string): XmlNode {
  return element(name, {}, [element("wsa:Address", {}, address === "" ? [] : [address])]);
}

/** Writes the envelope in the order that Spine's checks expect. */
export function encodeSynchronousRequest(request: SynchronousRequest): EncodedSynchronousRequest {
  const soapAction = `${request.service}/${request.interaction}`;
  const nodes: readonly XmlNode[] = [
    element("wsa:MessageID", {}, [`uuid:${request.messageId}`]),
    element("wsa:Action", {}, [soapAction]),
    element("wsa:To", {}, [request.endpointUrl]),
    addressNode("wsa:From", request.fromAddress),
    functionNode("communicationFunctionRcv", request.toAsid, "hl7:"),
    functionNode("communicationFunctionSnd", request.fromAsid, "hl7:"),
    addressNode("wsa:ReplyTo", request.fromAddress),
  ];
  const header = encodeXml(element("SOAP:Header", {}, ["\n", ...nodes.flatMap((node) => [node, "\n"])]));
  const start = `${xmlDeclaration}${envelopeStart}${header}\n<SOAP:Body>\n`;
  const end = "\n</SOAP:Body></SOAP:Envelope>\n";
  const body = envelopeAround(start, withoutDeclaration(request.payload), end);
  return { contentType: synchronousContentType, soapAction, body };
}

/** What could be read of a request; what is absent or comes twice is undefined. */
export interface ReceivedSynchronousRequest {
  /** As it came, with "uuid:". */
  readonly messageId: string | undefined;
  readonly action: string | undefined;
  readonly to: string | undefined;
  readonly toAsid: string | undefined;
  readonly fromAsid: string | undefined;
  /** The only element of the Body. */
  readonly interaction: XmlElement | undefined;
}

function only<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function addressingText(headers: readonly XmlElement[], localName: string): string | undefined {
  const text = only(
    headers.filter((one) => isNamed(one, { localName, namespaces: [addressingNamespace] })),
  )?.text.trim();
  return text === "" ? undefined : text;
}

function readAsid(headers: readonly XmlElement[], name: SystemFunction): string | undefined {
  const isHl7 = (localName: string) => (one: XmlElement) => isNamed(one, { localName, namespaces: [hl7Namespace] });
  const devices = headers.filter(isHl7(name)).flatMap(({ children }) => children.filter(isHl7("device")));
  const id = only(devices.flatMap(({ children }) => children.filter(isHl7("id"))));
  if (id === undefined || attributeValue(id, "root") !== asidRoot) return undefined;
  const asid = attributeValue(id, "extension")?.trim();
  return asid === "" ? undefined : asid;
}

/** Reads what a peer of Spine's reads. Never throws. */
export function readSynchronousRequest({ header, body }: SoapEnvelope): ReceivedSynchronousRequest {
  const { children = [] } = header ?? {};
  return {
    messageId: addressingText(children, "MessageID"),
    action: addressingText(children, "Action"),
    to: addressingText(children, "To"),
    toAsid: readAsid(children, "communicationFunctionRcv"),
    fromAsid: readAsid(children, "communicationFunctionSnd"),
    interaction: only(body.children),
  };
}
