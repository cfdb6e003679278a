// What a check against an organisation's own schemas says, and what passes between the process and its worker.

/** One thing that the schema does not allow. Names and rules come from the schema; no value of the message is in it. */
export interface SchemaFinding {
  /** From 1; of the message as it was checked. */
  readonly line: number;
  /** As the schema spells it; "an element that the schema does not know" when it has no such name. */
  readonly element: string;
  readonly attribute?: string;
  readonly rule: string;
}

export type SchemaVerdict =
  | { readonly kind: "valid"; readonly schema: string }
  /** `total` counts all; `findings` holds the first of them. */
  | {
      readonly kind: "invalid";
      readonly schema: string;
      readonly total: number;
      readonly findings: readonly SchemaFinding[];
    }
  /** No schema of the set declares this root element. */
  | { readonly kind: "no-schema" }
  /** Nothing is known: the message was too large, too slow to check, or not well formed. */
  | {
      readonly kind: "not-checked";
      readonly code: "XML_MALFORMED" | "XML_DOCTYPE" | "SCHEMA_TOO_LARGE" | "SCHEMA_TIMEOUT";
    }
  /** The schemas themselves cannot be used; `detail` names a file of theirs. */
  | {
      readonly kind: "unusable";
      readonly code:
        | "SCHEMA_INVALID"
        | "SCHEMA_VALIDATOR_MISSING"
        | "SCHEMA_STOPPED"
        | "SCHEMA_FOLDER"
        | "SCHEMA_OUTSIDE"
        | "SCHEMA_TOO_LARGE";
      readonly detail?: string;
    };

/** Paths with "/" from the top of the set. */
export interface SchemaFile {
  readonly path: string;
  readonly text: string;
}

export interface SchemaSet {
  readonly files: readonly SchemaFile[];
  /** Which file declares a global element: "{namespace}localName" to its path. */
  readonly roots: ReadonlyMap<string, string>;
  /** Every name and facet value of the schemas: what may be repeated from a validator's message. */
  readonly words: ReadonlySet<string>;
  /** What was changed in the working copy so that the validator takes it, in words; empty when nothing was. */
  readonly changes: readonly string[];
}

export interface WorkerRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface WorkerAnswer {
  readonly id: number;
  readonly verdict: SchemaVerdict;
}

export interface WorkerData {
  readonly files: readonly SchemaFile[];
  readonly roots: readonly (readonly [string, string])[];
  readonly words: readonly string[];
}
