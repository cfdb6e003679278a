// Holds the messages of the simulated MESH in memory: finds them, counts their bytes, and forgets the oldest.
import type { MeshEventName } from "./mesh-answers.js";
import type { MessageChunk, MessageStatus, StoredMessage } from "./mesh-message-model.js";

/** A message as those see it who change it. */
export interface MessageEntry extends StoredMessage {
  sequence: number;
  chunks: Map<number, MessageChunk>;
  status: MessageStatus;
  statusAt: number;
  arrivedAt: number;
  statusCode?: string;
  statusEvent: MeshEventName;
  statusDescription: string;
}

export interface MessageMemory {
  find(id: string): MessageEntry | undefined;
  list(): readonly MessageEntry[];
  hasBytesFor(bytes: number): boolean;
  add(entry: MessageEntry): void;
  keepChunk(entry: MessageEntry, number: number, chunk: MessageChunk): void;
  dropContent(entry: MessageEntry): void;
  /** From now on it may be forgotten, the oldest first. */
  retire(entry: MessageEntry): void;
  clear(): void;
}

export interface MessageMemoryOptions {
  /** Of all content kept, as sent. */
  readonly maximumBytes: number;
  /** Whose fate is remembered after they have left their mailbox. */
  readonly maximumFinished: number;
}

function bytesOf(entry: MessageEntry): number {
  let bytes = 0;
  for (const chunk of entry.chunks.values()) bytes += chunk.bytes.byteLength;
  return bytes;
}

export function createMessageMemory(options: MessageMemoryOptions): MessageMemory {
  const entries = new Map<string, MessageEntry>();
  const retired = new Set<string>();
  let bytesKept = 0;

  const dropContent = (entry: MessageEntry): void => {
    bytesKept -= bytesOf(entry);
    entry.chunks.clear();
  };

  return {
    find: (id) => entries.get(id),
    list: () => [...entries.values()],
    hasBytesFor: (bytes) => bytesKept + bytes <= options.maximumBytes,
    add: (entry) => {
      entries.set(entry.id, entry);
    },
    keepChunk: (entry, number, chunk) => {
      bytesKept += chunk.bytes.byteLength - (entry.chunks.get(number)?.bytes.byteLength ?? 0);
      entry.chunks.set(number, chunk);
    },
    dropContent,
    retire: (entry) => {
      retired.add(entry.id);
      for (const id of retired) {
        if (retired.size <= options.maximumFinished) return;
        const oldest = entries.get(id);
        if (oldest !== undefined) dropContent(oldest);
        entries.delete(id);
        retired.delete(id);
      }
    },
    clear: () => {
      entries.clear();
      retired.clear();
      bytesKept = 0;
    },
  };
}

export interface MessageBoxes {
  /** Oldest first. */
  of(mailbox: string): readonly MessageEntry[];
  size(mailbox: string): number;
  add(entry: MessageEntry): void;
  remove(entry: MessageEntry): void;
  /** Those whose time is at or before the one given; times must rise in the order of adding. */
  olderThan(at: number, timeOf: (entry: MessageEntry) => number): readonly MessageEntry[];
  clear(): void;
}

/** Messages by the mailbox they are for. */
export function createMessageBoxes(): MessageBoxes {
  const boxes = new Map<string, Map<string, MessageEntry>>();
  return {
    of: (mailbox) => [...(boxes.get(mailbox)?.values() ?? [])],
    size: (mailbox) => boxes.get(mailbox)?.size ?? 0,
    add: (entry) => {
      const box = boxes.get(entry.head.mailbox) ?? new Map<string, MessageEntry>();
      boxes.set(entry.head.mailbox, box.set(entry.id, entry));
    },
    remove: (entry) => {
      boxes.get(entry.head.mailbox)?.delete(entry.id);
    },
    olderThan: (at, timeOf) => {
      const found: MessageEntry[] = [];
      for (const box of boxes.values()) {
        for (const entry of box.values()) {
          if (timeOf(entry) > at) break;
          found.push(entry);
        }
      }
      return found;
    },
    clear: () => boxes.clear(),
  };
}
