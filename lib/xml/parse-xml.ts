// Reads XML strictly: bytes to an element tree with resolved namespaces, within limits.
import { SaxesParser, type SaxesAttributeNSIncomplete, type SaxesTagNS } from "saxes";
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

/** Ends at the first error. The error's text is the code alone: what offends may be a patient's. */
class StrictParser extends SaxesParser<{ xmlns: true; position: false }> {
  constructor() {
    super({ xmlns: true, position: false });
  }

  override fail(reason: string): never {
    throw new CpisError(codeByReason.find(([pattern]) => pattern.test(reason))?.[1] ?? "XML_MALFORMED");
  }
}

interface GrowingElement {
  localName: string;
  namespace: string;
  attributes: XmlAttribute[];
  children: GrowingElement[];
  text: string;
}

const namespaceOfDeclarations = "http://www.w3.org/2000/xmlns/";

/** Their namespaces are known once the tag is complete. Namespace declarations are left out. */
function readAttributes(attributes: readonly SaxesAttributeNSIncomplete[]): XmlAttribute[] {
  const read: XmlAttribute[] = [];
  for (const { local, uri, value } of attributes) {
    if (uri !== namespaceOfDeclarations) read.push({ localName: local, namespace: uri, value });
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
  const parser = new StrictParser();
  const open: GrowingElement[] = [];
  let attributes: SaxesAttributeNSIncomplete[] = [];
  let root: GrowingElement | undefined;
  let elementCount = 0;

  parser.on("doctype", () => {
    throw new CpisError("XML_DOCTYPE");
  });
  // Gathered one by one: in the tag they stand in a hash table, which is slow to go through.
  parser.on("attribute", (attribute) => {
    if (attributes.length >= limits.maximumAttributesPerElement) throw new CpisError("XML_TOO_MANY_NODES");
    attributes.push(attribute);
  });
  parser.on("opentag", (tag: SaxesTagNS) => {
    elementCount += 1;
    if (elementCount > limits.maximumElements) throw new CpisError("XML_TOO_MANY_NODES");
    if (open.length >= limits.maximumDepth) throw new CpisError("XML_TOO_DEEP");
    const element: GrowingElement = {
      localName: tag.local,
      namespace: tag.uri,
      attributes: readAttributes(attributes),
      children: [],
      text: "",
    };
    attributes = [];
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
