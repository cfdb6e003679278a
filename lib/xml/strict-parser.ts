// The one configuration of the XML parser: what is refused, with which code, and what is told of the rest.
import { SaxesParser, type SaxesAttributeNSIncomplete } from "saxes";
import { CpisError, type ErrorCode } from "../errors.js";
import type { XmlAttribute } from "./xml-element.js";

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

export type { StrictParser };

/** What the parser tells, in document order. It may throw: the parser is then at its end. */
export interface ParserEvents {
  /** Attributes have resolved namespaces; namespace declarations are left out. */
  opened(localName: string, namespace: string, attributes: readonly XmlAttribute[]): void;
  closed(): void;
  /** A piece of character data of the innermost open element, or blanks outside the root. */
  text(piece: string): void;
}

const namespaceOfDeclarations = "http://www.w3.org/2000/xmlns/";

/** Their namespaces are known once the tag is complete. */
function readAttributes(attributes: readonly SaxesAttributeNSIncomplete[]): XmlAttribute[] {
  const read: XmlAttribute[] = [];
  for (const { local, uri, value } of attributes) {
    if (uri !== namespaceOfDeclarations) read.push({ localName: local, namespace: uri, value });
  }
  return read;
}

/**
 * A parser that takes the text in pieces and throws a CpisError with an XML_* code at what it refuses; it is of no use
 * after that.
 */
export function createStrictParser(maximumAttributes: number, events: ParserEvents): StrictParser {
  // Six handlers and no more: each becomes a property of the parser, and with a seventh V8 keeps the properties in a
  // hash table, which makes parsing five times slower (npm run bench shows it).
  const parser = new StrictParser();
  let attributes: SaxesAttributeNSIncomplete[] = [];
  const tellText = (piece: string): void => {
    events.text(piece);
  };
  parser.on("doctype", () => {
    throw new CpisError("XML_DOCTYPE");
  });
  // Gathered one by one: in the tag they stand in a hash table, which is slow to go through.
  parser.on("attribute", (attribute) => {
    if (attributes.length >= maximumAttributes) throw new CpisError("XML_TOO_MANY_NODES");
    attributes.push(attribute);
  });
  parser.on("opentag", (tag) => {
    const read = readAttributes(attributes);
    attributes = [];
    events.opened(tag.local, tag.uri, read);
  });
  parser.on("closetag", () => {
    events.closed();
  });
  parser.on("text", tellText);
  parser.on("cdata", tellText);
  return parser;
}
