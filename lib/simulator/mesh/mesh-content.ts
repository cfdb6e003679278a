// Compresses and restores the chunks of files, within limits.
import { gunzip, gunzipSync, gzip, gzipSync, constants } from "node:zlib";
import { promisify } from "node:util";
import type { MessageChunk, StoredMessage } from "./mesh-message-model.js";

const gunzipChunk = promisify(gunzip);
export const gzipChunk: (bytes: Buffer) => Promise<Buffer> = promisify(gzip);

export type ContentReading =
  { readonly kind: "plain"; readonly bytes: Buffer } | { readonly kind: "too-large" } | { readonly kind: "unreadable" };

/** Undoes the compression of one chunk, which must stand on its own. */
export async function readGzip(bytes: Buffer, maximumBytes: number): Promise<ContentReading> {
  try {
    return { kind: "plain", bytes: await gunzipChunk(bytes, { maxOutputLength: maximumBytes }) };
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    return { kind: isTooLarge ? "too-large" : "unreadable" };
  }
}

/** The whole file before compression. Each chunk was read when it came, so none can fail now. */
export function contentOf(message: StoredMessage): Buffer {
  const chunks = [...message.chunks].sort(([one], [other]) => one - other).map(([, { bytes }]) => bytes);
  return Buffer.concat(message.head.isGzip ? chunks.map((bytes) => gunzipSync(bytes)) : chunks);
}

/** Splits content first and compresses after, as the API wants it. */
export function splitContent(
  content: Buffer,
  options: { readonly chunkBytes: number; readonly isCompressed: boolean },
): readonly MessageChunk[] {
  const chunks: MessageChunk[] = [];
  for (let start = 0; start === 0 || start < content.byteLength; start += options.chunkBytes) {
    const plain = content.subarray(start, start + options.chunkBytes);
    const bytes = options.isCompressed ? gzipSync(plain, { level: constants.Z_BEST_SPEED }) : Buffer.from(plain);
    chunks.push({ bytes, plainBytes: plain.byteLength });
  }
  return chunks;
}
