// Reads one page of the directory's answer: a FHIR Bundle of found resources.
import { definedOnly } from "../defined-only.js";
import { isJsonObject, invalidAnswer, parseJson, readCount, readObject, readObjects, readText } from "./fhir-json.js";
import type { JsonObject } from "./fhir-json.js";

export type ResourceType = "Device" | "Endpoint";

export interface FoundResource {
  readonly resource: JsonObject;
  /** Where it stands, for errors. */
  readonly path: string;
}

export interface SdsPage {
  readonly resources: readonly FoundResource[];
  /** How many there are on all pages, if the directory says so. */
  readonly total?: number;
  /** Where the next page is; absent on the last one. */
  readonly nextUrl?: string;
}

/** The code of an OperationOutcome, for example "NO_RECORD_FOUND"; undefined for anything else. Never throws. */
export function findOperationOutcomeCode(value: unknown): string | undefined {
  if (!isJsonObject(value) || value["resourceType"] !== "OperationOutcome") return undefined;
  let at: unknown = value["issue"];
  for (const name of ["details", "coding"]) {
    at = Array.isArray(at) ? (at[0] as unknown) : undefined;
    at = isJsonObject(at) ? at[name] : undefined;
    if (name === "details") at = [at];
  }
  const first: unknown = Array.isArray(at) ? at[0] : undefined;
  const code = isJsonObject(first) ? first["code"] : undefined;
  return typeof code === "string" && /^[A-Z][A-Z_]{0,60}$/.test(code) ? code : undefined;
}

function requireBundle(value: unknown): JsonObject {
  const bundle = readObject(value, "the answer");
  if (bundle["resourceType"] === "Bundle") return bundle;
  const code = findOperationOutcomeCode(bundle);
  throw invalidAnswer(code === undefined ? "it is no FHIR Bundle" : `it is no FHIR Bundle but an outcome, ${code}`);
}

function findNextUrl(bundle: JsonObject): string | undefined {
  const next = readObjects(bundle["link"], "link").filter((link) => link["relation"] === "next");
  if (next.length > 1) throw invalidAnswer("link has more than one next page");
  return readText(next[0]?.["url"], "link.url");
}

/** Resources of the search mode "outcome" or "include" are no hits (FHIR R4, Bundle.entry.search.mode). */
function isHit(entry: JsonObject, path: string): boolean {
  const search = entry["search"] === undefined ? {} : readObject(entry["search"], `${path}.search`);
  const mode = readText(search["mode"], `${path}.search.mode`);
  return mode === undefined || mode === "match";
}

function readEntries(bundle: JsonObject, type: ResourceType): FoundResource[] {
  return readObjects(bundle["entry"], "entry").flatMap((entry, index) => {
    const path = `entry[${index}]`;
    if (!isHit(entry, path)) return [];
    const resource = readObject(entry["resource"], `${path}.resource`);
    if (resource["resourceType"] !== type) throw invalidAnswer(`${path}.resource is no ${type}`);
    return [{ resource, path: `${path}.resource` }];
  });
}

/** Throws SDS_RESPONSE_INVALID for anything that is not a Bundle of resources of this type. */
export function parseBundle(bytes: Uint8Array, type: ResourceType): SdsPage {
  const bundle = requireBundle(parseJson(bytes));
  const total = readCount(bundle["total"], "total");
  const nextUrl = findNextUrl(bundle);
  return {
    resources: readEntries(bundle, type),
    ...definedOnly({ total, nextUrl }),
  };
}
