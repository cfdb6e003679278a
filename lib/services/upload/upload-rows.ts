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
import { known } from "../../hl7v3/data-types.js";
import type { MessageStore, PagePosition } from "../../store/message-store.js";
import { comparableId } from "../../identifiers.js";
import type { LastUpload, UploadOutcome } from "./upload-model.js";
import { earlierConversationOf, fileNumberOf, foundByOf } from "./upload-context.js";

/** What every upload has in the store beside its file. */
export type UploadAttributes = MessageAttributes & {
  readonly uploadOwner: string;
  readonly fileNumber: number;
  /** ODS code. */
  readonly localAuthority: string;
  readonly recordsSent: number;
  /** Found faulty, and left out. */
  readonly recordsNotSent: number;
};

export interface UploadRow {
  readonly row: StoredOutboundMessage;
  readonly owner: string;
  readonly fileNumber: number;
  readonly localAuthority: string;
  /** Undefined for a file of an earlier version. */
  readonly recordsSent?: number;
  readonly recordsNotSent?: number;
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
/** The attributes of an upload that hold what CP-IS said of it, in counts, and of no record. */
export const resultNotes = {
  accepted: "recordsAccepted",
  refused: "recordsRefused",
  digest: "resultDigest",
  at: "resultAt",
} as const;
/** What is noted on an upload of its course so far: one that begins anew begins without. */
export const uploadNotes: readonly string[] = [failureTold, overdueTold, responseNote, ...Object.values(resultNotes)];
const pageSize = 200;
/** A transport may carry queries, too: the last upload of long ago is not worth a long look. */
const pagesLooked = 10;
const outcomes: Readonly<Record<UploadOutcome["outcome"], true>> = {
  accepted: true,
  "partly-accepted": true,
  refused: true,
  "file-refused": true,
  unclear: true,
  "unknown-file": true,
};

/** Undefined for a message that is no upload of this channel. */
export function readUploadRow(message: StoredMessage | undefined, channel: string): UploadRow | undefined {
  if (message?.direction !== "outbound" || message.channel !== channel) return undefined;
  const { uploadOwner, fileNumber, localAuthority, recordsSent, recordsNotSent } = message.attributes;
  if (typeof uploadOwner !== "string" || typeof fileNumber !== "number" || typeof localAuthority !== "string") {
    return undefined;
  }
  return known<UploadRow>({
    row: message,
    owner: uploadOwner,
    fileNumber,
    localAuthority,
    recordsSent: typeof recordsSent === "number" ? recordsSent : undefined,
    recordsNotSent: typeof recordsNotSent === "number" ? recordsNotSent : undefined,
  });
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

function isOutcome(value: unknown): value is UploadOutcome["outcome"] {
  return typeof value === "string" && Object.hasOwn(outcomes, value);
}

function countOf(attributes: MessageAttributes, name: string): number {
  const value = attributes[name];
  return typeof value === "number" ? value : 0;
}

function lastOf(upload: UploadRow): LastUpload {
  const { row, fileNumber, recordsSent = 0, recordsNotSent = 0 } = upload;
  const { attributes, state, outcome } = row;
  if (isOutcome(outcome)) {
    const [accepted, refused] = [countOf(attributes, resultNotes.accepted), countOf(attributes, resultNotes.refused)];
    const result = { outcome, accepted, refused, notSent: recordsNotSent };
    return { kind: "answered", fileNumber, result, at: countOf(attributes, resultNotes.at) };
  }
  if (state === "held") return { kind: "undelivered", fileNumber, state, code: endCodeOf(row) };
  if (isFinished(state)) return { kind: "undelivered", fileNumber, state: "failed", code: endCodeOf(row) };
  return { kind: "waiting", fileNumber, sent: recordsSent, notSent: recordsNotSent };
}

/** Of the newest upload of the owner, among the messages that the channel has sent of late. */
export async function findLastUpload(
  store: MessageStore,
  channel: string,
  owner: string,
): Promise<LastUpload | undefined> {
  let after: PagePosition | undefined;
  for (let pages = 0; pages < pagesLooked; pages += 1) {
    const page = await store.list({ channel, direction: "outbound" }, pageSize, after);
    for (const message of page.messages) {
      const upload = readUploadRow(message, channel);
      if (upload?.owner === owner) return lastOf(upload);
    }
    after = page.next;
    if (after === undefined) return undefined;
  }
  return undefined;
}

/** What a response says of the file that it answers, and how it came. */
export interface ResponseReference {
  /** By the transport. */
  readonly refersTo?: MessageRowId | "unknown";
  /** Of the response itself: rows are numbered in the order in which they are accepted. */
  readonly id?: MessageRowId;
  /** A mailbox, or a party key. */
  readonly from?: string;
  readonly isUnexpected?: boolean;
  readonly fileId?: string;
  /** ODS code. */
  readonly localAuthority?: string;
  /** Of its creation, as CP-IS says, milliseconds since 1970; absent when it says no time, or none with a zone. */
  readonly createdAt?: number;
}

export type FoundUpload =
  | { readonly kind: "found"; readonly upload: UploadRow }
  | { readonly kind: "unknown" }
  /** It must not count for any file; `reason` in words without content. */
  | { readonly kind: "set-aside"; readonly reason: string };

/** Clocks of two houses may differ so far. */
const clockMilliseconds = 3_600_000;

function setAside(reason: string): FoundUpload {
  return { kind: "set-aside", reason };
}

/** Whether nothing that the response says speaks against this file. */
function isMeant(upload: UploadRow, { fileId, localAuthority }: ResponseReference): boolean {
  const code = localAuthority?.trim().toUpperCase();
  return (
    (fileId === undefined || upload.fileNumber === fileNumberOf(fileId)) &&
    (code === undefined || upload.localAuthority === code)
  );
}

/** All sendings of one file, newest first. */
async function sendingsOf(store: MessageStore, channel: string, upload: UploadRow): Promise<readonly UploadRow[]> {
  const { conversationId } = upload.row;
  const page = await store.list({ channel, direction: "outbound", conversationId }, pageSize);
  return page.messages.flatMap((message) => {
    const sending = readUploadRow(message, channel);
    return sending?.fileNumber === upload.fileNumber && sending.localAuthority === upload.localAuthority
      ? [sending]
      : [];
  });
}

/** By number alone: nothing that came in can stand in the way, for only what goes out is looked at. */
async function findByNumber(
  store: MessageStore,
  channel: string,
  localAuthority: string,
  fileNumber: number,
): Promise<UploadRow | undefined> {
  const outbound = { channel, direction: "outbound" } as const;
  for (const filter of [
    { ...outbound, subject: foundByOf(localAuthority, fileNumber) },
    { ...outbound, conversationId: earlierConversationOf(localAuthority, fileNumber) },
  ]) {
    const { messages } = await store.list(filter, 1);
    const upload = readUploadRow(messages[0], channel);
    if (upload?.fileNumber === fileNumber && upload.localAuthority === localAuthority) return upload;
  }
  return undefined;
}

async function findCandidate(store: MessageStore, channel: string, reference: ResponseReference): Promise<FoundUpload> {
  const { refersTo, fileId, localAuthority } = reference;
  // It answers a message that is none of this store, whatever number it gives.
  if (refersTo === "unknown") return { kind: "unknown" };
  if (refersTo !== undefined) {
    const upload = readUploadRow(await store.findById(refersTo), channel);
    if (upload === undefined) return setAside("it answers another message than an upload");
    return isMeant(upload, reference) ? { kind: "found", upload } : setAside("it answers one file, and names another");
  }
  const fileNumber = fileNumberOf(fileId);
  if (fileNumber !== undefined && localAuthority !== undefined) {
    const upload = await findByNumber(store, channel, localAuthority.trim().toUpperCase(), fileNumber);
    return upload === undefined ? { kind: "unknown" } : { kind: "found", upload };
  }
  const waiting: UploadRow[] = [];
  for await (const upload of listUploads(store, channel, sentUploadStates)) {
    if (isMeant(upload, reference)) waiting.push(upload);
  }
  const [only, ...others] = waiting;
  if (only === undefined) return { kind: "unknown" };
  return others.length === 0 ? { kind: "found", upload: only } : setAside("it may be of several files");
}

/** Nothing of it was ever given to the other side. */
function isStillHere({ state, attempts, attributes }: StoredOutboundMessage): boolean {
  if (attributes[responseNote] !== undefined) return false;
  return state === "queued" || (attempts === 0 && ["held", "failed", "expired"].includes(state));
}

/**
 * The file that a response answers: the one that its transport names, else the one under its number and local authority,
 * else, for a response that lacks one of them, the only file that CP-IS may have. It counts only from whom the file was
 * sent to, only for a file that has left, and only when it was made after the file.
 */
export async function findUpload(
  store: MessageStore,
  channel: string,
  reference: ResponseReference,
): Promise<FoundUpload> {
  const { from, isUnexpected = false, createdAt, id } = reference;
  if (isUnexpected) return setAside("it came from another sender, or in another way, than is agreed for responses");
  const found = await findCandidate(store, channel, reference);
  if (found.kind !== "found") return found;
  const sendings = await sendingsOf(store, channel, found.upload);
  const upload = sendings[0] ?? found.upload;
  const first = sendings.at(-1) ?? found.upload;
  if (from === undefined || comparableId(from) !== comparableId(upload.row.toParty)) {
    return setAside("it comes from another than the file was sent to");
  }
  if (sendings.every(({ row }) => isStillHere(row))) return setAside("the file has not left yet");
  const isOlder = createdAt !== undefined && createdAt < first.row.createdAt - clockMilliseconds;
  if (isOlder || (id !== undefined && id < first.row.id)) return setAside("it is older than the file");
  return { kind: "found", upload };
}
