// Grows one element and all that is in it from the events of the parser.
import { CpisError } from "../errors.js";
import type { XmlAttribute, XmlElement } from "./xml-element.js";

interface GrowingElement {
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: GrowingElement[];
  text: string;
}

/** The limits that hold for one tree. */
export interface TreeLimits {
  /** Of open elements, the ancestors of the tree included. */
  readonly maximumDepth: number;
  readonly maximumElements: number;
}

export interface ElementTree {
  /** Whether an element is open. */
  isGrowing(): boolean;
  /** `depth` is the number of open elements outside the tree. Throws XML_TOO_MANY_NODES or XML_TOO_DEEP. */
  open(localName: string, namespace: string, attributes: readonly XmlAttribute[], depth: number): void;
  /** Gives the whole element when the outermost is closed, and is then ready for the next one. */
  close(): XmlElement | undefined;
  appendText(piece: string): void;
}

export function createElementTree(limits: TreeLimits): ElementTree {
  const path: GrowingElement[] = [];
  let innermost: GrowingElement | undefined;
  let elementCount = 0;
  return {
    isGrowing: () => innermost !== undefined,
    open: (localName, namespace, attributes, depth) => {
      elementCount += 1;
      if (elementCount > limits.maximumElements) throw new CpisError("XML_TOO_MANY_NODES");
      if (path.length + depth >= limits.maximumDepth) throw new CpisError("XML_TOO_DEEP");
      const element: GrowingElement = { localName, namespace, attributes, children: [], text: "" };
      innermost?.children.push(element);
      path.push(element);
      innermost = element;
    },
    close: () => {
      const closed = path.pop();
      innermost = path.at(-1);
      if (innermost !== undefined) return undefined;
      elementCount = 0;
      return closed;
    },
    appendText: (piece) => {
      if (innermost !== undefined) innermost.text += piece;
    },
  };
}
