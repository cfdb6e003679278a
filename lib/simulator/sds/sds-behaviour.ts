// How the simulated directory misbehaves when it is told to.
import type { SimulatedSdsRecord } from "./sds-records.js";
import type { FhirResource } from "./sds-resources.js";
import { parseCpaId } from "../../identifiers.js";

/** "normal" is a directory without faults. */
export type SdsConduct =
  | { readonly kind: "normal" }
  /** Cuts the connection instead of an answer. */
  | { readonly kind: "down" }
  /** Answers after this time; without one, never. */
  | { readonly kind: "slow"; readonly delayMilliseconds?: number }
  /** Finds nothing, and leaves the list out, or in and empty. */
  | { readonly kind: "empty"; readonly entry: "absent" | "empty" }
  /** Adds a second record for each that is found, with another value of this field. */
  | { readonly kind: "ambiguous"; readonly field: "address" | "cpaId" | "asid" | "retries" }
  /** Puts a number where a text is meant and a text where a number is. */
  | { readonly kind: "wrong-types" }
  | { readonly kind: "paged"; readonly pageSize: number }
  /** Leaves out these keys of each resource, for example "address", "identifier" or "extension". */
  | { readonly kind: "missing"; readonly keys: readonly string[] }
  | { readonly kind: "status"; readonly status: number }
  /** Answers with a page for people, as a captive portal does. */
  | { readonly kind: "not-fhir" };

type AmbiguousField = Extract<SdsConduct, { kind: "ambiguous" }>["field"];

function twin(record: SimulatedSdsRecord, field: AmbiguousField): SimulatedSdsRecord {
  const { contract } = record;
  const changes = {
    address: { endpointUrl: `${contract.endpointUrl}/second` },
    cpaId: { cpaId: parseCpaId("S9000001A9000199") },
    asid: { toAsid: "990000000099" },
    retries: { retries: contract.retries + 1 },
  };
  return { ...record, contract: { ...contract, ...changes[field] } };
}

/** The records that are found under this conduct. */
export function disturbRecords(
  records: readonly SimulatedSdsRecord[],
  conduct: SdsConduct,
): readonly SimulatedSdsRecord[] {
  if (conduct.kind === "empty") return [];
  if (conduct.kind === "ambiguous") return records.flatMap((record) => [record, twin(record, conduct.field)]);
  return records;
}

function swapType(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return 7;
  if (Array.isArray(value)) return { value: value as readonly unknown[] };
  return [value];
}

/** A resource as it is sent under this conduct. */
export function disturbResource(resource: FhirResource, conduct: SdsConduct): FhirResource {
  if (conduct.kind === "missing") {
    return Object.fromEntries(Object.entries(resource).filter(([key]) => !conduct.keys.includes(key)));
  }
  if (conduct.kind !== "wrong-types") return resource;
  return Object.fromEntries(
    Object.entries(resource).map(([key, value]) => [key, key === "resourceType" ? value : swapType(value)]),
  );
}
