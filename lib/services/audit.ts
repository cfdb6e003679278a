// The audit for those who check it: what was looked at is recorded, the chain is verified, and all of it is exported.
import { auditHash, auditTexts, firstAuditHash, type AuditEntry, type AuditEvent } from "../store/audit-model.js";
import type { MessageStore } from "../store/message-store.js";

export type AuditReader = Pick<MessageStore, "readAudit">;

/** What a user of the editor has done with a stored message, or with many when it names none. */
export interface StaffAct {
  readonly event: Extract<
    AuditEvent,
    | "content-viewed"
    | "number-searched"
    | "answers-viewed"
    | "messages-exported"
    | "message-resent"
    | "message-released"
    | "message-dropped"
    | "message-dealt-with"
    | "delivery-confirmed"
  >;
  /** The name by which the user is signed in. */
  readonly userId: string;
  /** An NHS number that was searched for: hashed before it is stored. */
  readonly subject?: string;
  readonly interaction?: string;
  readonly messageId?: string;
  readonly conversationId?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Records an act of the staff in the chain of the queries; resolves once it is on disk. For a look at content it comes
 * before the content is shown: when it throws STORE_*, nothing may be shown.
 */
export async function recordStaffAct(store: Pick<MessageStore, "appendAudit">, act: StaffAct): Promise<void> {
  await store.appendAudit(act);
}

export type AuditFault =
  /** An entry was taken out, or put in, before this one. */
  | "number"
  /** The entry before is not the one that this one was written after. */
  | "link"
  /** What the entry says is not what was written. */
  | "content"
  /** Whoever wrote it did not have the store's key. */
  | "seal"
  /** Entries are missing at the end, or were written anew: the chain is not the one whose head was noted. */
  | "head";

export interface AuditHead {
  /** 0 of an empty audit. */
  readonly number: number;
  readonly hash: string;
}

export type AuditVerification =
  | { readonly kind: "intact"; readonly entries: number; readonly head: AuditHead }
  /** `number` is that of the first entry where the chain is broken. */
  | { readonly kind: "broken"; readonly number: number; readonly fault: AuditFault };

const pageSize = 1000;

async function* entriesOf(store: AuditReader): AsyncGenerator<AuditEntry> {
  for (let after = 0; ;) {
    const page = await store.readAudit(after, pageSize);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}

function faultOf(entry: AuditEntry, before: AuditHead): AuditFault | undefined {
  const { hash, isSealed, ...content } = entry;
  if (entry.number !== before.number + 1) return "number";
  if (entry.previousHash !== before.hash) return "link";
  if (auditHash(content) !== hash) return "content";
  return isSealed ? undefined : "seal";
}

/**
 * Reads the whole chain, in pages. Only with a head that was noted elsewhere can it tell that entries are missing at the
 * end. Throws STORE_*.
 */
export async function verifyAudit(store: AuditReader, noted?: AuditHead): Promise<AuditVerification> {
  let head: AuditHead = { number: 0, hash: firstAuditHash };
  for await (const entry of entriesOf(store)) {
    const fault = faultOf(entry, head);
    if (fault !== undefined) return { kind: "broken", number: entry.number, fault };
    head = entry;
    if (entry.number === noted?.number && entry.hash !== noted.hash) {
      return { kind: "broken", number: entry.number, fault: "head" };
    }
  }
  if (noted !== undefined && noted.number > head.number) {
    return { kind: "broken", number: head.number + 1, fault: "head" };
  }
  return { kind: "intact", entries: head.number, head: { number: head.number, hash: head.hash } };
}

export const auditFormats = ["csv", "json-lines"] as const;
export type AuditFormat = (typeof auditFormats)[number];

const csvColumns = ["number", "at", "event", ...auditTexts, "concerns", "previousHash", "hash", "isSealed"] as const;

/**
 * RFC 4180. What a spreadsheet would take for a formula, also after blanks or within quotes, is made text by an
 * apostrophe: ids of others stand here.
 */
function csvField(value: string | number | boolean | undefined): string {
  const text = value?.toString() ?? "";
  const safe = /^[\s"']*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvLine(entry: AuditEntry): string {
  const at = new Date(entry.at).toISOString();
  return `${csvColumns.map((name) => csvField(name === "at" ? at : entry[name])).join(",")}\r\n`;
}

/** Line by line, oldest first. CSV has a line of headings and times as ISO 8601; JSON lines hold the entry itself. */
export async function* exportAudit(store: AuditReader, format: AuditFormat): AsyncGenerator<string> {
  if (format === "csv") yield `${csvColumns.join(",")}\r\n`;
  for await (const entry of entriesOf(store)) yield format === "csv" ? csvLine(entry) : `${JSON.stringify(entry)}\n`;
}
