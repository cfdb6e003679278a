// Finds out what a document is before it is read: the first element of a known name, near the root.
import { createElementReader } from "./read-elements.js";

export interface ElementFinder {
  /** The name found so far, or undefined. More need not be written once there is one. Never throws. */
  write(chunk: Uint8Array): string | undefined;
}

/** So that little is read after the name is found. */
const bytesAtOnce = 4096;

/**
 * Searches the pieces of a document for the first element, in document order, whose local name is one of `names` and
 * that is at most `maximumDepth` levels deep; the root is level 1. Total: bytes that are no XML give undefined, as does
 * a fault before the element; what follows it is not looked at.
 */
export function createElementFinder(names: readonly string[], maximumDepth: number): ElementFinder {
  let found: string | undefined;
  let isHopeless = false;
  const reader = createElementReader({
    isWanted: (path) => {
      const name = path.at(-1);
      if (found === undefined && path.length <= maximumDepth && name !== undefined && names.includes(name))
        found = name;
      return false;
    },
    take: () => undefined,
    maximumDocumentBytes: Number.MAX_SAFE_INTEGER,
  });
  return {
    write: (chunk) => {
      for (let start = 0; start < chunk.byteLength && found === undefined && !isHopeless; start += bytesAtOnce) {
        try {
          reader.write(chunk.subarray(start, start + bytesAtOnce));
        } catch {
          // What is no XML holds no element; the reader of the document says what is wrong with it.
          isHopeless = true;
        }
      }
      return found;
    },
  };
}
