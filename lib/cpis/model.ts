// The plain data in which CP-IS queries and their results are spoken of, here and in msg.payload.
import type { CodedText, Hl7Time, OrganisationRef, PersonName } from "../hl7v3/values.js";

export type { CodedText, Hl7Time, OrganisationRef, PersonName } from "../hl7v3/values.js";

export type PlanType = "child-protection-plan" | "looked-after-child" | "unborn-child-protection-plan";

/** "YYYY-MM-DDTHH:mm", wall clock time, never shifted. */
export type PlanDate = string;

/** `message` and `path` name elements and counts, never a patient's detail. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
}

export interface Role {
  readonly code: string;
  readonly codeSystem?: string;
  readonly displayName: string;
}

export interface PersonAuthor {
  readonly kind: "person";
  readonly userId?: string;
  readonly roleProfileId?: string;
  readonly role?: Role;
  readonly name: PersonName;
  readonly organisation: OrganisationRef;
}

export interface ResponsiblePerson {
  readonly role?: Role;
  readonly name: PersonName;
}

export interface SystemAuthor {
  readonly kind: "system";
  readonly asid?: string;
  readonly organisation: OrganisationRef;
  readonly responsible: readonly ResponsiblePerson[];
}

export type Author = PersonAuthor | SystemAuthor;

export interface LocalAuthority extends OrganisationRef {
  readonly emergencyDutyTelephone?: string;
  readonly officeHoursTelephone?: string;
  readonly otherTelephones?: readonly { readonly use: string; readonly number: string }[];
}

/** The person a plan hangs on: the child, or for an unborn child the mother. */
export interface Subject {
  readonly kind: "child" | "mother";
  readonly nhsNumber?: string;
  readonly localId?: string;
  readonly localIdAuthority?: string;
  /** "YYYY-MM-DD", or less when the day is not given. */
  readonly birthDate?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  /** The whole name, when it came as plain text. */
  readonly nameText?: string;
}

export interface Plan {
  readonly planType: PlanType;
  readonly startDate: PlanDate;
  readonly endDate?: PlanDate;
  readonly localAuthority: LocalAuthority;
  readonly subject?: Subject;
}

export interface AccessRecord {
  readonly accessId?: string;
  readonly accessedAt?: Hl7Time;
  readonly author?: Author;
  readonly nhsNumber?: string;
  readonly isThisQuery: boolean;
}

interface QueryResultBase {
  readonly nhsNumber: string;
  readonly messageId: string;
  readonly eventId: string;
  readonly replyId?: string;
  readonly respondedAt?: Hl7Time;
  readonly codes: readonly CodedText[];
  readonly warnings: readonly Warning[];
}

export interface QueryFound extends QueryResultBase {
  readonly outcome: "found";
  readonly plans: readonly Plan[];
  readonly accesses: readonly AccessRecord[];
  readonly totalPlans?: number;
  readonly totalAccesses?: number;
  readonly incomplete: boolean;
}

export type NotFoundBasis = "nhs-number-not-on-cpis" | "no-data-found" | "empty-response" | "smsp-no-record";

export interface QueryNotFound extends QueryResultBase {
  readonly outcome: "not-found";
  readonly basis: NotFoundBasis;
  readonly accesses: readonly AccessRecord[];
}

export interface QueryFailed extends QueryResultBase {
  readonly outcome: "failed";
  readonly code: QueryFailureCode;
  readonly retryable: boolean;
  readonly detail?: string;
}

export type QueryResult = QueryFound | QueryNotFound | QueryFailed;

/** Each has an error code of its own: "query-rejected" is raised as CPIS_QUERY_REJECTED. */
export type QueryFailureCode =
  | "invalid-nhs-number"
  | "invalid-request"
  | "not-authorised"
  | "silent-read-unavailable"
  | "not-sent"
  | "timeout"
  | "soap-fault"
  | "http-error"
  | "ebxml-error"
  | "unparseable-reply"
  | "unexpected-reply"
  | "correlation-mismatch"
  | "wrong-patient"
  | "inconsistent-reply"
  | "unreadable-plan"
  | "query-rejected"
  | "application-error"
  | "application-rejected"
  | "access-denied"
  | "smsp-error"
  | "smsp-no-match";

export interface ResponsePlan {
  readonly planType: PlanType;
  readonly startDate: PlanDate;
  readonly endDate?: PlanDate;
}

export interface UploadPlan {
  readonly planType: PlanType;
  readonly startDate: PlanDate;
  /** Always given for the plan of an unborn child. */
  readonly endDate?: PlanDate;
  /** Withdraws an entry made in error. */
  readonly deleteDate?: PlanDate;
}
