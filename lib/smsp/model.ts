// What a Spine mini service is asked with, and what can become of a question.
import type { CpisError } from "../errors.js";
import type { SoapFault } from "../soap/fault.js";
import type { XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";

/** Whether the SOAP header names who asks. "username": with a timestamp of so many seconds, and no password. */
export type SmspSecurity =
  | { readonly kind: "none" }
  | { readonly kind: "username"; readonly username: string; readonly lifetimeSeconds: number };

/**
 * What differs between providers, or is not published for any: nothing of it has a default. Ask the provider for each.
 */
export interface SmspSettings {
  /** ODS codes of the organisation that asks and of the provider, as in "X9X". */
  readonly senderOdsCode: string;
  readonly providerOdsCode: string;
  /** The service in the distribution envelope's header, for example distributionServices.request. */
  readonly requestService: string;
  /** Of the payload in the manifest, for example "urn:nhs-en:profile:CP-ISNHSQuery-v2-0". */
  readonly profileId: string;
  /** Of the SOAPAction header and of WS-Addressing. */
  readonly action: string;
  /** What stands before the UUID in the message id of WS-Addressing. */
  readonly messageIdPrefix: "" | "uuid:" | "urn:uuid:";
  readonly security: SmspSecurity;
}

export interface SmspQuestion {
  /** CP-ISQueryStub with its namespaces. */
  readonly payload: XmlNode;
  /** UUIDs of the SOAP message and of the distribution envelope. */
  readonly messageId: string;
  readonly trackingId: string;
  /** Ends the wait; the question may be answered all the same. */
  readonly signal?: AbortSignal;
}

export type SmspOutcome =
  /** The root of the payload of the distribution envelope that came back. */
  | { readonly kind: "replied"; readonly payload: XmlElement }
  | { readonly kind: "fault"; readonly fault: SoapFault; readonly httpStatus: number }
  /** An error status without a SOAP fault. */
  | { readonly kind: "http-error"; readonly httpStatus: number }
  /** Success without a word: no answer is to come. */
  | { readonly kind: "empty"; readonly httpStatus: number }
  /** It says that it answers another message. */
  | { readonly kind: "unrelated" }
  /** The provider cannot have seen the question: SMSP_CONNECT_FAILED, a TLS_* code or CONFIG_CLOSED. */
  | { readonly kind: "not-sent"; readonly error: CpisError }
  /** SMSP_OUTCOME_UNKNOWN: the question went out, and no whole answer came. It is never asked again. */
  | { readonly kind: "timeout"; readonly error: CpisError }
  /** SMSP_RESPONSE_INVALID, SMSP_MALFORMED, SOAP_MALFORMED or an XML_* code. */
  | { readonly kind: "unparseable"; readonly error: CpisError };
