// Compresses and expands files piece by piece, so that a large one is never whole in memory in its plain form.
import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createGzip, gunzipSync, gzipSync, type Gzip } from "node:zlib";
import { CpisError, isCpisError } from "./errors.js";

/** Files of records shrink to a tenth at the fastest level already, and the processor has other work. */
const level = 1;
/** Texts are gathered to pieces of this size before they are compressed. */
const pieceLength = 65_536;

/** Ends both sides, whichever ends first. Throws what the source throws. */
async function* through(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Buffer> {
  // The error reaches the reader below.
  pipeline(Readable.from(source), transform, () => undefined);
  for await (const piece of transform) if (Buffer.isBuffer(piece)) yield piece;
}

/** Compresses what comes on its way. Throws what the source throws. */
export function gzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return through(source, createGzip());
}

/** Expands what comes on its way. Throws MESH_INCOMPLETE for bytes that are cut or no gzip, and what the source throws. */
export async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* through(source, createGunzip({ chunkSize: pieceLength }));
  } catch (error) {
    if (isCpisError(error)) throw error;
    throw new CpisError("MESH_INCOMPLETE", { detail: "the compressed bytes cannot be read", cause: error });
  }
}

/** Expands a stored gzip file of one or more members (RFC 1952, 2.2). Throws STORE_CORRUPT for what is none. */
export async function* gunzipPieces(compressed: Uint8Array): AsyncGenerator<Buffer> {
  try {
    yield* through(Readable.from([compressed]), createGunzip({ chunkSize: pieceLength }));
  } catch (error) {
    throw new CpisError("STORE_CORRUPT", { detail: "a compressed file cannot be expanded", cause: error });
  }
}

/** The bytes of the plain file from `start` up to, and without, `end`. Throws STORE_CORRUPT. */
export async function* plainSlice(compressed: Uint8Array, start: number, end: number): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const piece of gunzipPieces(compressed)) {
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, piece.length);
    if (from < to) yield piece.subarray(from, to);
    position += piece.length;
    if (position >= end) return;
  }
}

/** Whether bytes begin as gzip does (RFC 1952, 2.3.1). */
export function beginsAsGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Throws STORE_CORRUPT for what is not gzip, or larger than the limit. */
export function gunzipWhole(compressed: Uint8Array, maximumBytes: number): Buffer {
  try {
    return gunzipSync(compressed, { maxOutputLength: maximumBytes });
  } catch (error) {
    throw new CpisError("STORE_CORRUPT", { detail: "a compressed file cannot be expanded", cause: error });
  }
}

/** One gzip member of a text. Members that stand one after another are one gzip file. */
export function gzipText(text: string): Buffer {
  return gzipSync(text, { level });
}

/** Compresses texts as they come to one gzip member. */
export class GzipWriter {
  readonly #gzip: Gzip = createGzip({ level });
  readonly #pieces: Buffer[] = [];
  readonly #ended: Promise<void>;
  #texts: string[] = [];
  #length = 0;
  #plainBytes = 0;

  constructor() {
    this.#gzip.on("data", (piece: Buffer) => this.#pieces.push(piece));
    this.#ended = new Promise((resolve, reject) => {
      this.#gzip.on("end", resolve).on("error", reject);
    });
    // Whoever ends the writing hears of it; until then it must not end the process.
    this.#ended.catch(() => undefined);
  }

  /** Bytes before compression of what was written, once it is ended. */
  get plainBytes(): number {
    return this.#plainBytes;
  }

  /** Gives what to wait for before more is written, if anything. */
  write(text: string): Promise<void> | undefined {
    this.#texts.push(text);
    this.#length += text.length;
    return this.#length >= pieceLength ? this.#flush() : undefined;
  }

  async end(): Promise<Buffer> {
    await this.#flush();
    this.#gzip.end();
    await this.#ended;
    return Buffer.concat(this.#pieces);
  }

  #flush(): Promise<void> {
    const piece = Buffer.from(this.#texts.join(""), "utf8");
    this.#texts = [];
    this.#length = 0;
    this.#plainBytes += piece.length;
    return new Promise((resolve, reject) => {
      this.#gzip.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}
