// A SOAP 1.1 fault with the error detail of the Interoperability Toolkit.
import { element, encodeXml } from "../xml/encode-xml.js";
import { itkNamespace, soapNamespace } from "./names.js";

export interface ToolkitFault {
  /** Whose fault it is, without a prefix. */
  readonly faultCode: "Client" | "Server";
  readonly faultString: string;
  readonly errorId: string;
  readonly errorCode: string;
  readonly errorText: string;
}

/** Prints the body in UTF-8; it travels with HTTP status 500. The room `soap` reads it. */
export function encodeToolkitFault(fault: ToolkitFault): Buffer {
  const detail = element("itk:ToolkitErrorInfo", { "xmlns:itk": itkNamespace }, [
    element("itk:ErrorID", {}, [fault.errorId]),
    element("itk:ErrorCode", {}, [fault.errorCode]),
    element("itk:ErrorText", {}, [fault.errorText]),
  ]);
  const envelope = element("soap:Envelope", { "xmlns:soap": soapNamespace }, [
    element("soap:Body", {}, [
      element("soap:Fault", {}, [
        element("faultcode", {}, [`soap:${fault.faultCode}`]),
        element("faultstring", {}, [fault.faultString]),
        element("detail", {}, [detail]),
      ]),
    ]),
  ]);
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${encodeXml(envelope)}`, "utf8");
}
