// SOAP 1.1 faults with the error list of the national services.
import type { XmlElement } from "../xml/xml-element.js";

export interface NaspError {
  readonly codeContext: string;
  readonly errorCode: string;
  readonly severity: string;
  readonly location: string;
  readonly description: string;
}

/** A fault may carry no error list at all; then `errors` is empty. */
export interface SoapFault {
  /** Without its namespace prefix, for example "Server"; no reliable hint of whose fault it is. */
  readonly faultCode: string;
  readonly faultString: string;
  readonly errors: readonly NaspError[];
}

/** Whether the peer says that the failure is temporary: there is an error list, and all of its codes are 200, 206 or 208. */
export function isRetriableFault(fault: SoapFault): boolean {
  void fault;
  return false;
}

/** The fault in the Body, or undefined when there is none. Takes the Body of a SOAP envelope. */
export function readSoapFault(body: XmlElement): SoapFault | undefined {
  void body;
  return undefined;
}

/** Encodes a fault as a text/xml body in UTF-8; it travels with HTTP status 500. */
export function encodeSoapFault(fault: SoapFault): Buffer {
  void fault;
  return Buffer.alloc(0);
}
