// Finds the interaction in a payload, and gives an interaction the outer form that a peer uses.
import { CpisError } from "../errors.js";
import { element, encodeXml, type XmlNode } from "../xml/encode-xml.js";
import type { XmlElement } from "../xml/xml-element.js";
import { hl7Namespace, isHl7, localisationNamespace, localisationPrefix } from "./elements.js";

const interactionPattern = /^[A-Z]{4}_IN[0-9]{6}[A-Z]{2}[0-9]{2}$/;
/** Body, its children and its grandchildren: synchronous replies put an element around the interaction. */
const searchedLevels = 3;

/** All elements that satisfy the test on the first level that has any, at most three levels down. */
export function findOnFirstLevel(root: XmlElement, test: (candidate: XmlElement) => boolean): readonly XmlElement[] {
  let level: readonly XmlElement[] = [root];
  for (let depth = 0; depth < searchedLevels; depth += 1) {
    const found = level.filter(test);
    if (found.length > 0) return found;
    level = level.flatMap((element) => element.children);
  }
  return [];
}

/**
 * The interaction element ("QUQI_IN010000UK14", say) in the root of a payload: the root itself, or up to two levels
 * down. Undefined when there is none. Throws CPIS_MESSAGE_INVALID when there are several: which of them counts would
 * be a guess.
 */
export function findInteraction(root: XmlElement): XmlElement | undefined {
  const found = findOnFirstLevel(root, (element) => isHl7(element) && interactionPattern.test(element.localName));
  if (found.length > 1) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: "there is more than one interaction" });
  return found[0];
}

/** The interaction of that name. Throws CPIS_MESSAGE_INVALID when it is not there. */
export function requireInteraction(root: XmlElement, interaction: string): XmlElement {
  const found = findInteraction(root);
  if (found?.localName !== interaction) {
    throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${interaction} is missing` });
  }
  return found;
}

/** How an interaction is written. Spine writes all of these. */
export interface InteractionForm {
  /** "prefixed" puts "hl7:" before every name; "none" leaves the namespace out. Default "default". */
  readonly namespace?: "default" | "prefixed" | "none";
  /** The name of an element put around the interaction; it then carries the namespaces. */
  readonly wrappedIn?: string;
}

function prefixed(node: XmlNode): XmlNode {
  return {
    name: node.name.includes(":") ? node.name : `hl7:${node.name}`,
    attributes: node.attributes,
    children: node.children.map((part) => (typeof part === "string" ? part : prefixed(part))),
  };
}

function declarations(form: InteractionForm, withLocalisation: boolean): Record<string, string> {
  const localisation = withLocalisation ? { [`xmlns:${localisationPrefix}`]: localisationNamespace } : {};
  if (form.namespace === "none") return localisation;
  return { [form.namespace === "prefixed" ? "xmlns:hl7" : "xmlns"]: hl7Namespace, ...localisation };
}

/** The root of a payload that stands inside another document: it declares both namespaces itself. */
export function declareNamespaces(root: XmlNode): XmlNode {
  return { ...root, attributes: { ...declarations({}, true), ...root.attributes } };
}

/**
 * Prints the start of a payload too large for one tree: the root's start tag with both namespaces, and its first
 * children. The caller prints the rest and the end tag.
 */
export function encodeOpenRoot(name: string, children: readonly (XmlNode | undefined)[]): string {
  const start = encodeXml(element(name, declarations({}, true), [""]));
  const endTag = `</${name}>`;
  return (
    start.slice(0, -endTag.length) + children.map((child) => (child === undefined ? "" : encodeXml(child))).join("")
  );
}

/** Prints an interaction with its namespaces; `withLocalisation` when it holds a contentId. */
export function encodeInteraction(node: XmlNode, withLocalisation: boolean, form: InteractionForm = {}): string {
  const named = form.namespace === "prefixed" ? prefixed(node) : node;
  const outer: XmlNode =
    form.wrappedIn === undefined ? named : { name: form.wrappedIn, attributes: {}, children: [named] };
  return encodeXml({ ...outer, attributes: { ...declarations(form, withLocalisation), ...outer.attributes } });
}
