// What a CP-IS query response says: as it is written, and as it may be received.
import type { QueryResponseCode, ReceivedControlAct } from "../../hl7v3/control-act.js";
import type { ReceivedInteger } from "../../hl7v3/data-types.js";
import type { ReceivedAcknowledgement, ReceivedTransmission, Transmission } from "../../hl7v3/transmission-wrapper.js";
import type { ReceivedSubject } from "../templates/subject-template.js";
import type { Author, CodedText, Hl7Time, LocalAuthority, ResponsePlan, Subject, Warning } from "../model.js";

/** One query made for the same NHS number, this one included. `accessId` is the id of its event. */
export interface ResponseAccess {
  readonly accessId: string;
  readonly accessedAt: Hl7Time;
  readonly author: Author;
  readonly nhsNumber: string;
}

/** What one local authority holds: one to three plans, and the child, the mother or both. */
export interface ResponseRecord {
  readonly localAuthority: LocalAuthority;
  readonly plans: readonly ResponsePlan[];
  readonly subjects: readonly Subject[];
}

export interface ResponsePayload {
  readonly respondedAt: Hl7Time;
  /** The id of the query event that is answered. */
  readonly eventId: string;
  readonly totalAccesses: number;
  readonly totalPlans: number;
  /** In the order in which they are written; Spine writes the oldest first. */
  readonly accesses: readonly ResponseAccess[];
  readonly records: readonly ResponseRecord[];
}

/** REPC_IN000007GB01. Without `payload` it says in `queryResponseCode` that there is no data. */
export interface QueryResponse {
  readonly transmission: Transmission;
  readonly reasons: readonly CodedText[];
  readonly payload?: ResponsePayload;
  readonly queryResponseCode: QueryResponseCode;
}

export interface ReceivedAccess {
  readonly accessId?: string;
  readonly accessedAt?: Hl7Time;
  readonly author?: Author;
  readonly nhsNumber?: string;
}

export interface ReceivedRecord extends ResponseRecord {
  readonly subjects: readonly ReceivedSubject[];
  /** How many plan blocks of this record could not be read; absent when all could. */
  readonly unreadablePlans?: number;
}

/** A total is "unreadable" when there is a value that is no number, or several that differ. */
export interface ReceivedPayload {
  readonly respondedAt?: Hl7Time;
  readonly eventId?: string;
  readonly totalAccesses?: ReceivedInteger;
  readonly totalPlans?: ReceivedInteger;
  readonly accesses: readonly ReceivedAccess[];
  readonly records: readonly ReceivedRecord[];
}

/** A bare payload has an empty transmission and no reasons. */
export interface ReceivedQueryResponse extends ReceivedControlAct {
  readonly transmission: ReceivedTransmission;
  /** The schema has none here. */
  readonly acknowledgement?: ReceivedAcknowledgement;
  readonly payload?: ReceivedPayload;
}

/** What was read, and what about it was odd. */
export interface ParsedQueryResponse {
  readonly response: ReceivedQueryResponse;
  readonly warnings: readonly Warning[];
}

/** The ways in which real replies differ from the schema; each can be written, for testing receivers. */
export type QueryResponseDeviation =
  /** All accesses in one pertinentInformation13. */
  | "grouped-accesses"
  /** All control acts in one pertinentInformation14. */
  | "grouped-records"
  /** All records in one pertinentCP-ISRecordControlAct. */
  | "grouped-in-one-act"
  /** An element CP-ISNHSQueryResponse around the interaction. */
  | "extra-wrapper"
  | "missing-person-id"
  /** The family name before the given name, a blank at the end, upper case. */
  | "family-name-first"
  | "unzoned-times"
  | "minute-times"
  | "lower-case-organisation-codes"
  /** The prefix hl7: on every name. */
  | "prefixed"
  | "no-namespace"
  /** The payload without any wrapper. */
  | "bare-payload"
  | "no-query-ack"
  | "no-total-accesses"
  | "no-total-plans"
  | "swapped-asids"
  | "unlisted-version-code"
  | "oldest-access-first"
  /** In place of each plan template the one of the upload form. */
  | "unknown-plan-template"
  | "unreadable-first-start-date"
  | "unreadable-start-dates";
