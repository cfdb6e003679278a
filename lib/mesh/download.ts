// Takes the bytes of a file that arrives: compresses, measures and names them, without holding the plain file.
import { createHash } from "node:crypto";
import { CpisError } from "../errors.js";
import { createElementFinder } from "../xml/find-element.js";
import { beginsAsGzip, collect, gunzipped, gzipped } from "../gzip.js";
import { unknownAction } from "./model.js";

export interface ArrivedContent {
  /** The whole file, gzip compressed. */
  readonly compressed: Buffer;
  /** Before compression. */
  readonly plainBytes: number;
  /** SHA-256 before compression, lower-case hex. */
  readonly digest: string;
  /** See ReceivedFile. */
  readonly root: string;
}

export interface TakeContentOptions {
  readonly knownRoots: readonly string[];
  /** Before compression. More throws MESH_FILE_TOO_LARGE. */
  readonly maximumBytes: number;
  /** Bytes that still begin as gzip does are decompressed: the sender said that the content itself is compressed. */
  readonly mayBeCompressed: boolean;
}

/** The root itself, and the wrappers around it that are looked through. */
const rootDepth = 3;

/** Decompresses when the bytes begin as gzip does; the first piece may hold one byte only. */
async function* decompressed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < 2) {
    const next = await pieces.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => pieces };
  }
  yield* beginsAsGzip(start) ? gunzipped(all()) : all();
}

/**
 * Takes the bytes piece by piece; only the compressed file is held. Throws MESH_FILE_TOO_LARGE, MESH_INCOMPLETE, and
 * what the source throws.
 */
export async function takeContent(source: AsyncIterable<Buffer>, options: TakeContentOptions): Promise<ArrivedContent> {
  const hash = createHash("sha256");
  const finder = createElementFinder(options.knownRoots, rootDepth);
  let plainBytes = 0;
  let root: string | undefined;
  async function* measured(): AsyncGenerator<Buffer> {
    for await (const piece of options.mayBeCompressed ? decompressed(source) : source) {
      plainBytes += piece.length;
      if (plainBytes > options.maximumBytes) {
        throw new CpisError("MESH_FILE_TOO_LARGE", { detail: `more than ${options.maximumBytes} bytes` });
      }
      hash.update(piece);
      root ??= finder.write(piece);
      yield piece;
    }
  }
  const compressed = await collect(gzipped(measured()));
  return { compressed, plainBytes, digest: hash.digest("hex"), root: root ?? unknownAction };
}
