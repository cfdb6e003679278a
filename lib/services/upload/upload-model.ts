// What an upload is asked for, and what can come of it, in the words of the local authority.
import type { UnseenColumn } from "../../cpis/upload/rows/column-watch.js";
import type { LocalAuthority, Warning } from "../../cpis/model.js";
import type { UploadPlausibility } from "../../cpis/upload/rules/check-plausibility.js";
import type { UploadRecord } from "../../cpis/upload/upload-model.js";
import type { UploadMapping } from "../../cpis/upload/rows/upload-row.js";
import type { CpisError, ErrorCode } from "../../errors.js";

/** Records of an upload, in the forms that upload-row.ts reads. */
export type UploadInput = Iterable<unknown> | AsyncIterable<unknown>;

export interface UploadRequest {
  /** Names who gets the outcome, also after a restart: for example the id of a node. */
  readonly owner: string;
  /** With its code, name and telephones. */
  readonly localAuthority: LocalAuthority;
  readonly records: UploadInput;
  readonly mapping: UploadMapping;
  readonly plausibility?: UploadPlausibility;
  /** The names of all columns, where a header gives them: rows often leave out columns that have no value. */
  readonly header?: readonly string[];
  /** "refuse-file": one faulty record, and nothing is sent. "send-valid": the others are sent. */
  readonly faultyRecords: "refuse-file" | "send-valid";
  /** The sequence number to use; default: one more than the last. */
  readonly fileNumber?: number;
  /** No number below it is used, for example because another system has used those before. Default 1. */
  readonly firstNumber?: number;
  /** Given back with the outcome; must be plain JSON. */
  readonly kept?: unknown;
  readonly signal?: AbortSignal;
  /** Called now and then while records are checked. */
  progress?(checked: number): void;
  /**
   * Takes the faulty records, once for each request that has some, before the file is stored: so none of them is lost
   * should the process end in between.
   */
  handOut(refused: readonly RefusedRecord[]): void | Promise<void>;
}

/** Why a record was refused, or did not pass, and what to do about it. */
export interface RecordReason {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  /** Where in the record, in the users' words. */
  readonly field?: string;
  /** As CP-IS sent it. */
  readonly details?: readonly string[];
}

/** One record that is not on CP-IS after this upload. Holds a child's details: for the flow only. */
export interface RefusedRecord {
  /** "validation": found here, and not sent. "cp-is": refused by CP-IS, or not mentioned in its response. */
  readonly stage: "validation" | "cp-is";
  /** Of the record in the input, from 0; absent for a result that belongs to no record known here. */
  readonly index?: number;
  readonly localId?: string;
  readonly nhsNumber?: string;
  readonly reasons: readonly RecordReason[];
  /** The input as it came, when it was found faulty here. */
  readonly input?: unknown;
  /** The record as it was sent, when CP-IS refused it. */
  readonly record?: UploadRecord;
}

/** A record that is sent, with something that a person should look at. */
export interface WarnedRecord {
  readonly index: number;
  readonly localId?: string;
  readonly warnings: readonly RecordReason[];
}

export type UploadAcceptance =
  /** The file is in the store and will be sent. */
  | {
      readonly kind: "accepted";
      readonly fileNumber: number;
      readonly conversationId: string;
      readonly sent: number;
      readonly refused: number;
      readonly warned: readonly WarnedRecord[];
      readonly unseenColumns: readonly UnseenColumn[];
    }
  /** Nothing was stored and nothing will be sent. */
  | {
      readonly kind: "refused";
      readonly error: CpisError;
      readonly refused: number;
      readonly unseenColumns: readonly UnseenColumn[];
    };

/** What CP-IS says of the file as a whole, with what to do. */
export interface FileResult {
  readonly code: string;
  readonly displayName?: string;
  readonly meaning: string;
  readonly advice: string;
}

/** What became of one record that was sent. */
export interface RecordOutcome {
  readonly index: number;
  readonly localId?: string;
  readonly nhsNumber?: string;
  readonly accepted: boolean;
  readonly codes: readonly string[];
}

/** CP-IS's response to one file. */
export interface UploadOutcome {
  /**
   * "accepted": every record that was given is on CP-IS. "partly-accepted": some are. "refused": none is. "file-refused":
   * the file as a whole was not processed. "unclear": the response contradicts itself or an earlier one, or has parts
   * that are not known, and no record counts as loaded. "unknown-file": it is of no file that is known here, and is told
   * as it came.
   */
  readonly outcome: "accepted" | "partly-accepted" | "refused" | "file-refused" | "unclear" | "unknown-file";
  readonly fileNumber?: number;
  /** ODS code. */
  readonly localAuthority?: string;
  readonly respondedAt?: string;
  readonly fileResults: readonly FileResult[];
  /** All records of the upload: `notSent` + `sent`, which is `accepted` + `refused`. */
  readonly given: number;
  /** Found faulty before anything was sent, and left out. */
  readonly notSent: number;
  readonly sent: number;
  readonly accepted: number;
  /** Sent, and not loaded as far as the response shows. */
  readonly refused: number;
  /** On what it rests that records are loaded: on CP-IS's word of each of them, or of the whole file. */
  readonly basis?: "each-record" | "whole-file";
  /** Of the refused ones: those of which the response says nothing. */
  readonly unanswered: number;
  /** Results that belong to no record of the file. */
  readonly unmatched: number;
  /** Refusals that name no record of the response, each kind once. */
  readonly unlinkedReasons?: readonly RecordReason[];
  readonly records: readonly RecordOutcome[];
  readonly warnings: readonly Warning[];
}

/** A file that did not reach CP-IS, or of which that is not known. */
export interface UploadFailure {
  readonly fileNumber?: number;
  /** "held": it waits for a person's decision. "failed": it is not sent any more. */
  readonly state: "failed" | "held";
  readonly error: CpisError;
}

/** How the last upload of an owner stands, as far as the store tells. */
export type LastUpload = { readonly fileNumber: number } & (
  | {
      readonly kind: "answered";
      readonly result: Pick<UploadOutcome, "outcome" | "accepted" | "refused" | "notSent">;
      /** When the response was taken, milliseconds since 1970. */
      readonly at: number;
    }
  | { readonly kind: "waiting"; readonly sent: number; readonly notSent: number }
  | { readonly kind: "undelivered"; readonly state: UploadFailure["state"]; readonly code: ErrorCode }
);

/** Called with what was kept of the request. A rejection means: again later. */
export interface UploadListener {
  /** Once for each record, before `answered`; at least once over a crash. */
  refused(record: RefusedRecord, upload: UploadReference): Promise<void>;
  answered(outcome: UploadOutcome, upload: UploadReference): Promise<void>;
  undelivered(failure: UploadFailure, upload: UploadReference): Promise<void>;
  /** A response, or a report of the transport, that cannot be used. */
  stray(error: CpisError): void;
  /** Pieces from 1. */
  sending(progress: { readonly fileNumber: number; readonly piece: number; readonly pieces: number }): void;
  /** Once after it was attached, if it has uploaded before. */
  resumed?(last: LastUpload): void;
  /** No response came within the time that is usual. */
  overdue(fileNumber: number, hours: number): void;
}

export interface UploadReference {
  readonly fileNumber?: number;
  readonly conversationId?: string;
  /** Of the message that brought the outcome. */
  readonly messageId?: string;
  /** Who sent it: a mailbox, or a party key. */
  readonly from?: string;
  /** What was kept of the request; undefined when its file is not known here any more. */
  readonly kept?: unknown;
}
