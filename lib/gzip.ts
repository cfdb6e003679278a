// Compresses and expands files piece by piece, so that a large one is never whole in memory in its plain form.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip, createGzip, gunzipSync, gzipSync, type Gzip } from "node:zlib";
import { CpisError } from "./errors.js";

/** Files of records shrink to a tenth at the fastest level already, and the processor has other work. */
const level = 1;
/** Texts are gathered to pieces of this size before they are compressed. */
const pieceLength = 65_536;

/** Expands a gzip file of one or more members (RFC 1952, 2.2). Throws STORE_CORRUPT for what is none. */
export async function* gunzipPieces(compressed: Uint8Array): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: pieceLength });
  const source = Readable.from([compressed]);
  source.pipe(gunzip);
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw new CpisError("STORE_CORRUPT", { detail: "a compressed file cannot be expanded", cause: error });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
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

/** SHA-256 of the expanded file, lower-case hex. */
export async function digestOf(compressed: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of gunzipPieces(compressed)) hash.update(piece);
  return hash.digest("hex");
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
