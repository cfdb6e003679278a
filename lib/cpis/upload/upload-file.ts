// REPC_MT000002GB01, the file in which a local authority uploads its plans: written and read record by record.
import { integerNode, parseInteger, parsePlainIdentifier } from "../../hl7v3/data-types.js";
import { attribute, child, children, elementAt, elementsAt } from "../../hl7v3/elements.js";
import { encodeOpenRoot } from "../../hl7v3/interaction.js";
import { element, encodeXml, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import type { Warn } from "../templates/content-id.js";
import { localAuthorityNode, parseLocalAuthority } from "../templates/local-authority.js";
import type { Warning } from "../model.js";
import { createKeptParts, createPayloadReader, detached, type PayloadReaderOptions } from "./payload-reader.js";
import { parseUploadPlans, uploadPlanNodes } from "../templates/plan-template.js";
import { parseSubjects, subjectNode } from "../templates/subject-template.js";
import type { ReceivedUploadRecord, UploadFile, UploadFileHeader, UploadRecord } from "./upload-model.js";
import { createWarningList, warnWithin } from "../templates/warning-list.js";

const rootName = "File";
const recordName = "record";
const headerNames = ["creationTime", "id", "transmissionQuantity", "communicationFunctionSnd"] as const;

/** The file up to its first record: UTF-8 without a mark, and without an XML declaration, which XML 1.0 leaves free. */
export function encodeUploadFileStart(header: UploadFileHeader): string {
  return encodeOpenRoot(rootName, [
    element("creationTime", { value: header.createdAt }),
    element("id", { extension: header.fileId }),
    integerNode("transmissionQuantity", header.recordCount),
    element("communicationFunctionSnd", {}, [localAuthorityNode(header.localAuthority)]),
  ]);
}

function recordNode(record: UploadRecord): XmlNode {
  const plans = record.plans.map((plan) => element("pertinentInformation", {}, uploadPlanNodes(plan)));
  return element(recordName, {}, [element("CP-ISRecord", {}, [...plans, ...record.subjects.map(subjectNode)])]);
}

/** One `record` element. */
export function encodeUploadRecord(record: UploadRecord): string {
  return encodeXml(recordNode(record));
}

/** The file after its last record. */
export const uploadFileEnd = `</${rootName}>`;

/** The whole file, for one that is not too large to be held. */
export function encodeUploadFile(file: UploadFile): string {
  const start = encodeUploadFileStart({ ...file, recordCount: file.records.length });
  return start + file.records.map(encodeUploadRecord).join("") + uploadFileEnd;
}

function parseCpisRecord(record: XmlElement, warn: Warn): ReceivedUploadRecord {
  const parsed = elementsAt(record, "pertinentInformation").map((holder) => parseUploadPlans(holder, warn));
  const plans = parsed.flatMap((part) => part.plans);
  const unreadable = parsed.reduce((sum, part) => sum + part.unreadable + part.unreadableDates, 0);
  if (unreadable > 0) warn({ code: "unreadable-plan", message: `${unreadable} plans or dates could not be read` });
  const subjects = children(record, "subject").flatMap((subject) => parseSubjects(subject, warn));
  return unreadable === 0 ? { plans, subjects } : { plans, subjects, unreadablePlans: unreadable };
}

/**
 * Takes a `record` element. Gives one record for each CP-ISRecord in it, which is one by the schema; without any, an
 * empty one. Never throws.
 */
export function parseUploadRecord(record: XmlElement, warn: Warn): readonly ReceivedUploadRecord[] {
  const found = children(record, "CP-ISRecord");
  if (found.length > 0) return found.map((one) => parseCpisRecord(one, warn));
  warn({ code: "empty-record", message: "A record is empty" });
  return [{ plans: [], subjects: [] }];
}

/**
 * Takes the `File` element; its records may be left out, and are counted by the caller, whose count stands in where
 * the file gives none. Text that is missing becomes "" with a warning. Never throws.
 */
export function parseUploadFileHeader(file: XmlElement, recordsRead: number, warn: Warn): UploadFileHeader {
  const required = (value: string | undefined, path: (typeof headerNames)[number]): string => {
    if (value === undefined)
      warn({ code: "header-incomplete", message: "A part of the file's header is missing", path });
    return value ?? "";
  };
  const stated = parseInteger(child(file, "transmissionQuantity"));
  if (stated !== recordsRead) {
    const message = "The number of records that the file states is not the number it has";
    warn({ code: "record-count-mismatch", message, path: "transmissionQuantity" });
  }
  return {
    fileId: required(parsePlainIdentifier(child(file, "id")), "id"),
    createdAt: required(attribute(child(file, "creationTime"), "value"), "creationTime"),
    localAuthority: parseLocalAuthority(elementAt(file, "communicationFunctionSnd", "organisation")),
    recordCount: typeof stated === "number" ? stated : recordsRead,
  };
}

export interface UploadFileReader {
  /** Gives the records that this piece completes. Throws XML_* and CPIS_MESSAGE_INVALID (more than one `File`). */
  write(chunk: Uint8Array): readonly ReceivedUploadRecord[];
  /** The file is over. Throws XML_*, and CPIS_MESSAGE_INVALID when there was no `File`. */
  end(): { readonly header: UploadFileHeader; readonly warnings: readonly Warning[] };
}

/** Reads a file of any size in the memory of its largest record. What was given counts only once `end` has returned. */
export function createUploadFileReader(options: PayloadReaderOptions = {}): UploadFileReader {
  const warnings = createWarningList();
  const header = createKeptParts();
  let completed: ReceivedUploadRecord[] = [];
  let elementCount = 0;
  let recordCount = 0;
  const take = (part: XmlElement): void => {
    if (part.localName !== recordName) {
      header.keep(part);
      return;
    }
    elementCount += 1;
    const records = parseUploadRecord(part, warnWithin(warnings.warn, `${recordName}[${elementCount}]`));
    recordCount += records.length;
    completed.push(...records.map(detached));
  };
  const reader = createPayloadReader({ root: rootName, parts: [...headerNames, recordName], take }, options);
  return {
    write: (chunk) => {
      completed = [];
      reader.write(chunk);
      return completed;
    },
    end: () => {
      reader.end();
      return {
        header: parseUploadFileHeader(header.asChildrenOf(rootName), recordCount, warnings.warn),
        warnings: warnings.all(),
      };
    },
  };
}

/** What was read, and what about it was odd. */
export interface ParsedUploadFile {
  readonly file: Omit<UploadFile, "records"> & { readonly records: readonly ReceivedUploadRecord[] };
  readonly warnings: readonly Warning[];
}

/** Reads a whole file at once. Throws XML_* and CPIS_MESSAGE_INVALID. */
export function parseUploadFile(bytes: Uint8Array, options: PayloadReaderOptions = {}): ParsedUploadFile {
  const reader = createUploadFileReader(options);
  const records = reader.write(bytes);
  const { header, warnings } = reader.end();
  const { fileId, createdAt, localAuthority } = header;
  return { file: { fileId, createdAt, localAuthority, records }, warnings };
}
