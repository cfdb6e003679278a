// Reads a SOAP 1.1 envelope.
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import { parseXml, type ParseXmlOptions } from "../xml/parse-xml.js";
import { childrenNamed, isNamed, type XmlElement, type XmlName } from "../xml/xml-element.js";

export const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/";

export interface SoapEnvelope {
  readonly envelope: XmlElement;
  readonly header?: XmlElement;
  readonly body: XmlElement;
}

function soapName(localName: string): XmlName {
  return { localName, namespaces: [soapNamespace] };
}

function onlyChild(envelope: XmlElement, localName: string): XmlElement | undefined {
  const [first, second] = childrenNamed(envelope, soapName(localName));
  if (second !== undefined) throw new CpisError("SOAP_MALFORMED", { detail: `more than one SOAP:${localName}` });
  return first;
}

/** Reads the Header, if there is one, and the one Body of an Envelope element. Throws SOAP_MALFORMED. */
export function readSoapEnvelope(root: XmlElement): SoapEnvelope {
  if (!isNamed(root, soapName("Envelope"))) {
    throw new CpisError("SOAP_MALFORMED", { detail: "the root element is no SOAP 1.1 Envelope" });
  }
  const header = onlyChild(root, "Header");
  const body = onlyChild(root, "Body");
  if (body === undefined) throw new CpisError("SOAP_MALFORMED", { detail: "SOAP:Body is missing" });
  return { envelope: root, ...definedOnly({ header }), body };
}

/** Parses a SOAP 1.1 message. Throws SOAP_MALFORMED or an XML_* code. */
export function parseSoapEnvelope(bytes: Uint8Array, options: ParseXmlOptions = {}): SoapEnvelope {
  return readSoapEnvelope(parseXml(bytes, options));
}
