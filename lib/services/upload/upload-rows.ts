// Uploads as they stand in the store: to whom they belong, and which of them a response answers.
import { errorTable, type ErrorCode } from "../../errors.js";
import {
  isFinished,
  outboundStates,
  type MessageAttributes,
  type MessageRowId,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../../store/message-model.js";
import type { MessageStore, PagePosition } from "../../store/message-store.js";
import { conversationOf, fileNumberOf } from "./upload-context.js";

/** What every upload has in the store beside its file. */
export type UploadAttributes = MessageAttributes & {
  readonly uploadOwner: string;
  readonly fileNumber: number;
  /** ODS code. */
  readonly localAuthority: string;
};

export interface UploadRow {
  readonly row: StoredOutboundMessage;
  readonly owner: string;
  readonly fileNumber: number;
  readonly localAuthority: string;
}

export const unfinishedUploadStates = outboundStates.filter((state) => !isFinished(state));
/** Unfinished, and not certain to be here still. */
const sentUploadStates = unfinishedUploadStates.filter((state) => state !== "queued");
/** The attribute of an upload that failed, once its owner knows. */
export const failureTold = "isFailureTold";
/** The attribute of an upload whose response is late, once its owner knows. */
export const overdueTold = "isOverdueTold";
/** The attribute of an upload that names the message with its response: over MESH nothing else links the two. */
export const responseNote = "responseMessageId";
/** What is noted on an upload of its course so far: one that begins anew begins without. */
export const uploadNotes: readonly string[] = [failureTold, overdueTold, responseNote];
const pageSize = 200;

/** Undefined for a message that is no upload of this channel. */
export function readUploadRow(message: StoredMessage | undefined, channel: string): UploadRow | undefined {
  if (message?.direction !== "outbound" || message.channel !== channel) return undefined;
  const { uploadOwner, fileNumber, localAuthority } = message.attributes;
  if (typeof uploadOwner !== "string" || typeof fileNumber !== "number" || typeof localAuthority !== "string") {
    return undefined;
  }
  return { row: message, owner: uploadOwner, fileNumber, localAuthority };
}

/** Under which an upload ended; CPIS_INTERNAL for one that this version does not know. */
export function endCodeOf({ errorCode }: StoredOutboundMessage): ErrorCode {
  return errorCode !== undefined && errorCode in errorTable ? (errorCode as ErrorCode) : "CPIS_INTERNAL";
}

/** Newest first. */
export async function* listUploads(
  store: MessageStore,
  channel: string,
  states: readonly StoredOutboundMessage["state"][],
): AsyncGenerator<UploadRow> {
  let after: PagePosition | undefined;
  do {
    const page = await store.list({ channel, direction: "outbound", states }, pageSize, after);
    for (const message of page.messages) {
      const upload = readUploadRow(message, channel);
      if (upload !== undefined) yield upload;
    }
    after = page.next;
  } while (after !== undefined);
}

/** What a response says of the file that it answers. */
export interface ResponseReference {
  /** By the transport. */
  readonly refersTo?: MessageRowId;
  readonly fileId?: string;
  /** ODS code. */
  readonly localAuthority?: string;
}

/** Whether nothing that the response says speaks against this file. */
function isMeant(upload: UploadRow, { fileId, localAuthority }: ResponseReference): boolean {
  const code = localAuthority?.trim().toUpperCase();
  return (
    (fileId === undefined || upload.fileNumber === fileNumberOf(fileId)) &&
    (code === undefined || upload.localAuthority === code)
  );
}

/**
 * By the transport's word where the response does not contradict it, else by local authority and file number; a
 * response that lacks one of them belongs to the only file that CP-IS may have and that waits, if there is only one.
 */
export async function findUpload(
  store: MessageStore,
  channel: string,
  reference: ResponseReference,
): Promise<UploadRow | undefined> {
  const { refersTo, fileId, localAuthority } = reference;
  if (refersTo !== undefined) {
    const upload = readUploadRow(await store.findById(refersTo), channel);
    if (upload !== undefined && isMeant(upload, reference)) return upload;
  }
  const fileNumber = fileNumberOf(fileId);
  if (fileNumber !== undefined && localAuthority !== undefined) {
    const conversation = conversationOf(localAuthority.trim().toUpperCase(), fileNumber);
    const ofFile = await store.findByConversation(conversation);
    return ofFile.flatMap((message) => readUploadRow(message, channel) ?? []).at(-1);
  }
  const waiting: UploadRow[] = [];
  for await (const upload of listUploads(store, channel, sentUploadStates)) {
    if (isMeant(upload, reference)) waiting.push(upload);
  }
  const [only, ...others] = waiting;
  return others.length === 0 ? only : undefined;
}
