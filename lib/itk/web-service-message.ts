// The SOAP 1.1 envelope of ITK web services: WS-Addressing of 2005 and, where asked for, a WS-Security header.
import { definedOnly } from "../defined-only.js";
import { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
import { firstChild, type XmlElement } from "../xml/xml-element.js";
import { addressingNamespace, securityNamespace, securityUtilityNamespace, soapNamespace } from "./names.js";

/** Who asks, by name only; times as in "2026-03-02T10:15:00Z". */
export interface WebServiceSecurity {
  readonly username: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

export interface WebServiceHeader {
  /** Written as it is, with whatever prefix the peer expects. */
  readonly messageId: string;
  readonly action: string;
  readonly to?: string;
  /** The message that is answered. */
  readonly relatesTo?: string;
  readonly security?: WebServiceSecurity;
}

function securityNode({ username, createdAt, expiresAt }: WebServiceSecurity): XmlNode {
  return element("wsse:Security", { "xmlns:wsse": securityNamespace }, [
    element("wsu:Timestamp", { "xmlns:wsu": securityUtilityNamespace }, [
      element("wsu:Created", {}, [createdAt]),
      element("wsu:Expires", {}, [expiresAt]),
    ]),
    element("wsse:UsernameToken", {}, [element("wsse:Username", {}, [username])]),
  ]);
}

function headerNode({ messageId, action, to, relatesTo, security }: WebServiceHeader): XmlNode {
  const addressing = (name: string, value: string | undefined): XmlNode | undefined =>
    value === undefined ? undefined : element(`wsa:${name}`, {}, [value]);
  return element("soap:Header", { "xmlns:wsa": addressingNamespace }, [
    addressing("MessageID", messageId),
    addressing("Action", action),
    addressing("To", to),
    addressing("RelatesTo", relatesTo),
    security === undefined ? undefined : securityNode(security),
  ]);
}

/** Prints the message in UTF-8 with its XML declaration. */
export function encodeWebServiceMessage(header: WebServiceHeader, content: XmlNode): Buffer {
  const envelope = element("soap:Envelope", { "xmlns:soap": soapNamespace }, [
    headerNode(header),
    element("soap:Body", {}, [content]),
  ]);
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${encodeXml(envelope)}`, "utf8");
}

export interface ReceivedWebServiceHeader {
  readonly messageId?: string;
  readonly action?: string;
  readonly to?: string;
  /** Every one that is there: a message may relate to several. */
  readonly relatesTo: readonly string[];
  readonly username?: string;
}

/** Takes the Header of a SOAP envelope; what is not there is absent. Never throws. */
export function readWebServiceHeader(header: XmlElement | undefined): ReceivedWebServiceHeader {
  const addressing = (localName: string): readonly string[] =>
    (header?.children ?? [])
      .filter((child) => child.localName === localName && child.namespace === addressingNamespace)
      .map((child) => child.text.trim())
      .filter((value) => value !== "");
  const inSecurity = (parent: XmlElement | undefined, localName: string): XmlElement | undefined =>
    parent === undefined ? undefined : firstChild(parent, { localName, namespaces: [securityNamespace] });
  const token = inSecurity(inSecurity(header, "Security"), "UsernameToken");
  const username = inSecurity(token, "Username")?.text.trim();
  const [messageId] = addressing("MessageID");
  const [action] = addressing("Action");
  const [to] = addressing("To");
  return {
    ...definedOnly({ messageId, action, to }),
    relatesTo: addressing("RelatesTo"),
    ...(username === undefined || username === "" ? {} : { username }),
  };
}
