// The plain data in which uploads of local authorities, their responses and notifications are spoken of.
import type {
  AccessRecord,
  CodedText,
  Hl7Time,
  LocalAuthority,
  OrganisationRef,
  Subject,
  UploadPlan,
  Warning,
} from "../model.js";

/** One person with plans: looked after and child protection go with a child, the plan of an unborn child with the mother. */
export interface UploadRecord {
  readonly plans: readonly UploadPlan[];
  readonly subjects: readonly Subject[];
}

/** A record as it was received. */
export interface ReceivedUploadRecord extends UploadRecord {
  /** How many plans, or dates of plans, could not be read; absent when all could. */
  readonly unreadablePlans?: number;
}

/** What a `File` says before its records. */
export interface UploadFileHeader {
  /** The local authority's own sequence number. */
  readonly fileId: string;
  /** HL7 timestamp, as "20260302060000+0000". */
  readonly createdAt: string;
  readonly localAuthority: LocalAuthority;
  readonly recordCount: number;
}

export interface UploadFile extends Omit<UploadFileHeader, "recordCount"> {
  readonly records: readonly UploadRecord[];
}

/** One code that CP-IS gave for a record, with the details that came with it. */
export interface UploadResultCode extends CodedText {
  readonly details: readonly CodedText[];
  readonly location: string;
}

/** What became of one record, as far as the response says. */
export interface UploadRecordResult {
  /** Of the `message` element in the response, from 0. Not the place in the file that was sent. */
  readonly index: number;
  readonly accepted: boolean;
  readonly results: readonly UploadResultCode[];
  readonly subjects: readonly Subject[];
  /** Given for refused records only. */
  readonly plans: readonly UploadPlan[];
}

/** A `FileResponse` without its records. */
export interface UploadResponseSummary {
  /** The sequence number answered; undefined for -1. */
  readonly fileId?: string;
  readonly createdAt?: Hl7Time;
  readonly recordsProcessed?: number;
  readonly fileResults: readonly CodedText[];
  readonly localAuthority?: LocalAuthority;
  readonly successful?: number;
  readonly failed?: number;
  readonly unlinkedResults: readonly UploadResultCode[];
  readonly warnings: readonly Warning[];
  /** Something in it, or around it, that is not understood or that complains may say more than was read. */
  readonly isDoubtful?: true;
}

export interface UploadResponse extends UploadResponseSummary {
  readonly records: readonly UploadRecordResult[];
}

export interface NotifiedAccess extends AccessRecord {
  readonly localId?: string;
  /** Of the file by which the local authority had uploaded the record. */
  readonly uploadFileId?: string;
}

/** A child, or a mother, of the local authority's list was looked up in unscheduled care. May be empty. */
export interface AccessNotification {
  readonly id?: string;
  readonly createdAt?: Hl7Time;
  readonly recipient: OrganisationRef;
  readonly total?: number;
  readonly accesses: readonly NotifiedAccess[];
  readonly warnings: readonly Warning[];
}

export interface InactiveNumber {
  readonly nhsNumber?: string;
  readonly localId?: string;
  /** Empty: no replacement is known, and none may be guessed. */
  readonly replacedBy: readonly string[];
  readonly uploadFileId?: string;
}

export interface InactiveNhsNumberNotification {
  readonly id?: string;
  readonly createdAt?: Hl7Time;
  readonly recipient: OrganisationRef;
  readonly numbers: readonly InactiveNumber[];
  readonly warnings: readonly Warning[];
}
