// The control file that lies beside each file in the folders of the NHS's MESH client: DTSControl, both ways.
import { CpisError, isCpisError } from "../../errors.js";
import { element, encodeXml, type XmlNode } from "../../xml/encode-xml.js";
import { parseXml, type XmlLimits } from "../../xml/parse-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";

/** What MESH says became of a file. */
export interface ControlStatus {
  /** yyyyMMddHHmmss, UTC. */
  readonly dateTime?: string;
  /** COLLECT, SEND, TRANSFER or RECEIVE. */
  readonly event?: string;
  /** SUCCESS or ERROR. */
  readonly status?: string;
  /** "00", or the code of the error, for example "14". */
  readonly code?: string;
  readonly description?: string;
}

/** Every value may be absent in a file that is read, and is text as it stood there, without white space around it. */
export interface ControlFile {
  readonly version?: string;
  /** DTS or ALL. */
  readonly addressType?: string;
  /** Data or Report. */
  readonly messageType?: string;
  readonly workflowId?: string;
  readonly to?: string;
  readonly from?: string;
  readonly subject?: string;
  readonly localId?: string;
  /** The message id that MESH gave. */
  readonly dtsId?: string;
  readonly partnerId?: string;
  readonly processId?: string;
  readonly dataChecksum?: string;
  /** Asks the client to compress what it sends. */
  readonly compress?: boolean;
  readonly allowChunking?: boolean;
  readonly encrypted?: boolean;
  /** The data was compressed on its way. */
  readonly isCompressed?: boolean;
  /** In their order in the file. */
  readonly statusRecords: readonly ControlStatus[];
}

type TextField =
  | "version"
  | "addressType"
  | "messageType"
  | "workflowId"
  | "to"
  | "from"
  | "subject"
  | "localId"
  | "dtsId"
  | "partnerId"
  | "processId"
  | "dataChecksum";
type FlagField = "compress" | "allowChunking" | "encrypted" | "isCompressed";

/** The order of the first eight, and of the flags, is one that the client (6.3.6) is known to accept. */
const textElements: readonly (readonly [TextField, string])[] = [
  ["version", "Version"],
  ["addressType", "AddressType"],
  ["messageType", "MessageType"],
  ["workflowId", "WorkflowId"],
  ["to", "To_DTS"],
  ["from", "From_DTS"],
  ["subject", "Subject"],
  ["localId", "LocalId"],
  ["dtsId", "DTSId"],
  ["partnerId", "PartnerId"],
  ["processId", "ProcessId"],
  ["dataChecksum", "DataChecksum"],
];
const flagElements: readonly (readonly [FlagField, string])[] = [
  ["compress", "Compress"],
  ["allowChunking", "AllowChunking"],
  ["encrypted", "Encrypted"],
  ["isCompressed", "IsCompressed"],
];
const statusElements: readonly (readonly [keyof ControlStatus, string])[] = [
  ["dateTime", "DateTime"],
  ["event", "Event"],
  ["status", "Status"],
  ["code", "StatusCode"],
  ["description", "Description"],
];

/** Real ones have less than two kilobytes. */
const limits: XmlLimits = {
  maximumBytes: 65_536,
  maximumDepth: 8,
  maximumElements: 500,
  maximumAttributesPerElement: 16,
};

function invalid(detail: string, cause?: unknown): CpisError {
  return new CpisError("MESH_CONTROL_FILE_INVALID", { detail, cause });
}

function readRoot(bytes: Uint8Array): XmlElement {
  try {
    return parseXml(bytes, { limits });
  } catch (error) {
    if (!isCpisError(error)) throw error;
    throw invalid(error.code, error);
  }
}

/** Undefined when it is absent or empty. Two that differ leave no safe choice. */
function textOf(parent: XmlElement, name: string): string | undefined {
  const values = parent.children.filter(({ localName }) => localName === name).map(({ text }) => text.trim());
  if (new Set(values).size > 1) throw invalid(`${name} stands there more than once`);
  return values[0] || undefined;
}

function readTexts<Field extends string>(
  parent: XmlElement,
  names: readonly (readonly [Field, string])[],
): Partial<Record<Field, string>> {
  const read: Partial<Record<Field, string>> = {};
  for (const [field, name] of names) {
    const text = textOf(parent, name);
    if (text !== undefined) read[field] = text;
  }
  return read;
}

function readFlags(root: XmlElement): Partial<Record<FlagField, boolean>> {
  const read: Partial<Record<FlagField, boolean>> = {};
  for (const [field, name] of flagElements) {
    const text = textOf(root, name)?.toUpperCase();
    if (text !== undefined) read[field] = text === "Y";
  }
  return read;
}

/**
 * Reads a control file; its elements may stand in any order, and unknown ones are passed over. Throws
 * MESH_CONTROL_FILE_INVALID for bytes that are no DTSControl document.
 */
export function parseControlFile(bytes: Uint8Array): ControlFile {
  const root = readRoot(bytes);
  if (root.localName !== "DTSControl") throw invalid("the root element is not DTSControl");
  const statusRecords = root.children
    .filter(({ localName }) => localName === "StatusRecord")
    .map((record) => readTexts(record, statusElements));
  return { ...readTexts(root, textElements), ...readFlags(root), statusRecords };
}

function encodeStatus(status: ControlStatus): XmlNode {
  const children = statusElements.flatMap(([field, name]) => {
    const value = status[field];
    return value === undefined ? [] : ["\n    ", element(name, {}, [value])];
  });
  return element("StatusRecord", {}, [...children, "\n  "]);
}

/** Prints it with one element a line, in UTF-8 without a byte order mark. An absent subject is an empty element. */
export function encodeControlFile(control: ControlFile): Buffer {
  const texts = textElements.flatMap(([field, name]) => {
    const value = control[field];
    if (value !== undefined) return [element(name, {}, [value])];
    return field === "subject" ? [element(name)] : [];
  });
  const flags = flagElements.flatMap(([field, name]) => {
    const value = control[field];
    return value === undefined ? [] : [element(name, {}, [value ? "Y" : "N"])];
  });
  const lines = [...texts, ...flags, ...control.statusRecords.map(encodeStatus)].flatMap((node) => ["\n  ", node]);
  return Buffer.from(`${encodeXml(element("DTSControl", {}, [...lines, "\n"]))}\n`);
}

/** The name of an element without which the client takes no file, if one is missing. */
export function findMissingElement(control: ControlFile): string | undefined {
  const { version, addressType, messageType } = control;
  if (version === undefined) return "Version";
  if (addressType === undefined) return "AddressType";
  return messageType === undefined ? "MessageType" : undefined;
}

export function isReport({ messageType }: ControlFile): boolean {
  return messageType?.toUpperCase() === "REPORT";
}

function isError({ status }: ControlStatus): boolean {
  return status?.toUpperCase() === "ERROR";
}

/** What the records say together: an error counts, whatever was written before or after it; else the last one. */
export function statusOf({ statusRecords }: ControlFile): (ControlStatus & { readonly isError: boolean }) | undefined {
  const failure = statusRecords.find(isError);
  if (failure !== undefined) return { ...failure, isError: true };
  const last = statusRecords.at(-1);
  return last === undefined ? undefined : { ...last, isError: false };
}
