// Reads a SOAP 1.1 envelope.
import { CpisError } from "../errors.js";
import type { ParseXmlOptions } from "../xml/parse-xml.js";
import type { XmlElement } from "../xml/xml-element.js";

export const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/";

export interface SoapEnvelope {
  readonly envelope: XmlElement;
  readonly header?: XmlElement;
  readonly body: XmlElement;
}

/** Reads the Header, if there is one, and the one Body of an Envelope element. Throws SOAP_MALFORMED. */
export function readSoapEnvelope(root: XmlElement): SoapEnvelope {
  void root;
  throw new CpisError("SOAP_MALFORMED");
}

/** Parses a SOAP 1.1 message. Throws XML_* or SOAP_MALFORMED. */
export function parseSoapEnvelope(bytes: Uint8Array, options: ParseXmlOptions = {}): SoapEnvelope {
  void [bytes, options];
  throw new CpisError("SOAP_MALFORMED");
}
