// Compresses and decompresses files piece by piece.
import { Readable, pipeline, type Transform } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { CpisError, isCpisError } from "../errors.js";

/** Ends both sides, whichever ends first. Throws what the source throws. */
async function* through(source: AsyncIterable<Buffer>, transform: Transform): AsyncGenerator<Buffer> {
  // The error reaches the reader below.
  pipeline(Readable.from(source), transform, () => undefined);
  for await (const piece of transform) if (Buffer.isBuffer(piece)) yield piece;
}

export function gzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return through(source, createGzip());
}

/** Throws MESH_INCOMPLETE for bytes that are cut or no gzip, and what the source throws. */
export async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* through(source, createGunzip());
  } catch (error) {
    if (isCpisError(error)) throw error;
    throw new CpisError("MESH_INCOMPLETE", { detail: "the compressed bytes cannot be read", cause: error });
  }
}

export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Whether bytes begin as gzip does (RFC 1952, 2.3.1). */
export function beginsAsGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** The bytes of the plain file from `start` up to, and without, `end`. Throws MESH_INCOMPLETE. */
export async function* plainSlice(compressed: Buffer, start: number, end: number): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const piece of gunzipped(Readable.from([compressed]))) {
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, piece.length);
    if (from < to) yield piece.subarray(from, to);
    position += piece.length;
    if (position >= end) return;
  }
}
