// Judges the records of one upload file, and the file itself, before anything is sent.
import type { LocalAuthority } from "./model.js";
import type { UploadRecord } from "./upload-model.js";
import { uploadFault, type UploadFault } from "./upload-rules.js";

export interface UploadCheckContext {
  readonly localAuthority: LocalAuthority;
  /** "YYYY-MM-DD", as the calendar in the UK shows it. */
  readonly today: string;
  /** "YYYY-MM-DDTHH:mm", as the clock in the UK shows it. */
  readonly now: string;
}

/** What is known of a file beside its records. */
export interface UploadFileFacts {
  readonly fileId: string;
  /** HL7 timestamp, as "20260302060000+0000". */
  readonly createdAt: string;
  readonly recordCount: number;
  /** Whether a file with this number and other content was sent before. */
  readonly isFileIdUsed?: boolean;
}

export interface UploadValidator {
  /** The file's number, time and count, and the local authority's details. */
  checkFile(file: UploadFileFacts): readonly UploadFault[];
  /** Every fault of the record. Remembers the keys of records without errors, to find the second of two. */
  check(record: UploadRecord): readonly UploadFault[];
}

/** One validator judges one file. */
export function createUploadValidator(context: UploadCheckContext): UploadValidator {
  void context;
  return { checkFile: () => [uploadFault("upload.no-records")], check: () => [uploadFault("upload.plan-count")] };
}
