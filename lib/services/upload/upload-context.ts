// What is kept with an upload until its response comes: what the flow wants back, and which of its records were sent.
import { nameBasedUuid } from "../../name-based-uuid.js";
import { CpisError } from "../../errors.js";
import type { MessageRowId } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { gunzipWhole, gzipText } from "../../gzip.js";
import type { SentRecordTable } from "./sent-record-index.js";

export interface UploadContext {
  readonly kept?: unknown;
  /** Places in the input, from 0, of the records that were found faulty and not sent; ascending. */
  readonly leftOut: readonly number[];
  /** Names of columns that the settings name and no row had. */
  readonly unseenColumns?: readonly string[];
  /** What went out, so that the file need not be read again; absent for a file of an earlier version. */
  readonly sent?: SentRecordTable;
}

const maximumContextBytes = 64 * 1024 * 1024;

/** Throws CONFIG_INVALID for more than could be given back. */
export function encodeUploadContext(context: UploadContext): Buffer {
  const text = JSON.stringify(context);
  if (Buffer.byteLength(text) <= maximumContextBytes) return gzipText(text);
  const detail = `what is kept of an upload is larger than ${maximumContextBytes} bytes`;
  throw new CpisError("CONFIG_INVALID", { detail });
}

/** Throws STORE_CORRUPT for what this file cannot have written. */
export function readUploadContext(bytes: Buffer): UploadContext {
  const text = gunzipWhole(bytes, maximumContextBytes).toString("utf8");
  // Written by the function above, sealed in between: its shape is ours.
  return JSON.parse(text) as UploadContext;
}

/** Undefined when there is none, or none any more. Throws STORE_CORRUPT or what the store throws. */
export async function findUploadContext(store: MessageStore, id: MessageRowId): Promise<UploadContext | undefined> {
  const context = await store.readContext(id);
  return context === undefined ? undefined : readUploadContext(context);
}

/** From a place in the file that was sent to the one in the input. */
export function inputIndexes(leftOut: readonly number[]): (position: number) => number {
  return (position) => {
    let low = 0;
    let high = leftOut.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // As many as stand before the missing one were sent before it.
      if ((leftOut[middle] ?? 0) - middle <= position) low = middle + 1;
      else high = middle;
    }
    return position + low;
  };
}

/** Of the id that a response gives; undefined for one that is no number of ours. */
export function fileNumberOf(fileId: string | undefined): number | undefined {
  return fileId !== undefined && /^[0-9]{1,15}$/.test(fileId) ? Number(fileId) : undefined;
}

/** By which the store finds the uploads under a number; it keeps a keyed hash of it. */
export function foundByOf(localAuthority: string, fileNumber: number): string {
  return `cp-is upload ${localAuthority} ${fileNumber}`;
}

/**
 * The conversation of a file of an earlier version, whose files are found by it. Anybody can work it out,
 * so that later ones have one by chance.
 */
export function earlierConversationOf(localAuthority: string, fileNumber: number): string {
  return nameBasedUuid("6f0c9a3e3b5d4f0e9d0b7c52a1e84d17", foundByOf(localAuthority, fileNumber));
}
