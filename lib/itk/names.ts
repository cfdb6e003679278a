// Names of the Interoperability Toolkit and of the web service headers around it, as they stand on the wire.
import type { XmlElement, XmlName } from "../xml/xml-element.js";
import { isNamed } from "../xml/xml-element.js";

export const itkNamespace = "urn:nhs-itk:ns:201005";
export const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/";
export const addressingNamespace = "http://www.w3.org/2005/08/addressing";
export const securityNamespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
export const securityUtilityNamespace =
  "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/** Service of a distribution envelope that is answered at once, and that of its answer. */
export const distributionServices = {
  request: "urn:nhs-itk:services:201005:sendRecvDistEnvelope",
  reply: "urn:nhs-itk:services:201005:sendRecvDistEnvelopeResponse",
} as const;

/** The key under which the handling specification names the interaction. */
export const interactionKey = "urn:nhs-itk:ns:201005:interaction";

/** An address or an identity: a URI, and the scheme it is of. */
export interface TypedUri {
  readonly type?: string;
  readonly uri: string;
}

/** Where an organisation is reached. */
export function odsAddress(odsCode: string): TypedUri {
  return { type: "2.16.840.1.113883.2.1.3.2.4.18.22", uri: `urn:nhs-uk:addressing:ods:${odsCode}` };
}

/** Who an organisation is to an auditor. */
export function odsIdentity(odsCode: string): TypedUri {
  return { type: "2.16.840.1.113883.2.1.3.2.4.18.27", uri: `urn:nhs-uk:identity:ods:${odsCode}` };
}

export function itkName(localName: string): XmlName {
  return { localName, namespaces: [itkNamespace] };
}

export function isItk(element: XmlElement, localName: string): boolean {
  return isNamed(element, itkName(localName));
}
