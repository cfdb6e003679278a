// REPC_MT000003GB01, the response of CP-IS to an uploaded file: written piece by piece, read record by record.
import { integerNode, known, parseInteger, parsePlainIdentifier, parseTime, timeNode } from "../../hl7v3/data-types.js";
import { child, elementAt } from "../../hl7v3/elements.js";
import { encodeOpenRoot } from "../../hl7v3/interaction.js";
import { CpisError } from "../../errors.js";
import { element, encodeXml, type XmlNode } from "../../xml/encode-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";
import { localAuthorityNode, parseLocalAuthority } from "../templates/local-authority.js";
import type { Warning } from "../model.js";
import { createKeptParts, createPayloadReader, detached, type PayloadReaderOptions } from "./payload-reader.js";
import { createShapeWatch, isComplaint, judgedAround } from "./response-shape.js";
import { createResultLinks } from "./result-links.js";
import type { UploadRecordResult, UploadResponse, UploadResponseSummary, UploadResultCode } from "./upload-model.js";
import {
  fileResultNode,
  parseFileResults,
  parseResult,
  parseReturnedRecord,
  recordResultNode,
  resultNode,
  type DetailPlace,
  type ReturnedRecord,
} from "./upload-result-template.js";
import { contradictsItself, isFullSuccess, isRecordLoaded, mayBeLoaded, type FileWords } from "./upload-verdict.js";
import { createWarningList, warnWithin } from "../templates/warning-list.js";

const rootName = "FileResponse";
const resultsName = "acknowledgementRecord";
const resultName = "acknowledgementRecordDetail";
const messageName = "message";
const fileResultsName = "acknowledgementFile";
const failedName = "failedReturnedCP-ISRecords";
const successfulName = "successfulReturnedCP-ISRecords";
/** Says in a file id or a number of records that it is not known. */
const unknownNumber = -1;

/** What is written of a response beside its records. The counts must stand in a response that keeps to the schema. */
export type UploadResponseHeader = Omit<UploadResponseSummary, "unlinkedResults" | "warnings" | "isDoubtful">;

function countNode(name: string, count: number): XmlNode {
  return element(name, {}, [integerNode("value", count)]);
}

/** The response up to the results of its records. An id or number of records that is not known is written as -1. */
export function encodeUploadResponseStart(header: UploadResponseHeader): string {
  return encodeOpenRoot(rootName, [
    header.createdAt === undefined ? undefined : timeNode("creationTime", header.createdAt),
    element("id", { extension: header.fileId ?? String(unknownNumber) }),
    integerNode("transmissionQuantity", header.recordsProcessed ?? unknownNumber),
    element(fileResultsName, {}, header.fileResults.map(fileResultNode)),
  ]);
}

/** Stands before the first result of a record, when there is any. */
export const uploadResultsStart = `<${resultsName}>`;
/** Stands after the last result. */
export const uploadResultsEnd = `</${resultsName}>`;

/** One result; its location says to which record it belongs. */
export function encodeUploadResult(result: UploadResultCode, place: DetailPlace = "translation"): string {
  return encodeXml(resultNode(result, place));
}

/** What stands between the results and the records. */
export function encodeUploadRecordsStart(header: UploadResponseHeader): string {
  const { localAuthority, failed } = header;
  const nodes = [
    localAuthority === undefined
      ? undefined
      : element("communicationFunctionRcv", {}, [localAuthorityNode(localAuthority)]),
    failed === undefined ? undefined : countNode(failedName, failed),
  ];
  return nodes.map((node) => (node === undefined ? "" : encodeXml(node))).join("");
}

/** One record, without its results: the `message` element. */
export function encodeUploadRecordResult(record: UploadRecordResult): string {
  return encodeXml(recordResultNode(record));
}

/** The response after its last record. */
export function encodeUploadResponseEnd({ successful }: UploadResponseHeader): string {
  return (successful === undefined ? "" : encodeXml(countNode(successfulName, successful))) + `</${rootName}>`;
}

/** What is written piece by piece; the records are gone through twice, as their results all stand before them. */
export interface WrittenUploadResponse extends Omit<UploadResponse, "records" | "warnings" | "isDoubtful"> {
  readonly records: Iterable<UploadRecordResult>;
}

function* allResults(response: WrittenUploadResponse): Generator<UploadResultCode> {
  for (const { results } of response.records) yield* results;
  yield* response.unlinkedResults;
}

/** The whole response in pieces, each of a record or less. */
export function* encodeUploadResponsePieces(
  response: WrittenUploadResponse,
  place: DetailPlace = "translation",
): Generator<string> {
  yield encodeUploadResponseStart(response);
  let isFirst = true;
  for (const result of allResults(response)) {
    yield (isFirst ? uploadResultsStart : "") + encodeUploadResult(result, place);
    isFirst = false;
  }
  if (!isFirst) yield uploadResultsEnd;
  yield encodeUploadRecordsStart(response);
  for (const record of response.records) yield encodeUploadRecordResult(record);
  yield encodeUploadResponseEnd(response);
}

/** The whole response, for one that is not too large to be held. */
export function encodeUploadResponse(response: WrittenUploadResponse, place: DetailPlace = "translation"): string {
  return [...encodeUploadResponsePieces(response, place)].join("");
}

function parseCount(integer: XmlElement | undefined): number | undefined {
  const count = parseInteger(integer);
  return typeof count === "number" && count >= 0 ? count : undefined;
}

type ResponseHead = UploadResponseHeader;

/** Takes the `FileResponse` element; its records and their results are not looked at. */
function parseHead(response: XmlElement): ResponseHead {
  const fileId = parsePlainIdentifier(child(response, "id"));
  const organisation = elementAt(response, "communicationFunctionRcv", "organisation");
  return known<ResponseHead>({
    fileId: fileId === String(unknownNumber) ? undefined : fileId,
    createdAt: parseTime(child(response, "creationTime")),
    recordsProcessed: parseCount(child(response, "transmissionQuantity")),
    fileResults: parseFileResults(response),
    localAuthority: organisation === undefined ? undefined : parseLocalAuthority(organisation),
    successful: parseCount(elementAt(response, successfulName, "value")),
    failed: parseCount(elementAt(response, failedName, "value")),
  });
}

function fileWordsOf({ fileResults, failed }: ResponseHead): FileWords {
  return known<FileWords>({ codes: fileResults.map(({ code }) => code), failed });
}

interface Counted {
  readonly accepted: number;
  readonly refused: number;
}

/** What the response says as a whole, held against what it holds. */
function headWarnings(head: ResponseHead, counted: Counted, unlinked: number): readonly Warning[] {
  const { recordsProcessed, successful, failed } = head;
  const records = counted.accepted + counted.refused;
  const differs = (stated: number | undefined, found: number): boolean =>
    records > 0 && stated !== undefined && stated !== found;
  const warnings: readonly (readonly [boolean, Warning])[] = [
    [head.fileResults.length === 0, { code: "no-file-result", message: "The response has no result of the file" }],
    [
      contradictsItself(fileWordsOf(head)),
      { code: "file-contradicts-count", message: "The file is said to be loaded in full, and records to have failed" },
    ],
    [
      differs(recordsProcessed, records),
      { code: "record-count-mismatch", message: "The number of records processed is not that of the records returned" },
    ],
    [
      differs(successful, counted.accepted),
      { code: "successful-count-mismatch", message: "The number of successful records is not what the records say" },
    ],
    [
      differs(failed, counted.refused),
      { code: "failed-count-mismatch", message: "The number of failed records is not what the records say" },
    ],
    [unlinked > 0, { code: "unlinked-results", message: `${unlinked} results belong to no record of the response` }],
  ];
  return warnings.filter(([applies]) => applies).map(([, warning]) => warning);
}

/** Which file the response is of, and when it was made. */
export type UploadResponseIdentity = Pick<UploadResponseSummary, "fileId" | "createdAt" | "localAuthority">;

const identityParts: readonly string[] = ["creationTime", "id", "communicationFunctionRcv"];

export interface UploadResponseReader {
  /**
   * Gives the records that are certain with this piece. Throws XML_*, and CPIS_MESSAGE_INVALID: more than one
   * FileResponse, or a result that comes after its record was given.
   */
  write(chunk: Uint8Array): readonly UploadRecordResult[];
  /** Undefined as long as a part of it may follow. */
  identity(): UploadResponseIdentity | undefined;
  /**
   * The response is over: its summary, and in `records` those that were not certain before. What was given counts only
   * now. Throws XML_*, and CPIS_MESSAGE_INVALID when there was no FileResponse.
   */
  end(): UploadResponse;
}

const notUnderstood: Warning = {
  code: "not-understood",
  message: "The response has parts that are not known, or more of a part than it may have",
};
const complaint: Warning = {
  code: "wrapper-contradicts",
  message: "The message around the response says that something went wrong",
};

/** What a record's verdict rests on; the schema puts it before the records. */
const premises: readonly string[] = [fileResultsName, failedName];

/**
 * Reads a response of any size in little memory.
 * A result belongs to the record that its location names by number. Where a location names none, it belongs to the
 * record at the same place, if there are as many results as records: that is known only when the last record has
 * come, so until then, or until there are more records than results, the records wait. They also wait for the end
 * when something that the schema puts before them did not stand there, since it might follow.
 */
export function createUploadResponseReader(options: PayloadReaderOptions = {}): UploadResponseReader {
  const warnings = createWarningList();
  const shape = createShapeWatch();
  let isEnded = false;
  let isStrange = false;
  let hasComplaint = false;
  const links = createResultLinks();
  const kept = createKeptParts();
  const counted = { accepted: 0, refused: 0 };
  let given: UploadRecordResult[] = [];
  /** As texts, which need little memory and none of the document's. */
  let waiting: string[] = [];
  let recordCount = 0;
  let fileWords: FileWords | undefined;

  const { warn } = warnings;
  const knownFileWords = (): FileWords => (fileWords ??= fileWordsOf(parseHead(kept.asChildrenOf(rootName))));
  const give = (record: ReturnedRecord, byOrder: boolean): UploadRecordResult => {
    const index = counted.accepted + counted.refused;
    const { form, subjects, plans } = record;
    const results = links.take(index + 1, byOrder);
    const words = { form, codes: results.map(({ code }) => code) };
    const warnOfRecord = warnWithin(warn, `${messageName}[${index + 1}]`);
    const accepted = isRecordLoaded(words, knownFileWords(), warnOfRecord);
    counted[accepted ? "accepted" : "refused"] += 1;
    return { index, accepted, results, subjects, plans };
  };
  const giveWaiting = (byOrder: boolean): UploadRecordResult[] => {
    // Written by this reader, of this form.
    const records = waiting.map((text) => give(JSON.parse(text) as ReturnedRecord, byOrder));
    waiting = [];
    return records;
  };
  const isCertain = (): boolean => {
    if (!premises.every((name) => kept.has(name))) return false;
    if (links.count() === 0) return isFullSuccess(knownFileWords());
    return !links.hasUnnumbered() || recordCount > links.count();
  };
  const takeRecord = (message: XmlElement): void => {
    recordCount += 1;
    const record = parseReturnedRecord(message, warnWithin(warn, `${messageName}[${recordCount}]`));
    if (isCertain()) {
      for (const waited of giveWaiting(false)) given.push(waited);
      given.push(give(detached(record), false));
    } else waiting.push(JSON.stringify(record));
  };
  const take = (part: XmlElement, parent: string): void => {
    const { localName } = part;
    if (parent === "") {
      hasComplaint ||= isComplaint(part);
      return;
    }
    isStrange ||= !shape.understands(part) || (parent === resultsName) !== (localName === resultName);
    if (localName === messageName && parent === rootName) {
      takeRecord(part);
      return;
    }
    const hasGiven = counted.accepted + counted.refused > 0;
    if (hasGiven && (parent === resultsName || premises.includes(localName))) {
      throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `a part of ${parent} comes after ${messageName}` });
    }
    if (parent !== resultsName) {
      kept.keep(part);
      fileWords = undefined;
    } else if (localName === resultName) links.add(parseResult(part));
  };
  const parts = [
    ...["creationTime", "id", "transmissionQuantity", "communicationFunctionRcv"],
    ...[fileResultsName, resultsName, failedName, messageName, successfulName],
  ];
  const payload = { root: rootName, parts, divided: resultsName, take, around: judgedAround };
  const reader = createPayloadReader(payload, options);
  return {
    write: (chunk) => {
      given = [];
      reader.write(chunk);
      return given;
    },
    identity: () => {
      if (!isEnded && !identityParts.every((name) => kept.has(name))) return undefined;
      const { fileId, createdAt, localAuthority } = parseHead(kept.asChildrenOf(rootName));
      return known<UploadResponseIdentity>({ fileId, createdAt, localAuthority });
    },
    end: () => {
      reader.end();
      isEnded = true;
      const records = giveWaiting(links.count() === recordCount);
      const head = parseHead(kept.asChildrenOf(rootName));
      const unlinkedResults = links.rest();
      for (const warning of headWarnings(head, counted, unlinkedResults.length)) warn(warning);
      const doubts = [
        ...(isStrange || reader.hasStrangers() ? [notUnderstood] : []),
        ...(hasComplaint && mayBeLoaded(fileWordsOf(head)) ? [complaint] : []),
      ];
      for (const doubt of doubts) warn(doubt);
      const doubt = doubts.length > 0 ? ({ isDoubtful: true } as const) : {};
      return { ...head, unlinkedResults, warnings: warnings.all(), ...doubt, records };
    },
  };
}

/** Reads a whole response at once. Throws XML_* and CPIS_MESSAGE_INVALID. */
export function parseUploadResponse(bytes: Uint8Array, options: PayloadReaderOptions = {}): UploadResponse {
  const reader = createUploadResponseReader(options);
  const records = reader.write(bytes);
  const response = reader.end();
  return { ...response, records: [...records, ...response.records] };
}
