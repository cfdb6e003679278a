// The audit for those who check it: what was looked at is recorded, the chain is verified, and all of it is exported.
import {
  auditHash,
  auditTexts,
  firstAuditHash,
  type AuditEntry,
  type AuditEvent,
  type AuditHead,
} from "../store/audit-model.js";
import { isCpisError } from "../errors.js";
import type { MessageStore } from "../store/message-store.js";

export type AuditReader = Pick<MessageStore, "readAudit" | "readAuditHead">;

/** What a user of the editor does with a stored message, or with many when it names none. */
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
    | "work-adopted"
    | "work-ended"
    | "rehearsal-started"
  >;
  /** The name by which the user is signed in. */
  readonly userId: string;
  /** The owner of work that is given to a transport, or ended. */
  readonly system?: string;
  /** An NHS number that was searched for: hashed before it is stored. */
  readonly subject?: string;
  readonly interaction?: string;
  readonly messageId?: string;
  readonly conversationId?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Records an act of the staff in the chain of the queries; resolves with the entry's number once it is on disk. It comes
 * before the act: when it throws STORE_*, nothing may be shown or done.
 */
export async function recordStaffAct(store: Pick<MessageStore, "appendAudit">, act: StaffAct): Promise<number> {
  return store.appendAudit(act);
}

/**
 * Records the act, does it, and records its outcome: what `outcomeOf` says, or "failed" with its code. An outcome that
 * cannot be recorded does not undo the act; an act without an outcome in the audit is one whose end nobody knows.
 */
export async function auditStaffAct<Result>(
  store: Pick<MessageStore, "appendAudit">,
  act: StaffAct,
  now: () => number,
  work: () => Promise<Result>,
  outcomeOf: (result: Result) => string = () => "done",
): Promise<Result> {
  const concerns = await recordStaffAct(store, act);
  const ended = async (outcome: string, code?: string): Promise<void> => {
    const coded = code === undefined ? {} : { code };
    try {
      await store.appendAudit({ ...act, at: now(), event: "act-ended", concerns, outcome, ...coded });
    } catch {
      // The intent is on disk and stands alone, which says that the outcome is unknown.
    }
  };
  try {
    const result = await work();
    await ended(outcomeOf(result));
    return result;
  } catch (error) {
    await ended("failed", isCpisError(error) ? error.code : undefined);
    throw error;
  }
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
  /** Entries are missing at the end, or were written anew: the chain is not the one whose head was kept or noted. */
  | "head";

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
 * Reads the whole chain, in pages, and holds it against the sealed head that the store keeps apart from it, and against
 * every head that was noted elsewhere: beside the store, or in a log. Throws STORE_*.
 */
export async function verifyAudit(store: AuditReader, ...noted: readonly AuditHead[]): Promise<AuditVerification> {
  const kept = await store.readAuditHead();
  const heads = kept === undefined ? noted : [...noted, kept];
  let head: AuditHead = { number: 0, hash: firstAuditHash };
  for await (const entry of entriesOf(store)) {
    const fault = faultOf(entry, head);
    if (fault !== undefined) return { kind: "broken", number: entry.number, fault };
    head = { number: entry.number, hash: entry.hash };
    if (heads.some(({ number, hash }) => number === entry.number && hash !== entry.hash)) {
      return { kind: "broken", number: entry.number, fault: "head" };
    }
  }
  // Entries that are written while the chain is read are in it, so it may well be longer than a head says.
  const isCut = heads.some(({ number }) => number > head.number);
  if (isCut || kept?.isSealed !== true) return { kind: "broken", number: head.number + 1, fault: "head" };
  return { kind: "intact", entries: head.number, head };
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
