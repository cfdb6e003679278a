// Makes the bodies and headers of a file's chunks: divided before they are compressed, each on its own.
import { Readable } from "node:stream";
import { collect, gzipped, plainSlice } from "./compression.js";
import type { RequestBody } from "./http-exchange.js";
import type { OutboundFileRecord } from "./outbound-file.js";
import type { Division } from "./sending-progress.js";

/** Chunk numbers begin at 1. */
export interface ChunkOfFile {
  /** The whole file, gzip compressed. */
  readonly compressed: Buffer;
  readonly plainBytes: number;
  readonly division: Division;
  readonly chunk: number;
}

function inMemory(bytes: Buffer): RequestBody {
  return { bytes: bytes.length, open: () => Readable.from([bytes]) };
}

/** Plain chunks are decompressed while they are sent. Throws MESH_INCOMPLETE for content that is no gzip. */
export async function openChunk({ compressed, plainBytes, division, chunk }: ChunkOfFile): Promise<RequestBody> {
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
    ...(file.fileName === undefined ? {} : { "mex-FileName": file.fileName }),
    ...(file.subject === undefined ? {} : { "mex-Subject": file.subject }),
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
