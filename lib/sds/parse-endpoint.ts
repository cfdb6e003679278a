// Reads an Endpoint resource: an address, a CPA id, and the attributes of the contract.
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import type { SdsContractAttributes, SdsEndpoint } from "./directory-model.js";
import {
  contractAttributes,
  cpaIdSystem,
  fqdnSystem,
  interactionExtension,
  partyKeySystem,
  reliabilityExtension,
} from "./directory-names.js";
import { invalidAnswer, onlyPresent, readCount, readText } from "./fhir-json.js";
import { findExtensions, readIdentifier, readReference, readReferringExtensions } from "./fhir-parts.js";
import type { FoundExtension } from "./fhir-parts.js";
import type { FoundResource } from "./parse-bundle.js";

/** Values of an attribute may come as a list of none or one, as they do in the directory itself. */
function withoutList(value: unknown, path: string): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw new CpisError("SDS_AMBIGUOUS", { detail: `${path} has ${value.length} values` });
  return value[0] as unknown;
}

/** The only extension of this name; undefined without one. */
function findAttribute(reliability: FoundExtension, name: string): FoundExtension | undefined {
  const all = findExtensions(reliability.extension, reliability.path, name);
  if (all.length > 1)
    throw new CpisError("SDS_AMBIGUOUS", { detail: `one record has ${all.length} values of ${name}` });
  return all[0];
}

function readTextAttribute(reliability: FoundExtension, name: string): string | undefined {
  const found = findAttribute(reliability, name);
  if (found === undefined) return undefined;
  const path = `${found.path}.valueString`;
  const wrong = Object.keys(found.extension).find((key) => key.startsWith("value") && key !== "valueString");
  if (wrong !== undefined) throw invalidAnswer(`${name} is not a text`);
  return readText(withoutList(found.extension["valueString"], path), path);
}

/** A number by its type, or the digits of one as text. */
function readCountAttribute(reliability: FoundExtension, name: string): number | undefined {
  const found = findAttribute(reliability, name);
  if (found === undefined) return undefined;
  const { extension, path } = found;
  if (extension["valueString"] === undefined) {
    const wrong = Object.keys(extension).find((key) => key.startsWith("value") && key !== "valueInteger");
    if (wrong !== undefined) throw invalidAnswer(`${name} is not a number`);
    return readCount(withoutList(extension["valueInteger"], path), `${path}.valueInteger`);
  }
  if (extension["valueInteger"] !== undefined) throw invalidAnswer(`${name} has a number and a text`);
  const text = readText(withoutList(extension["valueString"], path), `${path}.valueString`);
  if (text !== undefined && !/^[0-9]{1,9}$/.test(text)) throw invalidAnswer(`${name} is not a whole number`);
  return text === undefined ? undefined : Number(text);
}

function readAttributes({ resource, path }: FoundResource): SdsContractAttributes {
  const all = findExtensions(resource, path, reliabilityExtension);
  if (all.length > 1) throw new CpisError("SDS_AMBIGUOUS", { detail: `one record has ${all.length} contracts` });
  const [reliability] = all;
  if (reliability === undefined) return {};
  const names = contractAttributes;
  const texts = {
    syncReplyMode: readTextAttribute(reliability, names.syncReplyMode),
    ackRequested: readTextAttribute(reliability, names.ackRequested),
    duplicateElimination: readTextAttribute(reliability, names.duplicateElimination),
    actor: readTextAttribute(reliability, names.actor),
    retryInterval: readTextAttribute(reliability, names.retryInterval),
    persistDuration: readTextAttribute(reliability, names.persistDuration),
  };
  const retries = readCountAttribute(reliability, names.retries);
  return { ...onlyPresent(texts), ...definedOnly({ retries }) };
}

/**
 * Throws SDS_RESPONSE_INVALID for wrong types, SDS_AMBIGUOUS for a record that contradicts itself. `connectionType` is
 * not read: the directory says FHIR messaging of every endpoint.
 */
export function parseEndpoint(found: FoundResource): SdsEndpoint {
  const { resource, path } = found;
  const values = {
    address: readText(resource["address"], `${path}.address`),
    cpaId: readIdentifier(found, cpaIdSystem),
    partyKey: readIdentifier(found, partyKeySystem),
    fqdn: readIdentifier(found, fqdnSystem),
    organisation: readReference(resource["managingOrganization"], `${path}.managingOrganization`),
    status: readText(resource["status"], `${path}.status`),
  };
  const interactions = readReferringExtensions(found, interactionExtension);
  return { ...onlyPresent(values), interactions, attributes: readAttributes(found) };
}
