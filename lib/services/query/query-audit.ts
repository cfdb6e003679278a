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

/** Whoever asked waits so long for the audit of an outcome; it is written all the same. */
const lastWordMilliseconds = 1_000;

async function tryAppend(audit: QueryAudit, entry: NewAuditEntry): Promise<void> {
  const writing = audit.appendAudit(entry).then(
    () => undefined,
    (error: unknown) => audit.outcomeNotWritten?.(unexpected(error)),
  );
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, lastWordMilliseconds, undefined);
  await Promise.race([writing, tooLate]);
  clearTimeout(timer);
}

function notAudited(error: unknown): CpisError {
  const cause = unexpected(error);
  return new CpisError("CPIS_NOT_AUDITED", { cause, detail: cause.code, retryable: cause.retryable });
}

/** Rejects with STORE_UNAVAILABLE when the signal fires first. */
async function before<Result>(signal: AbortSignal | undefined, writing: Promise<Result>): Promise<Result> {
  if (signal === undefined) return writing;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const giveUp = (): void =>
    reject(new CpisError("STORE_UNAVAILABLE", { detail: "it did not answer in the query's time" }));
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([writing, over]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** What is recorded of one query that is about to be sent. */
export interface OpenedAudit {
  /** Never rejects: an answer is not withheld for it. */
  ended(result: QueryResult, at: number): Promise<void>;
}

/**
 * Throws CPIS_NOT_AUDITED: then nothing may be sent. That is also the case when the signal fires before the entry is on
 * disk; if it comes there later, another says that the query has ended so.
 */
export async function openAudit(
  audit: QueryAudit | undefined,
  query: AuditedQuery,
  at: number,
  signal?: AbortSignal,
): Promise<OpenedAudit> {
  if (audit === undefined) return { ended: () => Promise.resolve() };
  const writing = audit.appendAudit(entryOf(query, "query-asked", at));
  const concerns = await before(signal, writing).catch((error: unknown) => {
    const failure = notAudited(error);
    const ended = { ...entryOf(query, "query-ended", at), outcome: "failed", code: failure.code };
    // It rejects as well where it is why the query is given up; then there is nothing to end.
    void writing.then((number) => tryAppend(audit, { ...ended, concerns: number })).catch(() => undefined);
    throw failure;
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
