// How to find the way in an HL7 V3 message: by local name, never by prefix.
import type { XmlElement } from "../xml/xml-element.js";
import { attributeValue } from "../xml/xml-element.js";

export const hl7Namespace = "urn:hl7-org:v3";
/** The namespace of contentId, and its customary prefix. */
export const localisationNamespace = "NPFIT:HL7:Localisation";
export const localisationPrefix = "npfitlc";

const schemaInstanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

/** Real bodies come with the HL7 namespace, or with none at all. */
export function isHl7(element: XmlElement): boolean {
  return element.namespace === hl7Namespace || element.namespace === "";
}

/** An element that says it is nil counts as absent; one that says so and still has content does not. */
function isNil(element: XmlElement): boolean {
  const nil = attributeValue(element, "nil", schemaInstanceNamespace);
  return (nil === "true" || nil === "1") && element.children.length === 0;
}

function isPresent(element: XmlElement, localName: string): boolean {
  return element.localName === localName && isHl7(element) && !isNil(element);
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
  return path.reduce<readonly XmlElement[]>(
    (parents, localName) => parents.flatMap((element) => children(element, localName)),
    [parent],
  );
}

/** The first element at the end of the path. */
export function elementAt(parent: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return parent === undefined ? undefined : elementsAt(parent, ...path)[0];
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
