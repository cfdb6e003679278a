// Reads a Device resource: an accredited system, with its ASID and party key.
import type { SdsDevice } from "./directory-model.js";
import { asidSystem, interactionExtension, manufacturerExtension, partyKeySystem } from "./directory-names.js";
import { onlyPresent } from "./fhir-json.js";
import { readIdentifier, readReference, readReferringExtensions } from "./fhir-parts.js";
import type { FoundResource } from "./parse-bundle.js";

/** Throws SDS_RESPONSE_INVALID for wrong types, SDS_AMBIGUOUS for a record that contradicts itself. */
export function parseDevice(found: FoundResource): SdsDevice {
  const [manufacturer] = readReferringExtensions(found, manufacturerExtension);
  const values = {
    asid: readIdentifier(found, asidSystem),
    partyKey: readIdentifier(found, partyKeySystem),
    organisation: readReference(found.resource["owner"], `${found.path}.owner`),
    manufacturer,
  };
  return { ...onlyPresent(values), interactions: readReferringExtensions(found, interactionExtension) };
}
