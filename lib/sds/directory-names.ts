// The names of the directory's FHIR API: identifier systems, extensions, and the attributes of a contract.

const identifiers = "https://fhir.nhs.uk/Id";
const structures = "https://fhir.nhs.uk/StructureDefinition";

export const odsCodeSystem = `${identifiers}/ods-organization-code`;
export const interactionSystem = `${identifiers}/nhsServiceInteractionId`;
export const partyKeySystem = `${identifiers}/nhsMhsPartyKey`;
export const asidSystem = `${identifiers}/nhsSpineASID`;
export const cpaIdSystem = `${identifiers}/nhsMhsCPAId`;
export const fqdnSystem = `${identifiers}/nhsMhsFQDN`;
/** The id of the MHS record. It often equals the CPA id, and is never an ASID. */
export const mhsRecordSystem = `${identifiers}/nhsMHSId`;

export const manufacturerExtension = `${structures}/Extension-SDS-ManufacturingOrganisation`;
export const interactionExtension = `${structures}/Extension-SDS-NhsServiceInteractionId`;
export const reliabilityExtension = `${structures}/Extension-SDS-ReliabilityConfiguration`;

/** The attributes of a contract, as the reliability extension names them. */
export const contractAttributes = {
  syncReplyMode: "nhsMHSSyncReplyMode",
  ackRequested: "nhsMHSAckRequested",
  duplicateElimination: "nhsMHSDuplicateElimination",
  actor: "nhsMHSActor",
  retries: "nhsMHSRetries",
  retryInterval: "nhsMHSRetryInterval",
  persistDuration: "nhsMHSPersistDuration",
} as const;

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1).toLowerCase();
}

/**
 * Whether two names are of the same attribute. The directory writes one attribute in several ways: nhsMHSPartyKey and
 * nhsMhsPartyKey, with a path before it or bare.
 */
export function isSameAttribute(one: string, other: string): boolean {
  return lastSegment(one.trim()) === lastSegment(other.trim());
}
