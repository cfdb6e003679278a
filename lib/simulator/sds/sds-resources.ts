// Writes the resources of the simulated directory as FHIR R4 JSON.
import { interactionOf, type SimulatedSdsRecord } from "./sds-records.js";
import {
  asidSystem,
  contractAttributes,
  cpaIdSystem,
  fqdnSystem,
  interactionExtension,
  interactionSystem,
  manufacturerExtension,
  mhsRecordSystem,
  odsCodeSystem,
  partyKeySystem,
  reliabilityExtension,
} from "../../sds/directory-names.js";

export type FhirResource = Readonly<Record<string, unknown>>;

function reference(system: string, value: string): FhirResource {
  return { identifier: { system, value } };
}

function interactionReference(record: SimulatedSdsRecord): FhirResource {
  return { url: interactionExtension, valueReference: reference(interactionSystem, interactionOf(record)) };
}

function systemOf({ odsCode, contract }: SimulatedSdsRecord): string {
  return [odsCode, contract.toAsid, contract.toPartyKey].join(" ");
}

/** One Device for each system that takes any of these; it lists all its interactions, asked for or not. */
export function encodeDevices(
  selected: readonly SimulatedSdsRecord[],
  all: readonly SimulatedSdsRecord[],
  newUuid: () => string,
): readonly FhirResource[] {
  const systems = new Map(selected.map((record) => [systemOf(record), record]));
  return [...systems].map(([system, { odsCode, contract }]) => ({
    resourceType: "Device",
    id: newUuid(),
    extension: [
      { url: manufacturerExtension, valueReference: reference(odsCodeSystem, odsCode) },
      ...all.filter((record) => systemOf(record) === system).map(interactionReference),
    ],
    identifier: [
      { system: asidSystem, value: contract.toAsid },
      { system: partyKeySystem, value: contract.toPartyKey },
    ],
    owner: reference(odsCodeSystem, odsCode),
  }));
}

function duration(milliseconds: number): string {
  return milliseconds === 0 ? "" : `PT${milliseconds / 1000}S`;
}

/** Properties that are empty are left out. */
function reliability({ contract }: SimulatedSdsRecord): FhirResource {
  const texts = [
    [contractAttributes.syncReplyMode, contract.syncReplyMode],
    [contractAttributes.retryInterval, duration(contract.retryIntervalMilliseconds)],
    [contractAttributes.persistDuration, duration(contract.persistDurationMilliseconds)],
    [contractAttributes.duplicateElimination, contract.duplicateElimination],
    [contractAttributes.ackRequested, contract.ackRequested],
    [contractAttributes.actor, contract.actor],
  ] as const;
  return {
    url: reliabilityExtension,
    extension: [
      ...texts.filter(([, text]) => text !== "").map(([url, valueString]) => ({ url, valueString })),
      { url: contractAttributes.retries, valueInteger: contract.retries },
    ],
  };
}

export function encodeEndpoint(record: SimulatedSdsRecord, newUuid: () => string): FhirResource {
  const { contract } = record;
  return {
    resourceType: "Endpoint",
    id: newUuid(),
    extension: [reliability(record), interactionReference(record)],
    identifier: [
      { system: fqdnSystem, value: new URL(contract.endpointUrl).hostname },
      { system: partyKeySystem, value: contract.toPartyKey },
      { system: cpaIdSystem, value: contract.cpaId },
      { system: mhsRecordSystem, value: contract.cpaId },
    ],
    status: "active",
    connectionType: {
      system: "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
      code: "hl7-fhir-msg",
      display: "HL7 FHIR Messaging",
    },
    managingOrganization: reference(odsCodeSystem, record.odsCode),
    payloadType: [
      {
        coding: [
          { system: "http://terminology.hl7.org/CodeSystem/endpoint-payload-type", code: "any", display: "Any" },
        ],
      },
    ],
    address: contract.endpointUrl,
  };
}

export interface BundlePage {
  readonly id: string;
  /** Without the query. */
  readonly baseUrl: string;
  readonly selfUrl: string;
  readonly nextUrl?: string;
  /** On all pages. */
  readonly total: number;
  readonly resources: readonly FhirResource[];
}

export function encodeBundle(page: BundlePage): FhirResource {
  return {
    resourceType: "Bundle",
    id: page.id,
    type: "searchset",
    total: page.total,
    link: [
      { relation: "self", url: page.selfUrl },
      ...(page.nextUrl === undefined ? [] : [{ relation: "next", url: page.nextUrl }]),
    ],
    entry: page.resources.map((resource) => ({
      fullUrl: `${page.baseUrl}/${String(resource["resourceType"])}/${String(resource["id"])}`,
      search: { mode: "match" },
      resource,
    })),
  };
}

export function encodeOperationOutcome(code: string): FhirResource {
  const coding = { system: "https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1", code, display: code };
  return {
    resourceType: "OperationOutcome",
    issue: [{ severity: "error", code: "processing", details: { coding: [coding] } }],
  };
}
