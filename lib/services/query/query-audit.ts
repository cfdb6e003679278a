// Records each query in the audit: before it is sent, for what is not audited must not be asked, and when it has ended.
import type { Author, QueryResult } from "../../cpis/model.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import type { AuditEvent, NewAuditEntry } from "../../store/audit-model.js";
import { unexpected } from "./preflight.js";

/** Where queries are recorded, as a message store does it. */
export interface QueryAudit {
  /** Resolves with the entry's number once it is on disk. */
  appendAudit(entry: NewAuditEntry): Promise<number>;
  /**
   * True for the audit of the store that the messages themselves are kept in: a query and its entry are one transaction
   * there, and so are its answer and its end.
   */
  readonly isOfMessageStore?: boolean;
  /** The outcome of a query whose beginning is in the audit could not be written; its answer is given all the same. */
  outcomeNotWritten?(error: CpisError): void;
}

/** A query as the audit knows it. */
export interface AuditedQuery {
  readonly author: Author;
  readonly interaction: string;
  /** Absent when what was given is no NHS number: it might be anything, a name for one. */
  readonly subject?: string;
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly applicationId?: string;
}

/** No name: the ids of the person and of the role say who it was. */
function askerOf(author: Author): Partial<NewAuditEntry> {
  const { organisation } = author;
  const place = organisation.code ?? organisation.name;
  const where = place === undefined ? {} : { organisation: place };
  if (author.kind === "system") {
    const role = author.responsible[0]?.role?.code;
    return {
      ...where,
      ...definedOnly({ system: author.asid, role }),
    };
  }
  return {
    ...where,
    ...definedOnly({ userId: author.userId, roleProfileId: author.roleProfileId }),
    ...(author.role === undefined ? {} : { role: author.role.code }),
  };
}

export function entryOf({ author, ...query }: AuditedQuery, event: AuditEvent, at: number): NewAuditEntry {
  return { at, event, ...askerOf(author), ...query };
}

/** The code of a failure as Catch nodes see it. */
function outcomeOf(result: QueryResult): Pick<NewAuditEntry, "outcome" | "code"> {
  if (result.outcome !== "failed") return { outcome: result.outcome };
  return { outcome: "failed", code: `CPIS_${result.code.toUpperCase().replaceAll("-", "_")}` };
}

/** Of a query's end; which entry it ends is added by whoever knows. */
export function endEntryOf(query: AuditedQuery, result: QueryResult, at: number): NewAuditEntry {
  return { ...entryOf(query, "query-ended", at), ...outcomeOf(result) };
}

async function tryAppend(audit: QueryAudit, entry: NewAuditEntry): Promise<void> {
  try {
    await audit.appendAudit(entry);
  } catch (error) {
    audit.outcomeNotWritten?.(unexpected(error));
  }
}

/** What is recorded of one query that is about to be sent. */
export interface OpenedAudit {
  /** Never rejects: an answer is not withheld for it. */
  ended(result: QueryResult, at: number): Promise<void>;
}

/** Throws CPIS_NOT_AUDITED: then nothing may be sent. */
export async function openAudit(audit: QueryAudit | undefined, query: AuditedQuery, at: number): Promise<OpenedAudit> {
  if (audit === undefined) return { ended: () => Promise.resolve() };
  const concerns = await audit.appendAudit(entryOf(query, "query-asked", at)).catch((error: unknown) => {
    const cause = unexpected(error);
    throw new CpisError("CPIS_NOT_AUDITED", { cause, detail: cause.code, retryable: cause.retryable });
  });
  return {
    ended: (result, endedAt) => tryAppend(audit, { ...endEntryOf(query, result, endedAt), concerns }),
  };
}

/** A query that was refused before anything was sent. Never rejects: nothing is asked either way. */
export async function auditRefusal(
  audit: QueryAudit | undefined,
  query: AuditedQuery,
  result: QueryResult,
  at: number,
): Promise<void> {
  if (audit === undefined) return;
  await tryAppend(audit, { ...entryOf(query, "query-refused", at), ...outcomeOf(result) });
}
