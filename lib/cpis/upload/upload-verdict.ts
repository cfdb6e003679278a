// Decides whether CP-IS has loaded a record, from everything its response says; in doubt it has not.
import type { Warn } from "../templates/content-id.js";
import { uploadCodes } from "../vocabularies.js";

/** What the response says of the file as a whole. */
export interface FileWords {
  readonly codes: readonly string[];
  /** The number of records that failed. */
  readonly failed?: number;
}

/** What it says of one record. */
export interface RecordWords {
  /** validCP-ISRecord, invalidCP-ISRecord, or neither or both of them. */
  readonly form: "valid" | "invalid" | "unclear";
  /** The codes of the results that belong to it. */
  readonly codes: readonly string[];
}

const codesOfLoadedFiles: readonly string[] = [uploadCodes.successfulFile, uploadCodes.partialFile];

/** The file is said to be loaded in full. */
export function isFullSuccess({ codes }: FileWords): boolean {
  return codes.length > 0 && codes.every((code) => code === uploadCodes.successfulFile);
}

/** No code of the file says that none of its records was loaded. */
export function mayBeLoaded({ codes }: FileWords): boolean {
  return codes.every((code) => codesOfLoadedFiles.includes(code));
}

/** The file is said to be loaded in full, and records to have failed. */
export function contradictsItself(file: FileWords): boolean {
  return isFullSuccess(file) && (file.failed ?? 0) > 0;
}

function warnOfContradiction(warn: Warn, other: "result" | "file"): void {
  warn({ code: `record-contradicts-${other}`, message: `A record and the code of its ${other} contradict each other` });
}

function isValidLoaded(codes: readonly string[], file: FileWords, warn: Warn): boolean {
  if (codes.some((code) => code !== uploadCodes.successfulRecord)) {
    warnOfContradiction(warn, "result");
    return false;
  }
  if (!mayBeLoaded(file)) {
    warnOfContradiction(warn, "file");
    return false;
  }
  // Where the file's own word is missing or contradicts itself, only a success of the record's own counts.
  return codes.length > 0 || (file.codes.length > 0 && !contradictsItself(file));
}

/**
 * Loaded is a valid record with no code but that of success, in a file that was loaded in full or in part. Everything
 * else is not: unknown codes, and whatever contradicts itself, which is warned of.
 */
export function isRecordLoaded(record: RecordWords, file: FileWords, warn: Warn): boolean {
  const { form, codes } = record;
  if (form === "valid") return isValidLoaded(codes, file, warn);
  if (form === "unclear") {
    warn({ code: "unclear-record", message: "A record is said to be neither valid nor invalid, or both" });
    return false;
  }
  if (codes.length > 0 && codes.every((code) => code === uploadCodes.successfulRecord))
    warnOfContradiction(warn, "result");
  else if (isFullSuccess(file)) warnOfContradiction(warn, "file");
  return false;
}
