// Reads XML strictly: bytes to an element tree with resolved namespaces, within limits.
import { SaxesParser, type SaxesAttributeNS, type SaxesTagNS } from "saxes";
import { CpisError, type ErrorCode } from "../errors.js";
import { decodeXmlText } from "./decode-text.js";
import type { XmlAttribute, XmlElement } from "./xml-element.js";

export interface XmlLimits {
  readonly maximumBytes: number;
  readonly maximumDepth: number;
  readonly maximumElements: number;
  readonly maximumAttributesPerElement: number;
}

export const defaultXmlLimits: XmlLimits = {
  maximumBytes: 5_308_416,
  maximumDepth: 64,
  maximumElements: 200_000,
  maximumAttributesPerElement: 64,
};

export interface ParseXmlOptions {
  readonly limits?: XmlLimits;
  /** The charset parameter of the transport's Content-Type; the document's own word counts more. */
  readonly charset?: string;
}

/** saxes tells its errors apart by text only; the version is pinned by the lock file and each row has a test. */
const codeByReason: readonly (readonly [RegExp, ErrorCode])[] = [
  [/duplicate attribute/, "XML_DUPLICATE_ATTRIBUTE"],
  [/unbound namespace prefix/, "XML_UNDECLARED_PREFIX"],
  [/undefined entity/, "XML_ENTITY"],
  [/unclosed tag|unexpected end/, "XML_TRUNCATED"],
  [/document must contain a root element/, "XML_EMPTY"],
];

/** The reason without the offending text, which may be a patient's. */
function toCpisError(cause: Error): CpisError {
  const code = codeByReason.find(([pattern]) => pattern.test(cause.message))?.[1] ?? "XML_MALFORMED";
  return new CpisError(code);
}

interface GrowingElement {
  localName: string;
  namespace: string;
  attributes: XmlAttribute[];
  children: GrowingElement[];
  text: string;
}

const namespaceOfDeclarations = "http://www.w3.org/2000/xmlns/";

function readAttributes(attributes: Record<string, SaxesAttributeNS>, maximum: number): XmlAttribute[] {
  const read: XmlAttribute[] = [];
  let count = 0;
  for (const name in attributes) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    count += 1;
    if (count > maximum) throw new CpisError("XML_TOO_MANY_NODES");
    if (attribute.uri === namespaceOfDeclarations) continue;
    read.push({ localName: attribute.local, namespace: attribute.uri, value: attribute.value });
  }
  return read;
}

/**
 * Parses one XML document and gives its root element.
 * Strict: well-formedness and namespaces are checked, no document type declaration, no entity but the predefined five,
 * values stay text. Throws a CpisError with an XML_* code for anything else; its text holds nothing of the document.
 */
export function parseXml(bytes: Uint8Array, options: ParseXmlOptions = {}): XmlElement {
  const limits = options.limits ?? defaultXmlLimits;
  if (bytes.byteLength > limits.maximumBytes) throw new CpisError("XML_TOO_LARGE");
  return parseText(decodeXmlText(bytes, options.charset), limits);
}

function parseText(text: string, limits: XmlLimits): XmlElement {
  // Six handlers and no more: each becomes a property of the parser, and with a seventh V8 keeps the properties in a
  // hash table, which makes parsing five times slower (npm run bench shows it).
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: GrowingElement[] = [];
  let root: GrowingElement | undefined;
  let elementCount = 0;

  parser.on("error", (error) => {
    throw toCpisError(error);
  });
  parser.on("doctype", () => {
    throw new CpisError("XML_DOCTYPE");
  });
  parser.on("opentag", (tag: SaxesTagNS) => {
    elementCount += 1;
    if (elementCount > limits.maximumElements) throw new CpisError("XML_TOO_MANY_NODES");
    if (open.length >= limits.maximumDepth) throw new CpisError("XML_TOO_DEEP");
    const element: GrowingElement = {
      localName: tag.local,
      namespace: tag.uri,
      attributes: readAttributes(tag.attributes, limits.maximumAttributesPerElement),
      children: [],
      text: "",
    };
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  const appendText = (chunk: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += chunk;
  };
  parser.on("text", appendText);
  parser.on("cdata", appendText);

  parser.write(text).close();
  if (root === undefined) throw new CpisError("XML_EMPTY");
  return root;
}
