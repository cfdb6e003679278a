// Cuts a document into pieces, as a network does.
import fc from "fast-check";

/** The document in pieces cut at any places, in the middle of characters too; some pieces may be empty. */
export function inPieces(document: Uint8Array): fc.Arbitrary<readonly Uint8Array[]> {
  return fc.array(fc.nat(document.byteLength), { maxLength: 8 }).map((cuts) => {
    const ends = [...cuts.sort((one, other) => one - other), document.byteLength];
    return ends.map((end, index) => document.subarray(ends[index - 1] ?? 0, end));
  });
}

/** The document byte by byte. */
export function byteByByte(document: Uint8Array): readonly Uint8Array[] {
  return Array.from(document, (byte) => Uint8Array.of(byte));
}
