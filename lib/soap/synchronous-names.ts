// The names that both directions of a synchronous SOAP exchange share.
import { element, type XmlNode } from "../xml/encode-xml.js";

/** WS-Addressing, submission of August 2004. */
export const addressingNamespace = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
export const hl7Namespace = "urn:hl7-org:v3";
export const asidRoot = "1.2.826.0.1285.0.2.0.107";
export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const synchronousContentType = "text/xml; charset=UTF-8";

export type SystemFunction = "communicationFunctionRcv" | "communicationFunctionSnd";

/** The system that receives or sends, by its ASID. `prefix` is "hl7:" or "". */
export function functionNode(name: SystemFunction, asid: string, prefix: "hl7:" | ""): XmlNode {
  const id = element(`${prefix}id`, { root: asidRoot, extension: asid });
  const device = element(`${prefix}device`, { classCode: "DEV", determinerCode: "INSTANCE" }, [id]);
  return element(`${prefix}${name}`, { typeCode: name === "communicationFunctionRcv" ? "RCV" : "SND" }, [device]);
}

/** Lines of the envelope end with CRLF; the payload between them stays as it is. */
export function envelopeAround(start: string, payload: Uint8Array, end: string): Buffer {
  const bytes = (text: string): Buffer => Buffer.from(text.replaceAll("\n", "\r\n"), "utf8");
  return Buffer.concat([bytes(start), payload, bytes(end)]);
}
