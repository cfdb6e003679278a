// What a rehearsal is made of: scenarios that a team can add to, and the report of what was seen.
import type { PlanType } from "../cpis/model.js";
import type { SchemaFinding } from "../schema/model.js";

export type RehearsalRole = "hospital" | "authority";

/** One thing that onboarding asks to be shown. Scenario files hold arrays of them. */
export interface Scenario {
  /** Short and never changed, "H10": two reports are compared by it. */
  readonly id: string;
  readonly role: RehearsalRole;
  readonly title: string;
  /** What is to be shown. */
  readonly shows: string;
  /** Where that is asked for. */
  readonly askedFor: string;
  /** A name of the environment's table of numbers; absent: the scenario needs none. */
  readonly numbers?: readonly string[];
  /** What only the simulator can be told to do. */
  readonly needs?: readonly EnvironmentAbility[];
  readonly steps: readonly Step[];
}

export type EnvironmentAbility = "commands" | "foreign-certificate" | "restart" | "mesh" | "conversation";

/** Each step names a kind and what is expected of it. NHS numbers are names of the environment's table. */
export type Step =
  | {
      readonly do: "query";
      readonly number: string;
      readonly as?: "person" | "system";
      /** Default: the one that the access needs. */
      readonly activities?: readonly string[];
      readonly access?: "unscheduled" | "scheduled";
      readonly timeoutSeconds?: number;
      readonly expect: QueryExpectation;
    }
  /** A JSON command for the simulator; "{name}" in a text is a number of the table. */
  | { readonly do: "command"; readonly command: Readonly<Record<string, unknown>> }
  /** Somebody with a certificate of the same authority and another name posts an answer to the listener. */
  | { readonly do: "forge-answer"; readonly expect: { readonly refused: true } }
  /** The chain of the audit holds, with an entry before and after each query so far. */
  | { readonly do: "audit"; readonly expect: { readonly intact: true } }
  | {
      readonly do: "upload";
      readonly records: readonly ScenarioRecord[];
      readonly faultyRecords?: "refuse-file" | "send-valid";
      readonly expect: UploadExpectation;
      /** The local authority's system stops once the file is accepted, and starts again. */
      readonly restart?: boolean;
    }
  | {
      readonly do: "notification";
      readonly expect: { readonly kind: "access" | "inactive"; readonly number: string; readonly replacedBy?: string };
    };

export interface ScenarioRecord {
  readonly number: string;
  readonly plan: PlanType;
  /** "2026-03-02T09:00", as in a record of cp-is upload. */
  readonly start: string;
  readonly end?: string;
  readonly delete?: string;
}

export type QueryExpectation =
  | {
      readonly outcome: "found";
      readonly plans?: readonly PlanType[];
      /** Each plan names a telephone of the emergency duty team. */
      readonly emergencyDuty?: true;
      readonly incomplete?: boolean;
      readonly warnings?: readonly string[];
    }
  | { readonly outcome: "not-found"; readonly basis?: string }
  /** `sent`: whether anything may have left. */
  | { readonly outcome: "failed"; readonly code: string; readonly sent?: boolean };

export type UploadExpectation =
  | {
      readonly outcome: "accepted" | "partly-accepted" | "refused" | "file-refused" | "unclear";
      readonly accepted?: number;
      readonly refused?: number;
      readonly notSent?: number;
      /** Codes of the file, or of the refused records. */
      readonly codes?: readonly string[];
    }
  /** Nothing is sent at all. */
  | { readonly outcome: "not-sent"; readonly codes?: readonly string[] }
  /** MESH reports that the file was not delivered. */
  | { readonly outcome: "undelivered" };

/** Ids, times and codes of a step; nothing of a patient beyond the names of test numbers. */
export interface StepReport {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly passed: boolean;
  /** Message ids, conversation ids, MESH ids. */
  readonly ids: readonly string[];
  readonly at: string;
  readonly milliseconds: number;
  readonly schema?: SchemaWitnessed;
}

/** What the organisation's own schemas say of the messages of a step. */
export interface SchemaWitnessed {
  readonly checked: number;
  readonly valid: number;
  readonly findings: readonly SchemaFinding[];
}

export type ScenarioResult = "passed" | "failed" | "not-possible";

export interface ScenarioReport {
  readonly id: string;
  readonly role: RehearsalRole;
  readonly title: string;
  readonly shows: string;
  readonly askedFor: string;
  readonly result: ScenarioResult;
  /** Why it is not possible in this environment, or what stopped it. */
  readonly because?: string;
  readonly steps: readonly StepReport[];
}

export interface RehearsalReport {
  readonly form: "cp-is-rehearsal-1";
  readonly environment: string;
  readonly role: RehearsalRole;
  readonly startedAt: string;
  readonly milliseconds: number;
  /** Of this package. */
  readonly version: string;
  readonly counts: Readonly<Record<ScenarioResult, number>>;
  readonly scenarios: readonly ScenarioReport[];
}

/** What the page of the rehearsal shows. */
export interface RehearsalState {
  readonly running?: {
    readonly role: RehearsalRole;
    readonly done: number;
    readonly total: number;
    /** The scenario that ended last. */
    readonly last: string;
  };
  /** Why the run before ended without a report. */
  readonly failure?: { readonly code: string; readonly message: string };
  readonly reports: readonly (Pick<RehearsalReport, "role" | "startedAt" | "counts"> & { readonly id: string })[];
}
