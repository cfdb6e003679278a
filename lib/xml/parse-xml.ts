// Reads XML strictly: bytes to an element tree with resolved namespaces, within limits.
import { CpisError } from "../errors.js";
import { decodeXmlText } from "./decode-text.js";
import { createElementTree } from "./element-tree.js";
import { createStrictParser } from "./strict-parser.js";
import type { XmlElement } from "./xml-element.js";

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
  const tree = createElementTree(limits);
  let root: XmlElement | undefined;
  const parser = createStrictParser(limits.maximumAttributesPerElement, {
    opened: (localName, namespace, attributes) => {
      tree.open(localName, namespace, attributes, 0);
    },
    closed: () => {
      root = tree.close();
    },
    text: (piece) => {
      tree.appendText(piece);
    },
  });
  parser.write(text).close();
  if (root === undefined) throw new CpisError("XML_EMPTY");
  return root;
}
