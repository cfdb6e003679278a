// How to find the way in an HL7 V3 message: by local name, never by prefix.
import type { XmlElement } from "../xml/xml-element.js";
import { attributeValue } from "../xml/xml-element.js";

export const hl7Namespace = "urn:hl7-org:v3";
/** The namespace of contentId, and its customary prefix. */
export const localisationNamespace = "NPFIT:HL7:Localisation";
export const localisationPrefix = "npfitlc";

const schemaInstanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

/** Real bodies come with the HL7 namespace, or with none at all. */
export function isHl7(element: Pick<XmlElement, "namespace">): boolean {
  return element.namespace === hl7Namespace || element.namespace === "";
}

/** An element that says it is nil counts as absent; one that says so and still has content does not. */
function isNil(element: XmlElement): boolean {
  if (element.children.length > 0) return false;
  const nil = attributeValue(element, "nil", schemaInstanceNamespace);
  return nil === "true" || nil === "1";
}

/** Whether the element is an HL7 one and says something. */
export function isGiven(element: XmlElement): boolean {
  return isHl7(element) && !isNil(element);
}

function isPresent(element: XmlElement, localName: string): boolean {
  return element.localName === localName && isGiven(element);
}

/** The children of that name, in document order. */
export function children(parent: XmlElement, localName: string): readonly XmlElement[] {
  return parent.children.filter((child) => isPresent(child, localName));
}

/** The first child of that name. */
export function child(parent: XmlElement | undefined, localName: string): XmlElement | undefined {
  return parent?.children.find((candidate) => isPresent(candidate, localName));
}

/** Every element at the end of the path: each level may repeat. */
export function elementsAt(parent: XmlElement, ...path: readonly string[]): readonly XmlElement[] {
  let found = [parent];
  for (const localName of path) {
    const next: XmlElement[] = [];
    for (const element of found) {
      for (const candidate of element.children) if (isPresent(candidate, localName)) next.push(candidate);
    }
    found = next;
  }
  return found;
}

function firstBelow(parent: XmlElement, path: readonly string[], depth: number): XmlElement | undefined {
  const localName = path[depth];
  if (localName === undefined) return parent;
  for (const candidate of parent.children) {
    const found = isPresent(candidate, localName) ? firstBelow(candidate, path, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first element at the end of the path. */
export function elementAt(parent: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return parent === undefined ? undefined : firstBelow(parent, path, 0);
}

/** The trimmed value of an attribute without prefix; undefined when it is absent or blank. */
export function attribute(element: XmlElement | undefined, localName: string): string | undefined {
  if (element === undefined) return undefined;
  return nonBlank(attributeValue(element, localName));
}

/** The element's own text, trimmed; undefined when it is blank. */
export function textOf(element: XmlElement | undefined): string | undefined {
  return nonBlank(element?.text);
}

function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}
