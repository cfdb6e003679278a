// Moves the messages of the simulated MESH on: from their upload through a mailbox to their end.
import { createHash } from "node:crypto";
import {
  createMessageBoxes,
  createMessageMemory,
  type MessageEntry,
  type MessageMemoryOptions,
} from "./mesh-message-memory.js";
import type { MessageChunk, MessageFailure, MessageHead, MessageStatus, StoredMessage } from "./mesh-message-model.js";
import { meshDigits, type MeshClock } from "./mesh-time.js";

export interface MessagesOptions extends MessageMemoryOptions {
  readonly clock: MeshClock;
  newUuid(): string;
  /** Waiting in one mailbox, or being uploaded to it. */
  readonly maximumWaiting: number;
}

export interface MeshMessages {
  find(id: string): StoredMessage | undefined;
  /** Oldest first. */
  waiting(mailbox: string): readonly StoredMessage[];
  sentBy(mailbox: string, localId: string): readonly StoredMessage[];
  /** For one more message of so many bytes. */
  hasRoomFor(mailbox: string, bytes: number): boolean;
  hasBytesFor(bytes: number): boolean;
  /** Begins a message; it is not in the mailbox before `complete`. */
  begin(head: MessageHead): StoredMessage;
  keepChunk(id: string, number: number, chunk: MessageChunk): void;
  complete(id: string): StoredMessage | undefined;
  /** Takes it out of its mailbox. `keepsContent`: for another fetch. */
  acknowledge(id: string, keepsContent: boolean): void;
  /** Takes it out of its mailbox, if it is there, because it was not delivered. */
  fail(id: string, failure: MessageFailure): void;
  /** Ends the messages that are older than the time, and gives those that waited in a mailbox. */
  endOlderThan(at: number, failure: MessageFailure): readonly StoredMessage[];
  clear(): void;
}

/** `yyyyMMddHHmmssSSSSSS_` and six hex digits; the last three digits of the time come from the number. */
function messageIdOf(now: number, number: number, uuid: string): string {
  const suffix = createHash("sha256").update(`${number}:${uuid}`).digest("hex").slice(0, 6).toUpperCase();
  return `${meshDigits(now, 17)}${String(number % 1000).padStart(3, "0")}_${suffix}`;
}

function newEntry(id: string, head: MessageHead, now: number): MessageEntry {
  return {
    id,
    sequence: 0,
    head,
    chunks: new Map(),
    status: "uploading",
    statusAt: now,
    uploadedAt: now,
    arrivedAt: now,
    statusEvent: "SEND",
    statusDescription: "Upload is not complete",
  };
}

function markArrived(entry: MessageEntry, sequence: number, now: number): void {
  entry.sequence = sequence;
  entry.arrivedAt = now;
  entry.status = "accepted";
  entry.statusAt = now;
  entry.statusCode = "00";
  entry.statusEvent = "TRANSFER";
  entry.statusDescription = "Transferred to recipient mailbox";
}

function createIds({ clock, newUuid }: Pick<MessagesOptions, "clock" | "newUuid">, isTaken: (id: string) => boolean) {
  let made = 0;
  return (): string => {
    let id;
    do {
      made += 1;
      id = messageIdOf(clock.now(), made, newUuid());
    } while (isTaken(id));
    return id;
  };
}

/** What changes messages: the ways into a mailbox and out of it. */
function createMoves(options: MessagesOptions) {
  const { clock } = options;
  const memory = createMessageMemory(options);
  const inboxes = createMessageBoxes();
  const uploads = createMessageBoxes();
  const newId = createIds({ clock, newUuid: () => options.newUuid() }, (id) => memory.find(id) !== undefined);
  let arrivals = 0;

  const end = (entry: MessageEntry, status: MessageStatus): void => {
    inboxes.remove(entry);
    uploads.remove(entry);
    entry.status = status;
    entry.statusAt = clock.now();
    memory.retire(entry);
  };

  const fail = (entry: MessageEntry, failure: MessageFailure): void => {
    memory.dropContent(entry);
    if (failure.statusCode !== undefined) entry.statusCode = failure.statusCode;
    entry.statusEvent = "TRANSFER";
    entry.statusDescription = failure.description;
    end(entry, failure.status);
  };

  const begin = (head: MessageHead): MessageEntry => {
    const entry = newEntry(newId(), head, clock.now());
    memory.add(entry);
    uploads.add(entry);
    return entry;
  };

  const complete = (entry: MessageEntry): void => {
    arrivals += 1;
    markArrived(entry, arrivals, clock.now());
    uploads.remove(entry);
    inboxes.add(entry);
  };

  return { memory, inboxes, uploads, end, fail, begin, complete };
}

/** All in memory, within limits. */
export function createMeshMessages(options: MessagesOptions): MeshMessages {
  const { memory, inboxes, uploads, end, fail, begin, complete } = createMoves(options);
  const findIn = (id: string, status: MessageStatus): MessageEntry | undefined => {
    const entry = memory.find(id);
    return entry?.status === status ? entry : undefined;
  };
  return {
    find: (id) => memory.find(id),
    waiting: (mailbox) => inboxes.of(mailbox),
    sentBy: (mailbox, localId) =>
      memory
        .list()
        .filter(({ head }) => head.messageType === "DATA" && head.from === mailbox && head.localId === localId),
    hasRoomFor: (mailbox, bytes) =>
      memory.hasBytesFor(bytes) && inboxes.size(mailbox) + uploads.size(mailbox) < options.maximumWaiting,
    hasBytesFor: (bytes) => memory.hasBytesFor(bytes),
    begin,
    keepChunk: (id, number, chunk) => {
      const entry = findIn(id, "uploading");
      if (entry !== undefined) memory.keepChunk(entry, number, chunk);
    },
    complete: (id) => {
      const entry = findIn(id, "uploading");
      if (entry !== undefined) complete(entry);
      return entry;
    },
    acknowledge: (id, keepsContent) => {
      const entry = findIn(id, "accepted");
      if (entry === undefined) return;
      if (!keepsContent) memory.dropContent(entry);
      end(entry, "acknowledged");
    },
    fail: (id, failure) => {
      const entry = memory.find(id);
      if (entry !== undefined) fail(entry, failure);
    },
    endOlderThan: (at, failure) => {
      const abandoned = uploads.olderThan(at, ({ uploadedAt }) => uploadedAt);
      const uncollected = inboxes.olderThan(at, ({ arrivedAt }) => arrivedAt);
      for (const entry of [...abandoned, ...uncollected]) fail(entry, failure);
      return uncollected;
    },
    clear: () => {
      inboxes.clear();
      uploads.clear();
      memory.clear();
    },
  };
}
