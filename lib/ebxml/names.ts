// Names of the ebXML Message Service 2.0 as they stand on the wire.
import { attributeValue, type XmlElement, type XmlName } from "../xml/xml-element.js";

export const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/";
export const ebNamespace = "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd";
export const xlinkNamespace = "http://www.w3.org/1999/xlink";
export const hl7EbxmlNamespace = "urn:hl7-org:transport/ebXML/DSTUv1.0";
/** Sent by some systems in place of the other. */
const hl7EbxmlNamespaceLowerCase = "urn:hl7-org:transport/ebxml/DSTUv1.0";

export const partyIdType = "urn:nhs:names:partyType:ocs+serviceInstance";
export const nextActor = "http://schemas.xmlsoap.org/soap/actor/next";
export const ackActorPrefix = "urn:oasis:names:tc:ebxml-msg:actor:";
export const signalService = "urn:oasis:names:tc:ebxml-msg:service";
export const errorCodeContext = "urn:oasis:names:tc:ebxml-msg:service:errors";
export const rootContentId = "ebXMLHeader@spine.nhs.uk";

export function ebName(localName: string): XmlName {
  return { localName, namespaces: [ebNamespace] };
}

export function soapName(localName: string): XmlName {
  return { localName, namespaces: [soapNamespace] };
}

export const payloadName: XmlName = {
  localName: "Payload",
  namespaces: [hl7EbxmlNamespace, hl7EbxmlNamespaceLowerCase],
};

/** The attribute in its namespace, else without one: many peers leave the prefix out. */
export function tolerantAttribute(element: XmlElement, localName: string, namespace: string): string | undefined {
  return attributeValue(element, localName, namespace) ?? attributeValue(element, localName);
}
