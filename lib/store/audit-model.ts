// What the audit holds: who asked or looked, when, about whom as a keyed hash, and how each entry is bound to the last.
import { createHash } from "node:crypto";

/** What was done. Each event is past: an entry is written before or after it, as its name says, and never changed. */
export const auditEvents = [
  /** Written before the query is sent. */
  "query-asked",
  /** Its outcome, whatever that is. */
  "query-ended",
  /** A query that was refused before anything was sent. */
  "query-refused",
  "content-viewed",
  /** The message log was searched by an NHS number. */
  "number-searched",
  /** What answers were, and how large, was shown: of one conversation, or in a list when it names none. */
  "answers-viewed",
  "messages-exported",
  "message-resent",
  "message-released",
  "message-dropped",
  "message-dealt-with",
  "delivery-confirmed",
  /** Of stored work that no transport owned: it was given to one, or ended. */
  "work-adopted",
  "work-ended",
  "rehearsal-started",
  /** The outcome of an act of the staff, whatever that is; the act itself was recorded before it was done. */
  "act-ended",
  /** A person has decided to go on with an older copy of the store, or with an empty one. */
  "store-restarted",
] as const;
export type AuditEvent = (typeof auditEvents)[number];

export function isAuditEvent(value: unknown): value is AuditEvent {
  return auditEvents.some((event) => event === value);
}

interface AuditFields {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: AuditEvent;
  /** Of the clinician, or of the user of the editor. Never a name of a person who is asked about. */
  readonly userId?: string;
  readonly roleProfileId?: string;
  readonly role?: string;
  readonly organisation?: string;
  /** The asking system's ASID, where no person is signed in. */
  readonly system?: string;
  readonly interaction?: string;
  readonly messageId?: string;
  readonly conversationId?: string;
  /** The id that the payload carries. */
  readonly applicationId?: string;
  /** As "found", "not-found" or "failed". */
  readonly outcome?: string;
  readonly code?: string;
  /** The number of the entry that this one ends, as that of "query-asked" for "query-ended". */
  readonly concerns?: number;
}

export interface NewAuditEntry extends AuditFields {
  /** Whom it is about, for example an NHS number: hashed before it is stored, and never logged. */
  readonly subject?: string;
}

/** An entry as it is stored. */
export interface AuditEntry extends AuditFields {
  /** 1, 2, 3 ... without gaps. */
  readonly number: number;
  /** The same as `subjectHash` of the messages about the same subject. */
  readonly subjectHash?: string;
  /** The `hash` of the entry before. */
  readonly previousHash: string;
  /** See auditHash. */
  readonly hash: string;
  /** Whether the store's own key has sealed the hash: whoever has no key can make a chain, and no seal. */
  readonly isSealed: boolean;
}

/** The last entry: whoever knows it can tell whether entries were cut off or written anew. */
export interface AuditHead {
  /** 0 of an empty audit. */
  readonly number: number;
  readonly hash: string;
}

export interface StoredAuditHead extends AuditHead {
  /** With the audit's own key. */
  readonly isSealed: boolean;
}

/** Before the first entry. */
export const firstAuditHash = "0".repeat(64);

/** Longer texts of others are cut: an entry is a line, not a document. */
const maximumTextLength = 250;

function textOf(value: string | undefined): string | undefined {
  return value?.slice(0, maximumTextLength);
}

export type AuditContent = Omit<AuditEntry, "hash" | "isSealed">;

/** The entry as it will be stored. Absent and empty are one. */
export function auditContent(
  entry: NewAuditEntry,
  link: Pick<AuditEntry, "number" | "previousHash">,
  subjectHash: string | undefined,
): AuditContent {
  const texts = {
    userId: textOf(entry.userId),
    roleProfileId: textOf(entry.roleProfileId),
    role: textOf(entry.role),
    organisation: textOf(entry.organisation),
    system: textOf(entry.system),
    subjectHash,
    interaction: textOf(entry.interaction),
    messageId: textOf(entry.messageId),
    conversationId: textOf(entry.conversationId),
    applicationId: textOf(entry.applicationId),
    outcome: textOf(entry.outcome),
    code: textOf(entry.code),
  };
  const present: { [Name in keyof typeof texts]?: string } = {};
  for (const name of auditTexts) {
    const value = texts[name];
    if (value !== undefined && value !== "") present[name] = value;
  }
  const concerns = entry.concerns === undefined ? {} : { concerns: entry.concerns };
  return { ...link, at: entry.at, event: entry.event, ...present, ...concerns };
}

/** The texts of an entry, in the order of the hash. */
export const auditTexts = [
  "userId",
  "roleProfileId",
  "role",
  "organisation",
  "system",
  "subjectHash",
  "interaction",
  "messageId",
  "conversationId",
  "applicationId",
  "outcome",
  "code",
] as const;

/**
 * SHA-256, in hexadecimal, of the UTF-8 text that JSON.stringify gives for the array [number, previousHash, at, event,
 * the texts in the order of auditTexts, concerns], with null for what is absent. So an export can be checked without
 * this package.
 */
export function auditHash(content: AuditContent): string {
  const texts = auditTexts.map((name) => content[name] ?? null);
  const { number, previousHash, at, event, concerns = null } = content;
  return createHash("sha256")
    .update(JSON.stringify([number, previousHash, at, event, ...texts, concerns]), "utf8")
    .digest("hex");
}
