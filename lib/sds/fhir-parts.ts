// Reads the parts that Device and Endpoint have in common: identifiers, references and extensions.
import { CpisError } from "../errors.js";
import { isSameAttribute } from "./directory-names.js";
import { readObject, readObjects, readText, type JsonObject } from "./fhir-json.js";
import type { FoundResource } from "./parse-bundle.js";

/** The values of all identifiers of one system, each once. */
function identifierValues({ resource, path }: FoundResource, system: string): readonly string[] {
  const values = readObjects(resource["identifier"], `${path}.identifier`).flatMap((identifier, index) => {
    const place = `${path}.identifier[${index}]`;
    const name = readText(identifier["system"], `${place}.system`);
    if (name === undefined || !isSameAttribute(name, system)) return [];
    return readText(identifier["value"], `${place}.value`) ?? [];
  });
  return [...new Set(values)];
}

/** Undefined if the resource has none. Throws SDS_AMBIGUOUS for two that differ, SDS_RESPONSE_INVALID for wrong types. */
export function readIdentifier(found: FoundResource, system: string): string | undefined {
  const values = identifierValues(found, system);
  if (values.length > 1) {
    const name = system.slice(system.lastIndexOf("/") + 1);
    throw new CpisError("SDS_AMBIGUOUS", { detail: `one record has ${values.length} values of ${name}` });
  }
  return values[0];
}

/** The value of a reference that is made by an identifier: `{ identifier: { system, value } }`. */
export function readReference(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined;
  const { identifier } = readObject(value, path);
  if (identifier === undefined) return undefined;
  return readText(readObject(identifier, `${path}.identifier`)["value"], `${path}.identifier.value`);
}

export interface FoundExtension {
  readonly extension: JsonObject;
  readonly path: string;
}

/** All extensions of this name directly below. */
export function findExtensions(parent: JsonObject, path: string, name: string): readonly FoundExtension[] {
  return readObjects(parent["extension"], `${path}.extension`).flatMap((extension, index) => {
    const place = `${path}.extension[${index}]`;
    const url = readText(extension["url"], `${place}.url`);
    return url !== undefined && isSameAttribute(url, name) ? [{ extension, path: place }] : [];
  });
}

/** What the extensions of this name refer to, by identifier. */
export function readReferringExtensions({ resource, path }: FoundResource, name: string): readonly string[] {
  return findExtensions(resource, path, name).flatMap(
    (found) => readReference(found.extension["valueReference"], `${found.path}.valueReference`) ?? [],
  );
}
