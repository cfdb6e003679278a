// Reads whatever arrives as an ebXML message: MIME or bare envelope, business message or signal.
import { definedOnly } from "../defined-only.js";
import { CpisError, isCpisError } from "../errors.js";
import { maximumIdentifierLength, parsePartyKey } from "../identifiers.js";
import { defaultXmlLimits, parseXml, type XmlLimits } from "../xml/parse-xml.js";
import { firstChild, isNamed, requireElement, type XmlElement } from "../xml/xml-element.js";
import { parseContentType } from "./content-type.js";
import type {
  EbxmlReading,
  EbxmlWarning,
  MalformedEbxml,
  MalformedReport,
  MessageHeader,
  ParsedEbxml,
} from "./model.js";
import { ebName, signalService, soapName } from "./names.js";
import { bareContentId, decodePart, parseMultipart, type MimePart } from "./parse-multipart.js";
import { readErrorList } from "./read-error-list.js";
import {
  headerWarnings,
  readAckActor,
  readAcknowledgedMessageId,
  readMessageHeader,
  readReceipt,
  readReliability,
} from "./read-header.js";
import { readContents } from "./resolve-parts.js";

export interface EbxmlLimits {
  /** Of the whole body. */
  readonly maximumBytes: number;
  readonly maximumParts: number;
  /** Of the envelope. */
  readonly xml: XmlLimits;
}

export const defaultEbxmlLimits: EbxmlLimits = {
  maximumBytes: 5_242_880 + 65_536,
  maximumParts: 100,
  xml: defaultXmlLimits,
};

export interface EbxmlInput {
  /** The HTTP header's value; without one the body is read as a bare envelope. */
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly limits?: EbxmlLimits;
}

/** A body taken apart, and the XML of its root part. */
export interface OpenedMessage {
  /** The root element of the root part, which need not be an envelope. */
  readonly root: XmlElement;
  /** The parts behind the root part. */
  readonly parts: readonly MimePart[];
  readonly warnings: readonly EbxmlWarning[];
}

function findRootPart(parts: readonly MimePart[], start: string | undefined): MimePart | undefined {
  if (start === undefined) return parts[0];
  const id = bareContentId(start);
  const caseless = id.toLowerCase();
  return (
    parts.find(({ contentId }) => contentId === id) ??
    parts.find(({ contentId }) => contentId.toLowerCase() === caseless)
  );
}

function openMultipart(boundary: string, start: string | undefined, input: EbxmlInput): OpenedMessage {
  const limits = input.limits ?? defaultEbxmlLimits;
  const parts = parseMultipart(input.body, boundary, limits.maximumParts);
  const warnings: EbxmlWarning[] = [];
  const named = findRootPart(parts, start);
  const rootPart = named ?? parts[0];
  if (rootPart === undefined) throw new CpisError("EBXML_MIME", { detail: "there is no part" });
  if (named === undefined) {
    warnings.push({ code: "root-not-found", message: "The start parameter names no part; the first part counts" });
  }
  if (rootPart.transferEncoding === "base64") {
    warnings.push({ code: "envelope-base64", message: "The envelope came in base64" });
  }
  const charset = parseContentType(rootPart.contentType).parameters.get("charset");
  const root = parseXml(decodePart(rootPart), { limits: limits.xml, ...definedOnly({ charset }) });
  return { root, parts: parts.filter((part) => part !== rootPart), warnings };
}

/**
 * Takes the root XML document out of a body, be it MIME or the bare document.
 * Throws EBXML_TOO_LARGE, EBXML_MIME or an XML_* code.
 */
export function openMessage(input: EbxmlInput): OpenedMessage {
  const limits = input.limits ?? defaultEbxmlLimits;
  if (input.body.byteLength > limits.maximumBytes) throw new CpisError("EBXML_TOO_LARGE");
  const { mediaType, parameters } = parseContentType(input.contentType ?? "");
  if (mediaType.startsWith("multipart/")) {
    return openMultipart(parameters.get("boundary") ?? "", parameters.get("start"), input);
  }
  const charset = parameters.get("charset");
  const root = parseXml(input.body, { limits: limits.xml, ...definedOnly({ charset }) });
  return { root, parts: [], warnings: [] };
}

function readAcknowledgment(
  soapHeader: XmlElement,
  acknowledgment: XmlElement,
  header: MessageHeader,
): ParsedEbxml["message"] {
  const acknowledgedMessageId = readAcknowledgedMessageId(soapHeader);
  if (acknowledgedMessageId === undefined) {
    throw new CpisError("EBXML_MALFORMED", { detail: "eb:Acknowledgment/eb:RefToMessageId is missing" });
  }
  const { timestamp, from } = readReceipt(acknowledgment);
  return {
    kind: "acknowledgment",
    header,
    actor: readAckActor(acknowledgment),
    timestamp: timestamp ?? header.timestamp,
    acknowledgedMessageId,
    ...(from === undefined ? {} : { fromPartyKey: parsePartyKey(from) }),
  };
}

/** Each code once; a message can give as many warnings as it has references. */
function countRepeated(warnings: readonly EbxmlWarning[]): readonly EbxmlWarning[] {
  const counts = new Map<string, number>();
  for (const { code } of warnings) counts.set(code, (counts.get(code) ?? 0) + 1);
  const firsts = warnings.filter(({ code }, index) => warnings.findIndex((other) => other.code === code) === index);
  return firsts.map(({ code, message }) => {
    const count = counts.get(code) ?? 1;
    return { code, message: count === 1 ? message : `${message} (${count} times)` };
  });
}

/**
 * Decides by content what the message is. A message with a Manifest stays a business message although an
 * acknowledgment or warnings travel with it: its content is worth more than they are.
 */
function readMessage(opened: OpenedMessage, soapHeader: XmlElement, header: MessageHeader): ParsedEbxml {
  const warnings = [...opened.warnings, ...headerWarnings(soapHeader)];
  const signal = { kind: "parsed", warnings, unresolvedReferences: [] } as const;
  const body = firstChild(opened.root, soapName("Body"));
  const manifest = body === undefined ? undefined : firstChild(body, ebName("Manifest"));
  const errorList = readErrorList(soapHeader);
  const acknowledgment = firstChild(soapHeader, ebName("Acknowledgment"));
  const isNothingElse = manifest === undefined && acknowledgment === undefined;
  if (errorList !== undefined && (errorList.highestSeverity === "Error" || isNothingElse)) {
    return { ...signal, message: { kind: "message-error", header, ...errorList } };
  }
  if (acknowledgment !== undefined && manifest === undefined) {
    return { ...signal, message: readAcknowledgment(soapHeader, acknowledgment, header) };
  }
  if (header.service === signalService) {
    throw new CpisError("EBXML_MALFORMED", { detail: "a signal has neither eb:Acknowledgment nor eb:ErrorList" });
  }
  const { unresolvedReferences, warnings: contentWarnings, ...contents } = readContents(manifest, opened.parts);
  return {
    kind: "parsed",
    message: { kind: "message", header, reliability: readReliability(soapHeader), ...contents },
    warnings: countRepeated([...warnings, ...contentWarnings]),
    unresolvedReferences,
  };
}

function findSoapHeader(root: XmlElement): XmlElement {
  if (!isNamed(root, soapName("Envelope"))) {
    throw new CpisError("SOAP_MALFORMED", { detail: "the root element is no SOAP 1.1 Envelope" });
  }
  return requireElement(firstChild(root, soapName("Header")), "EBXML_MALFORMED", "SOAP:Header");
}

const damagedPart: MalformedReport = {
  errorCode: "MimeProblem",
  description: "A part of the message is damaged, or in a transfer encoding that is not read",
};
const notConsistent: MalformedReport = { errorCode: "Inconsistent", description: "The message is not consistent" };

function malformed(cause: unknown): MalformedEbxml {
  if (!isCpisError(cause)) throw cause;
  return { kind: "malformed", error: cause, report: cause.code === "EBXML_MIME" ? damagedPart : notConsistent };
}

type IncompleteHeader = Extract<ReturnType<typeof readMessageHeader>, { kind: "incomplete" }>;

function malformedHeader({ missing, overlong, routing }: IncompleteHeader): MalformedEbxml {
  const isOverlong = overlong.length > 0;
  const detail = isOverlong
    ? `${overlong.join(", ")} longer than ${maximumIdentifierLength} characters`
    : `${missing.join(", ")} missing or empty`;
  const report: MalformedReport = isOverlong
    ? { errorCode: "ValueNotRecognized", description: `A value is ${detail.slice(detail.indexOf("longer"))}` }
    : { errorCode: "Inconsistent", description: "The message header lacks a mandatory value" };
  const error = new CpisError("EBXML_MALFORMED", { detail });
  return { kind: "malformed", error, report, ...definedOnly({ routing }) };
}

/** Reads what `openMessage` gave; what is no ebXML message is a value too. */
export function readOpenedMessage(opened: OpenedMessage): EbxmlReading {
  try {
    const soapHeader = findSoapHeader(opened.root);
    const reading = readMessageHeader(soapHeader);
    if (reading.kind === "incomplete") return malformedHeader(reading);
    try {
      return readMessage(opened, soapHeader, reading.header);
    } catch (cause) {
      return { ...malformed(cause), routing: reading.header };
    }
  } catch (cause) {
    return malformed(cause);
  }
}

/**
 * Reads any bytes; what cannot be read is a value too. Parts are views of `body`, not copies, unless they came in
 * base64.
 */
export function parseEbxml(input: EbxmlInput): EbxmlReading {
  try {
    return readOpenedMessage(openMessage(input));
  } catch (cause) {
    return malformed(cause);
  }
}
