// Reads a payload that is too large for one tree: its root found by name, its parts given out one by one.
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { isGiven, isHl7 } from "../../hl7v3/elements.js";
import { defaultXmlLimits, type XmlLimits } from "../../xml/parse-xml.js";
import { createElementReader, type ElementReader } from "../../xml/read-elements.js";
import type { XmlElement } from "../../xml/xml-element.js";

export interface PayloadReaderOptions {
  /** Of the whole document; default 1 GiB, many times what a hundred thousand records need. */
  readonly maximumBytes?: number;
  /** The charset parameter of the transport's Content-Type; the document's own word counts more. */
  readonly charset?: string;
}

export interface PayloadParts {
  /** The name of the payload's root, which may stand at any depth: "File". */
  readonly root: string;
  /** The children of the root that are read. */
  readonly parts: readonly string[];
  /** Of these, one that may be as large as the document: its children are given out one by one. */
  readonly divided?: string;
  /** Gets each part in document order, and of the divided one each child; `parent` is the name of what it stands in. */
  take(part: XmlElement, parent: string): void;
  /** Outside the payload, elements of these names are taken too, with an empty `parent`. */
  readonly around?: readonly string[];
}

export interface PayloadReader extends ElementReader {
  /** Whether the root had elements that are no part, or parts that say they are nil or are of another namespace. */
  hasStrangers(): boolean;
}

const defaultMaximumBytes = 1_073_741_824;
/** A record with three plans and two persons has a hundred elements and six thousand characters. */
const partLimits: XmlLimits = { ...defaultXmlLimits, maximumBytes: 262_144, maximumElements: 5000 };

/**
 * Its `end` throws CPIS_MESSAGE_INVALID when the document holds no such payload; `write` throws it at a second one:
 * which of them counts would be a guess. Both throw the XML_* codes.
 */
export function createPayloadReader(payload: PayloadParts, options: PayloadReaderOptions = {}): PayloadReader {
  let rootDepth = 0;
  let hasTaken = false;
  let hasStrangers = false;

  const isWithin = (path: readonly string[]): boolean =>
    rootDepth !== 0 && path.length > rootDepth && path[rootDepth - 1] === payload.root;
  const isRoot = (path: readonly string[], namespace: string): boolean => {
    if (path.at(-1) !== payload.root || !isHl7({ namespace })) return false;
    // A wrapper may be named as the payload is; then the payload is the one within.
    if (rootDepth !== 0 && (hasTaken || !isWithin(path))) {
      throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `there is more than one ${payload.root}` });
    }
    rootDepth = path.length;
    hasStrangers = false;
    return true;
  };
  const isPart = (path: readonly string[]): boolean => {
    if (!isWithin(path)) return payload.around?.includes(path.at(-1) ?? "") === true;
    const [part, child] = path.slice(rootDepth);
    if (part === undefined || !payload.parts.includes(part)) {
      hasStrangers = true;
      return false;
    }
    return part === payload.divided ? child !== undefined : true;
  };
  const reader = createElementReader({
    isWanted: (path, namespace) => !isRoot(path, namespace) && isPart(path),
    take: (part, path) => {
      if (!isWithin(path)) payload.take(part, "");
      else if (isGiven(part)) {
        hasTaken = true;
        payload.take(part, path.at(-2) ?? "");
      } else hasStrangers = true;
    },
    maximumDocumentBytes: options.maximumBytes ?? defaultMaximumBytes,
    elementLimits: partLimits,
    ...definedOnly({ charset: options.charset }),
  });
  return {
    write: (chunk) => {
      reader.write(chunk);
    },
    hasStrangers: () => hasStrangers,
    end: () => {
      reader.end();
      if (rootDepth === 0) throw new CpisError("CPIS_MESSAGE_INVALID", { detail: `${payload.root} is missing` });
    },
  };
}

/**
 * A copy of plain data that shares no memory with the document. A text that was cut from it keeps the whole piece
 * alive, and who keeps one id of each record would keep the document.
 */
export function detached<Model>(model: Model): Model {
  // Plain data without undefined fields is the same after JSON.
  return JSON.parse(JSON.stringify(model)) as Model;
}

/** Small parts, kept until all of them are there. */
export interface KeptParts {
  keep(part: XmlElement): void;
  has(localName: string): boolean;
  /** An element of that name that holds what was kept, in document order. */
  asChildrenOf(localName: string): XmlElement;
}

/** The schema has one of each name. */
const maximumKept = 64;

/** Keeps the first parts; those that come after them say nothing that counts. */
export function createKeptParts(): KeptParts {
  const kept: XmlElement[] = [];
  return {
    keep: (part) => {
      if (kept.length < maximumKept) kept.push(part);
    },
    has: (localName) => kept.some((part) => part.localName === localName),
    asChildrenOf: (localName) => ({ localName, namespace: "", attributes: [], children: kept, text: "" }),
  };
}
