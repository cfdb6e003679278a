// Judges the records of one upload file, and the file itself, before anything is sent.
import { checkPlausibility, type UploadPlausibility } from "./check-plausibility.js";
import { checkCreatedAt, checkFileId, checkLocalAuthority } from "./check-upload-file.js";
import { checkDuplicates, checkRecord } from "./check-upload-record.js";
import type { LocalAuthority } from "../../model.js";
import { createPlanKeys, type PlanKey } from "./plan-keys.js";
import type { UploadRecord } from "../upload-model.js";
import { collectFaults, hasUploadError, type UploadFault } from "./upload-rules.js";

export interface UploadCheckContext {
  readonly localAuthority: LocalAuthority;
  /** "YYYY-MM-DD", as the calendar in the UK shows it. */
  readonly today: string;
  /** "YYYY-MM-DDTHH:mm", as the clock in the UK shows it. */
  readonly now: string;
  readonly plausibility?: UploadPlausibility;
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

/**
 * One validator judges one file. It never throws for what satisfies the types, and keeps at most 48 bytes of a record.
 */
export function createUploadValidator(context: UploadCheckContext): UploadValidator {
  const { localAuthority: sender, today, now } = context;
  const recordContext = { clock: { today, now }, sender };
  const planKeys = createPlanKeys();
  return {
    checkFile: ({ fileId, createdAt, recordCount, isFileIdUsed }) =>
      collectFaults((report) => {
        checkFileId(fileId, report);
        if (isFileIdUsed === true) report("upload.file-id-reused", "fileId");
        checkCreatedAt(createdAt, report);
        if (recordCount === 0) report("upload.no-records", "records");
        checkLocalAuthority(sender, report);
      }),
    check: (record) => {
      let keys: readonly PlanKey[] = [];
      const faults = collectFaults((report) => {
        checkRecord(record, recordContext, report);
        checkPlausibility(record, recordContext.clock, context.plausibility ?? {}, report);
        keys = checkDuplicates(record, planKeys, report);
      });
      if (!hasUploadError(faults)) for (const key of keys) planKeys.add(key);
      return faults;
    },
  };
}
