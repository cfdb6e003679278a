// Appends to the audit and reads it; there is no operation that changes or removes an entry.
import {
  auditContent,
  auditHash,
  auditTexts,
  firstAuditHash,
  isAuditEvent,
  type AuditEntry,
  type NewAuditEntry,
  type StoredAuditHead,
} from "../audit-model.js";
import { comparableId } from "../../identifiers.js";
import {
  corrupt,
  isAbsent,
  readNumber,
  readText,
  statement,
  type Operation,
  type SqlRow,
  type StoreContext,
} from "./sql-operation.js";

export interface AuditOperations {
  /** `isOutcomeKept`: the outcome that it tells of stands in the row of its message already. */
  append(entry: NewAuditEntry, isOutcomeKept?: boolean): Operation<number>;
  read(after: number, limit: number): Operation<readonly AuditEntry[]>;
  readHead(): Operation<StoredAuditHead | undefined>;
  /** Of a store that had no sealed head so far; part of its migration, and of nothing else. */
  sealHead(): Operation<void>;
}

interface Link {
  readonly number: number;
  readonly previousHash: string;
}

const textColumns = {
  userId: "user_id",
  roleProfileId: "role_profile_id",
  role: "role",
  organisation: "organisation",
  system: "system_id",
  subjectHash: "subject_hash",
  interaction: "interaction",
  messageId: "message_id",
  conversationId: "conversation_id",
  applicationId: "application_id",
  outcome: "outcome",
  code: "code",
} as const;

const columns = [
  "number",
  "previous_hash",
  "at",
  "event",
  ...auditTexts.map((name) => textColumns[name]),
  "concerns",
  "hash",
  "seal",
];

function readEntry(row: SqlRow): Omit<AuditEntry, "isSealed"> {
  const event = readText(row, "event");
  if (!isAuditEvent(event)) throw corrupt("event");
  const texts: { [Name in (typeof auditTexts)[number]]?: string } = {};
  for (const name of auditTexts) if (!isAbsent(row, textColumns[name])) texts[name] = readText(row, textColumns[name]);
  return {
    number: readNumber(row, "number"),
    at: readNumber(row, "at"),
    event,
    ...texts,
    ...(isAbsent(row, "concerns") ? {} : { concerns: readNumber(row, "concerns") }),
    previousHash: readText(row, "previous_hash"),
    hash: readText(row, "hash"),
  };
}

export function createAuditOperations({ dialect, protection }: Omit<StoreContext, "mode">): AuditOperations {
  const audit = dialect.table("audit");
  const auditHead = dialect.table("audit_head");
  const findLast = `SELECT number, hash FROM ${audit} ORDER BY number DESC LIMIT 1`;
  const findHead = `SELECT number, hash, seal FROM ${auditHead} WHERE id = 1`;
  const setHead = `INSERT INTO ${auditHead} (id, number, hash, seal) VALUES (1, $1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET number = excluded.number, hash = excluded.hash, seal = excluded.seal`;
  const insert = `INSERT INTO ${audit} (${columns.join(", ")})
    VALUES (${columns.map((_, index) => `$${index + 1}`).join(", ")})`;
  const readAfter = `SELECT * FROM ${audit} WHERE number > $1 ORDER BY number LIMIT $2`;
  const keepOutcome = `UPDATE ${dialect.table("message")} SET outcome = $2, outcome_code = $3
    WHERE message_id = $1 AND direction = 'outbound'`;
  /** No subject is hashed under such a text, so no keyed hash of a subject can be passed off as a seal. */
  const sealOf = (hash: string): string => protection.hash(`audit chain ${hash}`);

  const headSeal = (number: number, hash: string): string => protection.authenticate("audit head", `${number}:${hash}`);

  /**
   * The next entry follows the sealed head. So where the last entries were cut off, the gap stays for all to see; a
   * head that was cut off or forged as well is told by those kept elsewhere.
   */
  function* nextLink(): Operation<Link> {
    const head = yield* readHead();
    if (head?.isSealed === true) return { number: head.number + 1, previousHash: head.hash };
    const [last] = yield statement(findLast);
    if (last === undefined) return { number: 1, previousHash: firstAuditHash };
    return { number: readNumber(last, "number") + 1, previousHash: readText(last, "hash") };
  }

  function* readHead(): Operation<StoredAuditHead | undefined> {
    const [row] = yield statement(findHead);
    if (row === undefined) return undefined;
    const number = readNumber(row, "number");
    const hash = readText(row, "hash");
    return { number, hash, isSealed: readText(row, "seal") === headSeal(number, hash) };
  }

  return {
    /** The lock is held to the end of the transaction, so the next one sees this entry as the head. */
    *append(entry, isOutcomeKept = false): Operation<number> {
      yield { kind: "lock", key: "audit" };
      const link = yield* nextLink();
      const subjectHash = entry.subject === undefined ? undefined : protection.hash(entry.subject);
      const content = auditContent(entry, link, subjectHash);
      const hash = auditHash(content);
      yield statement(
        insert,
        content.number,
        content.previousHash,
        content.at,
        content.event,
        ...auditTexts.map((name) => content[name] ?? null),
        content.concerns ?? null,
        hash,
        sealOf(hash),
      );
      yield statement(setHead, content.number, hash, headSeal(content.number, hash));
      const { event, messageId, outcome, code } = content;
      if (!isOutcomeKept && event === "query-ended" && messageId !== undefined && outcome !== undefined) {
        yield statement(keepOutcome, comparableId(messageId), outcome, code ?? null);
      }
      return content.number;
    },

    *read(after, limit): Operation<readonly AuditEntry[]> {
      const rows = yield statement(readAfter, after, limit);
      return rows.map((row) => {
        const entry = readEntry(row);
        return { ...entry, isSealed: readText(row, "seal") === sealOf(entry.hash) };
      });
    },

    readHead,

    *sealHead(): Operation<void> {
      const [last] = yield statement(findLast);
      const number = last === undefined ? 0 : readNumber(last, "number");
      const hash = last === undefined ? firstAuditHash : readText(last, "hash");
      yield statement(setHead, number, hash, headSeal(number, hash));
    },
  };
}
