// SOAP 1.1 faults with the error list of the national services.
import { element, encodeXml } from "../xml/encode-xml.js";
import { childrenNamed, findElement, firstChild, isNamed, type XmlElement, type XmlName } from "../xml/xml-element.js";
import { soapNamespace } from "./envelope.js";

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

const naspNamespace = "http://national.carerecords.nhs.uk/schema/";
const itkNamespace = "urn:nhs-itk:ns:201005";
/** System failure, routing delivery failure, failure storing a variable. */
const temporaryCodes: ReadonlySet<string> = new Set(["200", "206", "208"]);

/** Whether the peer says that the failure is temporary: there is an error list, and all of its codes say so. */
export function isRetriableFault(fault: SoapFault): boolean {
  return fault.errors.length > 0 && fault.errors.every(({ errorCode }) => temporaryCodes.has(errorCode));
}

function textOf(parent: XmlElement, localName: string, ...namespaces: readonly string[]): string {
  return firstChild(parent, { localName, namespaces })?.text.trim() ?? "";
}

/** The children of a fault have no namespace (SOAP 1.1, 4.4), but some peers give them that of the envelope. */
function faultText(fault: XmlElement, localName: string): string {
  return textOf(fault, localName, "", soapNamespace);
}

function readNaspError(entry: XmlElement): NaspError {
  const read = (localName: string): string => textOf(entry, localName, naspNamespace);
  return {
    codeContext: read("codeContext"),
    errorCode: read("errorCode"),
    severity: read("severity"),
    location: read("location"),
    description: read("description"),
  };
}

/** The error of the Interoperability Toolkit. Its diagnostic text may quote the request and is left out. */
function readToolkitError(info: XmlElement): NaspError {
  return {
    codeContext: itkNamespace,
    errorCode: textOf(info, "ErrorCode", itkNamespace),
    severity: "Error",
    location: "",
    description: textOf(info, "ErrorText", itkNamespace),
  };
}

function readErrors(detail: XmlElement): readonly NaspError[] {
  const find = (name: XmlName): XmlElement | undefined =>
    findElement(detail, (candidate) => isNamed(candidate, name), 2);
  const list = find({ localName: "errorList", namespaces: [naspNamespace] });
  if (list !== undefined) {
    return childrenNamed(list, { localName: "error", namespaces: [naspNamespace] }).map(readNaspError);
  }
  const info = find({ localName: "ToolkitErrorInfo", namespaces: [itkNamespace] });
  return info === undefined ? [] : [readToolkitError(info)];
}

/** The fault in the Body, or undefined when there is none. Takes the Body of a SOAP envelope. */
export function readSoapFault(body: XmlElement): SoapFault | undefined {
  const fault = firstChild(body, { localName: "Fault", namespaces: [soapNamespace] });
  if (fault === undefined) return undefined;
  const code = faultText(fault, "faultcode");
  const detail = firstChild(fault, { localName: "detail", namespaces: ["", soapNamespace] });
  return {
    faultCode: code.slice(code.lastIndexOf(":") + 1),
    faultString: faultText(fault, "faultstring"),
    errors: detail === undefined ? [] : readErrors(detail),
  };
}

/** Encodes a fault as a text/xml body in UTF-8; it travels with HTTP status 500. */
export function encodeSoapFault(fault: SoapFault): Buffer {
  const errors = fault.errors.map((error) =>
    element("nasp:error", {}, [
      "\n",
      element("nasp:codeContext", {}, [error.codeContext]),
      element("nasp:errorCode", {}, [error.errorCode]),
      element("nasp:severity", {}, [error.severity]),
      "\n",
      element("nasp:location", {}, [error.location]),
      element("nasp:description", {}, [error.description]),
      "\n",
    ]),
  );
  const detail = element("detail", {}, [element("nasp:errorList", { "xmlns:nasp": naspNamespace }, errors)]);
  const content = element("SOAP:Fault", {}, [
    "\n",
    element("faultcode", {}, [`SOAP:${fault.faultCode}`]),
    element("faultstring", {}, [fault.faultString]),
    ...(errors.length === 0 ? [] : ["\n", detail]),
  ]);
  const envelope = element("SOAP:Envelope", { "xmlns:SOAP": soapNamespace }, [element("SOAP:Body", {}, [content])]);
  const text = encodeXml(envelope).replaceAll("\n", "\r\n");
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\r\n${text}\r\n`, "utf8");
}
