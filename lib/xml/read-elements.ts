// Reads an XML document too large for one tree: bytes in pieces, and chosen elements out, each as a tree of its own.
import { CpisError } from "../errors.js";
import { createXmlTextDecoder } from "./decode-text.js";
import { createElementTree } from "./element-tree.js";
import { defaultXmlLimits, type XmlLimits } from "./parse-xml.js";
import { createStrictParser, type ParserEvents, type StrictParser } from "./strict-parser.js";
import type { XmlElement } from "./xml-element.js";

export interface ElementReaderOptions {
  /**
   * Asked once of each element outside those taken, in document order. The path holds local names, from the root's to
   * the element's own; it changes after the call. An element taken is taken whole: nothing in it is asked about.
   */
  isWanted(path: readonly string[], namespace: string): boolean;
  /** Gets each wanted element when it is closed. The path is as in `isWanted`. */
  take(element: XmlElement, path: readonly string[]): void;
  /** Of the whole document. */
  readonly maximumDocumentBytes: number;
  /**
   * Of each wanted element; `maximumBytes` counts its characters, and those of anything between two tags. The depth is
   * the document's.
   */
  readonly elementLimits?: XmlLimits;
  /** The charset parameter of the transport's Content-Type; the document's own word counts more. */
  readonly charset?: string;
}

/** After either has thrown, both throw the same. */
export interface ElementReader {
  /** Throws a CpisError with an XML_* code, as parseXml does; and whatever `isWanted` and `take` throw. */
  write(chunk: Uint8Array): void;
  /** The document is over. Throws XML_TRUNCATED when it is not, XML_EMPTY when there was none. */
  end(): void;
}

/** What the parser is given at once, so that it never holds much more than one element. */
const charactersAtOnce = 65_536;

/**
 * Sorts the events: what is within a wanted element goes into a tree, the rest is a path of names. `position` is told
 * in characters of the document, at an event.
 */
function createSorter(options: ElementReaderOptions, limits: XmlLimits, position: () => number) {
  const tree = createElementTree(limits);
  const path: string[] = [];
  let lastTagAt = 0;
  let treeBeganAt = 0;

  /** Asked at each tag and at each end of a piece: wherever the pieces end, the same documents are refused. */
  const checkSize = (reached: number): void => {
    const start = tree.isGrowing() ? treeBeganAt : lastTagAt;
    if (reached - start > limits.maximumBytes) throw new CpisError("XML_TOO_LARGE");
  };
  const events: ParserEvents = {
    opened: (localName, namespace, attributes) => {
      checkSize(position());
      if (!tree.isGrowing()) {
        if (path.length >= limits.maximumDepth) throw new CpisError("XML_TOO_DEEP");
        path.push(localName);
        if (options.isWanted(path, namespace)) {
          treeBeganAt = lastTagAt;
          tree.open(localName, namespace, attributes, path.length - 1);
        }
      } else {
        tree.open(localName, namespace, attributes, path.length - 1);
      }
      lastTagAt = position();
    },
    closed: () => {
      checkSize(position());
      lastTagAt = position();
      if (tree.isGrowing()) {
        const element = tree.close();
        if (element === undefined) return;
        options.take(element, path);
      }
      path.pop();
    },
    text: (piece) => {
      tree.appendText(piece);
    },
  };
  return { events, checkSize };
}

/**
 * Strict as parseXml is, and with its codes. The memory in use is bounded by the largest wanted element, whatever the
 * size of the document and of the pieces.
 */
export function createElementReader(options: ElementReaderOptions): ElementReader {
  const limits = options.elementLimits ?? defaultXmlLimits;
  const decoder = createXmlTextDecoder(options.charset);
  const sorter = createSorter(options, limits, () => parser.position);
  const parser: StrictParser = createStrictParser(limits.maximumAttributesPerElement, sorter.events);
  let byteCount = 0;
  let characterCount = 0;
  let failure: { readonly error: unknown } | undefined;

  const parse = (text: string): void => {
    for (let start = 0; start < text.length; start += charactersAtOnce) {
      const piece = text.slice(start, start + charactersAtOnce);
      parser.write(piece);
      characterCount += piece.length;
      sorter.checkSize(characterCount);
    }
  };
  const orFail = (step: () => void): void => {
    if (failure !== undefined) throw failure.error;
    try {
      step();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  return {
    write: (chunk) => {
      orFail(() => {
        byteCount += chunk.byteLength;
        if (byteCount > options.maximumDocumentBytes) throw new CpisError("XML_TOO_LARGE");
        parse(decoder.write(chunk));
      });
    },
    end: () => {
      orFail(() => {
        parse(decoder.end());
        parser.close();
      });
    },
  };
}
