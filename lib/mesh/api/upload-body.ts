// Makes the bodies and headers of a file's chunks: divided before they are compressed, each on its own.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { definedOnly } from "../../defined-only.js";
import { isCpisError } from "../../errors.js";
import { collect, gunzipPieces, gzipped, plainSlice } from "../../gzip.js";
import type { StreamedBody } from "../../tls/https-exchange.js";
import type { OutboundFileRecord } from "../outbound-file.js";
import type { Division } from "../sending-progress.js";

/** Chunk numbers begin at 1. */
export interface ChunkOfFile {
  /** The whole file, gzip compressed. */
  readonly compressed: Buffer;
  readonly plainBytes: number;
  readonly division: Division;
  readonly chunk: number;
}

/** Leads the digest of a file as it is kept, compressed; without it the digest is of the file before compression. */
const ofCompressed = "gzip:";

/**
 * Whether the bytes are those of the file that was to be sent. By a digest of the file before compression, all of it is
 * read once, piece by piece.
 */
export async function isIntact(
  compressed: Buffer,
  { plainBytes, digest }: Pick<OutboundFileRecord, "plainBytes" | "digest">,
): Promise<boolean> {
  const hash = createHash("sha256");
  if (digest.startsWith(ofCompressed)) {
    return ofCompressed + hash.update(compressed).digest("hex") === digest;
  }
  let bytes = 0;
  try {
    for await (const piece of gunzipPieces(compressed)) {
      bytes += piece.length;
      hash.update(piece);
    }
  } catch (error) {
    if (isCpisError(error)) return false;
    throw error;
  }
  return bytes === plainBytes && hash.digest("hex") === digest;
}

function inMemory(bytes: Buffer): StreamedBody {
  return { bytes: bytes.length, open: () => Readable.from([bytes]) };
}

/** Plain chunks are decompressed while they are sent. The file must be intact. */
export async function openChunk({ compressed, plainBytes, division, chunk }: ChunkOfFile): Promise<StreamedBody> {
  const { chunkBytes, chunks, isGzip } = division;
  if (isGzip && chunks === 1) return inMemory(compressed);
  const start = (chunk - 1) * chunkBytes;
  const end = Math.min(start + chunkBytes, plainBytes);
  const slice = (): AsyncIterable<Buffer> => plainSlice(compressed, start, end);
  // Its length must be known before it is sent.
  return isGzip ? inMemory(await collect(gzipped(slice()))) : { bytes: end - start, open: slice };
}

/** Of the first request of a file (MESH API, "Send message"). */
export function headersOfFile(file: OutboundFileRecord, mailbox: string, division: Division): Record<string, string> {
  return {
    "mex-From": mailbox,
    "mex-To": file.recipient,
    "mex-WorkflowID": file.workflowId,
    "mex-LocalID": file.localId,
    ...definedOnly({ "mex-FileName": file.fileName, "mex-Subject": file.subject }),
    ...headersOfChunk(file.contentType, 1, division),
  };
}

/** The encoding is said of every chunk, if of the first. */
export function headersOfChunk(contentType: string, chunk: number, division: Division): Record<string, string> {
  const { chunks, isGzip } = division;
  const isChunked = chunks > 1;
  return {
    "Content-Type": isChunked ? "application/octet-stream" : contentType,
    ...(isChunked ? { "mex-Chunk-Range": `${chunk}:${chunks}` } : {}),
    ...(isChunked && chunk === 1 ? { "mex-Content-Type": contentType } : {}),
    ...(isGzip ? { "Content-Encoding": "gzip" } : {}),
  };
}
