// The messages of the simulated MESH: what is being uploaded, what waits in whose mailbox, and what became of it.
import { createHash } from "node:crypto";
import type { MeshEventName } from "./mesh-answers.js";
import { meshDigits, type MeshClock } from "./mesh-time.js";

export interface MessageChunk {
  /** As sent: perhaps compressed. */
  readonly bytes: Buffer;
  /** Size before compression. */
  readonly plainBytes: number;
}

export interface MessageReport {
  readonly linkedMessageId: string;
  readonly statusCode?: string;
  readonly event?: MeshEventName;
  readonly description: string;
}

/** What a message is from the beginning to the end. */
export interface MessageHead {
  readonly messageType: "DATA" | "REPORT";
  /** In which mailbox it comes to lie. */
  readonly mailbox: string;
  readonly from?: string;
  /** As the mex-To header says it. */
  readonly to: string;
  readonly workflowId: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly partnerId?: string;
  readonly contentType?: string;
  readonly checksum?: string;
  readonly compressed?: string;
  readonly encrypted?: string;
  /** Each chunk is compressed on its own. */
  readonly isGzip: boolean;
  /** 0 of a report. */
  readonly totalChunks: number;
  readonly report?: MessageReport;
}

export type MessageStatus = "uploading" | "accepted" | "acknowledged" | "undeliverable" | "error";

export interface StoredMessage {
  readonly id: string;
  /** Counts up in the order of arrival in any mailbox; 0 of a message that is being uploaded. */
  readonly sequence: number;
  readonly head: MessageHead;
  /** By number from 1. Empty once the content is gone. */
  readonly chunks: ReadonlyMap<number, MessageChunk>;
  readonly status: MessageStatus;
  /** Times in milliseconds since 1970. */
  readonly statusAt: number;
  readonly uploadedAt: number;
  /** When its last chunk had come. */
  readonly arrivedAt: number;
  readonly statusCode?: string;
  readonly statusEvent: MeshEventName;
  readonly statusDescription: string;
}

export interface MessagesOptions {
  readonly clock: MeshClock;
  newUuid(): string;
  /** Of all content kept, as sent. */
  readonly maximumBytes: number;
  /** Waiting in one mailbox, or being uploaded to it. */
  readonly maximumWaiting: number;
  /** Whose fate is remembered after they have left their mailbox. */
  readonly maximumFinished: number;
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

export interface MessageFailure {
  readonly status: "undeliverable" | "error";
  readonly statusCode?: string;
  readonly description: string;
}

interface Entry extends StoredMessage {
  sequence: number;
  chunks: Map<number, MessageChunk>;
  status: MessageStatus;
  statusAt: number;
  arrivedAt: number;
  statusCode?: string;
  statusEvent: MeshEventName;
  statusDescription: string;
}

/** `yyyyMMddHHmmssSSSSSS_` and six hex digits; the last three digits of the time come from the number. */
function messageIdOf(now: number, number: number, uuid: string): string {
  const suffix = createHash("sha256").update(`${number}:${uuid}`).digest("hex").slice(0, 6).toUpperCase();
  return `${meshDigits(now, 17)}${String(number % 1000).padStart(3, "0")}_${suffix}`;
}

function bytesOf(entry: Entry): number {
  let bytes = 0;
  for (const chunk of entry.chunks.values()) bytes += chunk.bytes.byteLength;
  return bytes;
}

/** Messages by the mailbox they are for, oldest first. */
function createBoxes() {
  const boxes = new Map<string, Map<string, Entry>>();
  return {
    of: (mailbox: string): readonly Entry[] => [...(boxes.get(mailbox)?.values() ?? [])],
    size: (mailbox: string): number => boxes.get(mailbox)?.size ?? 0,
    add: (entry: Entry): void => {
      const box = boxes.get(entry.head.mailbox) ?? new Map<string, Entry>();
      boxes.set(entry.head.mailbox, box.set(entry.id, entry));
    },
    remove: (entry: Entry): void => {
      boxes.get(entry.head.mailbox)?.delete(entry.id);
    },
    /** Older than the time by their beginning or arrival. */
    olderThan: (at: number, timeOf: (entry: Entry) => number): readonly Entry[] => {
      const found: Entry[] = [];
      for (const box of boxes.values()) {
        for (const entry of box.values()) {
          if (timeOf(entry) > at) break;
          found.push(entry);
        }
      }
      return found;
    },
  };
}

/** All in memory, within limits. */
export function createMeshMessages(options: MessagesOptions): MeshMessages {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  const finished = new Set<string>();
  const inboxes = createBoxes();
  const uploads = createBoxes();
  let bytesKept = 0;
  let idsMade = 0;
  let arrivals = 0;
  const hasBytesFor = (bytes: number): boolean => bytesKept + bytes <= options.maximumBytes;

  const dropContent = (entry: Entry): void => {
    bytesKept -= bytesOf(entry);
    entry.chunks.clear();
  };

  const forgetOldest = (): void => {
    for (const id of finished) {
      if (finished.size <= options.maximumFinished) return;
      const entry = entries.get(id);
      if (entry !== undefined) dropContent(entry);
      entries.delete(id);
      finished.delete(id);
    }
  };

  const finish = (entry: Entry, status: MessageStatus): void => {
    inboxes.remove(entry);
    uploads.remove(entry);
    entry.status = status;
    entry.statusAt = clock.now();
    finished.add(entry.id);
    forgetOldest();
  };

  const failEntry = (entry: Entry, failure: MessageFailure): void => {
    dropContent(entry);
    finish(entry, failure.status);
    if (failure.statusCode !== undefined) entry.statusCode = failure.statusCode;
    entry.statusEvent = "TRANSFER";
    entry.statusDescription = failure.description;
  };

  const newId = (): string => {
    let id;
    do {
      idsMade += 1;
      id = messageIdOf(clock.now(), idsMade, options.newUuid());
    } while (entries.has(id));
    return id;
  };

  return {
    find: (id) => entries.get(id),
    waiting: (mailbox) => inboxes.of(mailbox),
    sentBy: (mailbox, localId) =>
      [...entries.values()].filter(({ head }) => {
        return head.messageType === "DATA" && head.from === mailbox && head.localId === localId;
      }),
    hasRoomFor: (mailbox, bytes) =>
      hasBytesFor(bytes) && inboxes.size(mailbox) + uploads.size(mailbox) < options.maximumWaiting,
    hasBytesFor,
    begin: (head) => {
      const now = clock.now();
      const entry: Entry = {
        id: newId(),
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
      entries.set(entry.id, entry);
      uploads.add(entry);
      return entry;
    },
    keepChunk: (id, number, chunk) => {
      const entry = entries.get(id);
      if (entry?.status !== "uploading") return;
      bytesKept += chunk.bytes.byteLength - (entry.chunks.get(number)?.bytes.byteLength ?? 0);
      entry.chunks.set(number, chunk);
    },
    complete: (id) => {
      const entry = entries.get(id);
      if (entry?.status !== "uploading") return undefined;
      uploads.remove(entry);
      inboxes.add(entry);
      arrivals += 1;
      entry.sequence = arrivals;
      entry.status = "accepted";
      entry.arrivedAt = clock.now();
      entry.statusAt = entry.arrivedAt;
      entry.statusCode = "00";
      entry.statusEvent = "TRANSFER";
      entry.statusDescription = "Transferred to recipient mailbox";
      return entry;
    },
    acknowledge: (id, keepsContent) => {
      const entry = entries.get(id);
      if (entry?.status !== "accepted") return;
      if (!keepsContent) dropContent(entry);
      finish(entry, "acknowledged");
    },
    fail: (id, failure) => {
      const entry = entries.get(id);
      if (entry !== undefined) failEntry(entry, failure);
    },
    endOlderThan: (at, failure) => {
      const abandoned = uploads.olderThan(at, ({ uploadedAt }) => uploadedAt);
      const uncollected = inboxes.olderThan(at, ({ arrivedAt }) => arrivedAt);
      for (const entry of [...abandoned, ...uncollected]) failEntry(entry, failure);
      return uncollected;
    },
    clear: () => {
      for (const entry of entries.values()) {
        inboxes.remove(entry);
        uploads.remove(entry);
      }
      entries.clear();
      finished.clear();
      bytesKept = 0;
    },
  };
}
