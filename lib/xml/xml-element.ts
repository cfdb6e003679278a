// What an XML element is after parsing, and how to find the way in it.
import { CpisError } from "../errors.js";

export interface XmlAttribute {
  readonly localName: string;
  /** "" for an attribute without prefix. */
  readonly namespace: string;
  readonly value: string;
}

/** An element with resolved namespaces. Text is the element's own character data, joined; comments are dropped. */
export interface XmlElement {
  readonly localName: string;
  /** "" when the element is in no namespace. */
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** A name to look for: the local name, and the namespaces in which it counts as the thing meant. */
export interface XmlName {
  readonly localName: string;
  readonly namespaces: readonly string[];
}

export function isNamed(element: XmlElement, name: XmlName): boolean {
  return element.localName === name.localName && name.namespaces.includes(element.namespace);
}

export function childrenNamed(element: XmlElement, name: XmlName): readonly XmlElement[] {
  return element.children.filter((child) => isNamed(child, name));
}

export function firstChild(element: XmlElement, name: XmlName): XmlElement | undefined {
  return element.children.find((child) => isNamed(child, name));
}

/** The element itself or the first descendant that satisfies the test, in document order, at most `depth` levels down. */
export function findElement(
  element: XmlElement,
  test: (candidate: XmlElement) => boolean,
  depth: number,
): XmlElement | undefined {
  if (test(element)) return element;
  if (depth === 0) return undefined;
  for (const child of element.children) {
    const found = findElement(child, test, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The attribute's value; `namespace` "" means an attribute without prefix. */
export function attributeValue(element: XmlElement, localName: string, namespace = ""): string | undefined {
  for (const attribute of element.attributes) {
    if (attribute.localName === localName && attribute.namespace === namespace) return attribute.value;
  }
  return undefined;
}

/** An element that must be there. Throws CpisError with the caller's code; the path is the detail. */
export function requireElement(
  element: XmlElement | undefined,
  code: "EBXML_MALFORMED" | "SOAP_MALFORMED" | "CPIS_MESSAGE_INVALID",
  path: string,
): XmlElement {
  if (element === undefined) throw new CpisError(code, { detail: `${path} is missing` });
  return element;
}
