// The FHIR R4 (4.0.1) resources that an answer of CP-IS becomes, with only the elements that are filled.

export interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}

export interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

export interface Identifier {
  readonly system: string;
  readonly value: string;
}

/** One of these at least: a literal reference, an identifier, or a name to show. */
export interface Reference {
  readonly reference?: string;
  readonly type?: string;
  readonly identifier?: Identifier;
  readonly display?: string;
}

/** `extension` tells how a value was written, or why there is none. */
export interface Extension {
  readonly url: string;
  readonly valueString?: string;
  readonly valueCode?: string;
}

export interface CareTeam {
  readonly resourceType: "CareTeam";
  readonly id: string;
  readonly status: "active" | "inactive" | "proposed";
  readonly category: readonly CodeableConcept[];
  readonly name?: string;
  readonly subject: Reference;
  readonly period: { readonly start: string; readonly end?: string };
  readonly managingOrganization?: readonly Reference[];
  readonly telecom?: readonly {
    readonly system: "phone";
    readonly value: string;
    readonly use?: "work" | "mobile";
  }[];
}

export interface PractitionerRole {
  readonly resourceType: "PractitionerRole";
  readonly id: string;
  readonly practitioner?: Reference;
  readonly organization?: Reference;
  readonly code?: readonly CodeableConcept[];
}

export interface AuditEvent {
  readonly resourceType: "AuditEvent";
  readonly id: string;
  readonly type: Coding;
  readonly action: "E";
  readonly recorded?: string;
  readonly _recorded?: { readonly extension: readonly Extension[] };
  readonly agent: readonly { readonly who?: Reference; readonly requestor: true }[];
  readonly source: { readonly observer: Reference };
  readonly entity?: readonly { readonly what: Reference; readonly type: Coding }[];
}

export interface OperationOutcomeIssue {
  readonly severity: "error" | "warning" | "information";
  readonly code: string;
  readonly details: CodeableConcept;
  readonly diagnostics?: string;
}

export interface OperationOutcome {
  readonly resourceType: "OperationOutcome";
  readonly id?: string;
  readonly issue: readonly OperationOutcomeIssue[];
}

export type EntryResource = CareTeam | AuditEvent | PractitionerRole | OperationOutcome;

export interface BundleEntry<Resource extends EntryResource = EntryResource> {
  readonly fullUrl: string;
  readonly resource: Resource;
  readonly search: { readonly mode: "match" | "include" | "outcome" };
}

/** `total` counts the matches, never what is included with them. */
export interface SearchsetBundle {
  readonly resourceType: "Bundle";
  readonly id: string;
  readonly type: "searchset";
  readonly timestamp: string;
  readonly total: number;
  readonly entry?: readonly BundleEntry[];
}
