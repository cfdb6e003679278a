// Reads, checks and writes the records of an upload in one pass, with all faults of all records.
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createColumnWatch, type UnseenColumn } from "../../cpis/upload/rows/column-watch.js";
import type { LocalAuthority, Subject } from "../../cpis/model.js";
import { encodeUploadFileStart, encodeUploadRecord, uploadFileEnd } from "../../cpis/upload/upload-file.js";
import type { UploadRecord } from "../../cpis/upload/upload-model.js";
import { readUploadRecord } from "../../cpis/upload/rows/upload-row.js";
import type { UploadFault } from "../../cpis/upload/rules/upload-rules.js";
import { createUploadValidator, type UploadValidator } from "../../cpis/upload/rules/validate-upload.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { createSentRecordTable, type SentRecordTable } from "./sent-record-index.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import { gzipText, GzipWriter } from "../../gzip.js";
import { wallClock } from "../../time/london-time.js";
import type { RecordReason, RefusedRecord, UploadRequest, WarnedRecord } from "./upload-model.js";

/** Records between two pauses, so that other work of the process goes on. */
const recordsATurn = 200;
/** A list of warnings is for a person to read. */
const maximumWarned = 1000;

/** The records of a file, before it has its number. */
export interface Composition {
  readonly sent: number;
  readonly refused: readonly RefusedRecord[];
  readonly warned: readonly WarnedRecord[];
  /** Columns that the mapping names and no row has. */
  readonly unseenColumns: readonly UnseenColumn[];
  /** What is kept of the records that are sent. */
  readonly table: SentRecordTable;
  /** Before compression, under the longest number there is. */
  readonly plainBytesAtMost: number;
  finish(fileNumber: number, createdAt: number): ComposedFile;
}

export interface ComposedFile {
  readonly compressed: Buffer;
  readonly plainBytes: number;
  readonly digest: string;
}

export function reasonOf({ code, message, advice, field, word }: UploadFault): RecordReason {
  const told = word === undefined ? message : `${message} The word is "${word}".`;
  return { code, message: told, advice, ...definedOnly({ field }) };
}

type Person = Pick<Subject, "localId" | "nhsNumber">;

function identityOf(subject: Person | undefined): Pick<RefusedRecord, "localId" | "nhsNumber"> {
  const { localId, nhsNumber } = subject ?? {};
  return { ...definedOnly({ localId, nhsNumber }) };
}

/** What one input came to. */
type Checked =
  | { readonly kind: "valid"; readonly record: UploadRecord; readonly warnings: readonly UploadFault[] }
  | { readonly kind: "faulty"; readonly subject: Person | undefined; readonly faults: readonly UploadFault[] };

function checkOne(input: unknown, request: UploadRequest, validator: UploadValidator): Checked {
  const reading = readUploadRecord(input, request.mapping);
  if (reading.kind === "faults") return { kind: "faulty", subject: reading.person, faults: reading.faults };
  const { record } = reading;
  const faults = [...reading.warnings, ...validator.check(record)];
  if (faults.some(({ severity }) => severity === "error")) {
    return { kind: "faulty", subject: record.subjects[0], faults };
  }
  return { kind: "valid", record, warnings: faults };
}

interface FileHead {
  readonly fileNumber: number;
  readonly createdAt: number;
  readonly localAuthority: LocalAuthority;
  readonly recordCount: number;
}

function startOf({ fileNumber, createdAt, localAuthority, recordCount }: FileHead): string {
  const [fileId, time] = [fileNumber.toString(), hl7TimeAt(createdAt).raw];
  return encodeUploadFileStart({ fileId, createdAt: time, localAuthority, recordCount });
}

function plainBytesOf(start: string, bodyBytes: number): number {
  return Buffer.byteLength(start) + bodyBytes + Buffer.byteLength(uploadFileEnd);
}

/** The digest is of what is there: the file is not expanded again for it. */
function join(body: Buffer, bodyBytes: number, head: FileHead): ComposedFile {
  const start = startOf(head);
  const compressed = Buffer.concat([gzipText(start), body, gzipText(uploadFileEnd)]);
  const digest = `gzip:${createHash("sha256").update(compressed).digest("hex")}`;
  return { compressed, plainBytes: plainBytesOf(start, bodyBytes), digest };
}

/**
 * The records are compressed as they come, so that the file is never whole in memory; its number is given afterwards,
 * so that a file which is refused uses up none. Throws CONFIG_CLOSED when the signal aborts.
 */
export async function composeUpload(request: UploadRequest, now: number): Promise<Composition> {
  const validator = createUploadValidator({
    localAuthority: request.localAuthority,
    ...wallClock(now),
    ...definedOnly({ plausibility: request.plausibility }),
  });
  const writer = new GzipWriter();
  const refused: RefusedRecord[] = [];
  const warned: WarnedRecord[] = [];
  const table = createSentRecordTable();
  const columns = createColumnWatch(request.mapping, request.header);
  let index = 0;
  let sent = 0;
  for await (const input of request.records) {
    columns.see(input);
    const checked = checkOne(input, request, validator);
    if (checked.kind === "faulty") {
      const reasons = checked.faults.filter(({ severity }) => severity === "error").map(reasonOf);
      refused.push({ stage: "validation", index, ...identityOf(checked.subject), reasons, input });
    } else {
      sent += 1;
      table.add(checked.record);
      const writing = writer.write(encodeUploadRecord(checked.record));
      if (writing !== undefined) await writing;
      if (checked.warnings.length > 0 && warned.length < maximumWarned) {
        const { localId } = identityOf(checked.record.subjects[0]);
        const named = localId === undefined ? {} : { localId };
        warned.push({ index, ...named, warnings: checked.warnings.map(reasonOf) });
      }
    }
    index += 1;
    if (index % recordsATurn === 0) {
      request.progress?.(index);
      await nextTurn();
      if (request.signal?.aborted === true) throw new CpisError("CONFIG_CLOSED");
    }
  }
  const body = await writer.end();
  const { localAuthority } = request;
  const head = { localAuthority, recordCount: sent };
  const longest = { ...head, fileNumber: Number.MAX_SAFE_INTEGER, createdAt: now };
  return {
    sent,
    refused,
    warned,
    unseenColumns: columns.unseen(),
    table: table.table(),
    plainBytesAtMost: plainBytesOf(startOf(longest), writer.plainBytes),
    finish: (fileNumber, createdAt) => join(body, writer.plainBytes, { ...head, fileNumber, createdAt }),
  };
}
