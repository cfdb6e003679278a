// A second opinion on XML, by libraries that share no code with ours: fast-xml-parser reads, xmlbuilder2 writes.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { create } from "xmlbuilder2";
import type { XmlNode } from "../../../lib/xml/encode-xml.js";
import type { XmlAttribute, XmlElement } from "../../../lib/xml/xml-element.js";

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Character references are decoded with the named ones only.
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: "#cdata",
});

type Scope = Readonly<Record<string, string>>;
type Entry = Record<string, unknown>;

function split(name: string): readonly [string, string] {
  const colon = name.indexOf(":");
  return colon === -1 ? ["", name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function scopeOf(outer: Scope, attributes: Readonly<Record<string, string>>): Scope {
  const declared = Object.entries(attributes).flatMap(([name, uri]): [string, string][] => {
    if (name === "xmlns") return [["", uri]];
    return name.startsWith("xmlns:") ? [[name.slice("xmlns:".length), uri]] : [];
  });
  return { ...outer, ...Object.fromEntries(declared) };
}

function isDeclaration(name: string): boolean {
  return name === "xmlns" || name.startsWith("xmlns:");
}

function readAttributes(attributes: Readonly<Record<string, string>>, scope: Scope): XmlAttribute[] {
  return Object.entries(attributes)
    .filter(([name]) => !isDeclaration(name))
    .map(([name, value]) => {
      const [prefix, localName] = split(name);
      return { localName, namespace: prefix === "" ? "" : (scope[prefix] ?? "?"), value };
    });
}

function textIn(entry: Entry): string {
  if ("#text" in entry) return String(entry["#text"]);
  if (!("#cdata" in entry)) return "";
  return (entry["#cdata"] as Entry[]).map(textIn).join("");
}

function toElement(entry: Entry, outer: Scope): XmlElement {
  const name = Object.keys(entry).find((key) => key !== ":@") ?? "";
  const attributes = (entry[":@"] ?? {}) as Record<string, string>;
  const scope = scopeOf(outer, attributes);
  const [prefix, localName] = split(name);
  const entries = entry[name] as Entry[];
  const isElement = (child: Entry): boolean => !("#text" in child) && !("#cdata" in child);
  return {
    localName,
    namespace: scope[prefix] ?? "",
    attributes: readAttributes(attributes, scope),
    children: entries.filter(isElement).map((child) => toElement(child, scope)),
    text: entries.map(textIn).join(""),
  };
}

/** Whether fast-xml-parser takes the text for XML at all. */
export function isValidForWitness(text: string): boolean {
  return XMLValidator.validate(text) === true;
}

/** The root as fast-xml-parser reads it, in our form. Namespaces are resolved here: it does not do so. */
export function readByWitness(text: string): XmlElement {
  const entries = parser.parse(text) as Entry[];
  const root = entries.find((entry) => !("#text" in entry));
  if (root === undefined) throw new Error("there is no root");
  return toElement(root, { xml: "http://www.w3.org/XML/1998/namespace" });
}

/** As xmlbuilder2 writes it. */
export function writeByWitness(node: XmlNode): string {
  const documentNode = create();
  const add = (parent: ReturnType<typeof create>, { name, attributes, children }: XmlNode): void => {
    const made = parent.ele(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.att(key, value);
    for (const child of children) {
      if (typeof child === "string") made.txt(child);
      else add(made, child);
    }
  };
  add(documentNode, node);
  return documentNode.end({ headless: true });
}
