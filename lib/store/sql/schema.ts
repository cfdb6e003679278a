// The tables of the store and the steps by which older ones are brought up to date.
import type { Operation } from "./sql-operation.js";

/** The types and clauses that differ between the two databases. */
export interface SchemaDialect {
  readonly table: (name: string) => string;
  /** Never gives a number twice, not even that of a removed row. */
  readonly rowId: string;
  readonly plainRowId: string;
  readonly integer: string;
  readonly bytes: string;
  readonly maximum: string;
  readonly storedColumn: string;
  readonly tableEnd: string;
  /** An expression that gives twelve hexadecimal digits, other ones each time. */
  readonly randomId: string;
  /** Statements after those of the version, by its number. */
  readonly extra: Readonly<Record<number, readonly string[]>>;
}

export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
  /** After the statements, in the same transaction: what needs the store's key. */
  readonly operation?: () => Operation<void>;
}

/**
 * `due_at` and `is_finished` follow from other columns, so they cannot contradict them. `is_blocked`: an earlier
 * message of the same ordered destination is unfinished. What workers look for stands in partial indexes, whose size
 * is that of the unfinished work alone.
 */
function firstVersion(dialect: SchemaDialect): readonly string[] {
  const { integer, bytes, maximum, storedColumn, tableEnd } = dialect;
  const message = dialect.table("message");
  return [
    `CREATE TABLE ${message} (
      id ${dialect.rowId},
      direction TEXT NOT NULL CHECK (direction IN ('outbound', 'inbound')),
      state TEXT NOT NULL,
      channel TEXT NOT NULL,
      destination TEXT NOT NULL,
      is_ordered ${integer} NOT NULL CHECK (is_ordered IN (0, 1)),
      is_blocked ${integer} NOT NULL CHECK (is_blocked IN (0, 1)),
      interaction TEXT NOT NULL,
      service TEXT NOT NULL,
      message_id TEXT NOT NULL,
      conversation_id TEXT NOT NULL,
      ref_to_message_id TEXT,
      application_id TEXT,
      from_party TEXT NOT NULL,
      to_party TEXT NOT NULL,
      subject_hash TEXT,
      created_at ${integer} NOT NULL,
      updated_at ${integer} NOT NULL,
      next_attempt_at ${integer},
      deadline ${integer},
      attempts ${integer} NOT NULL,
      lease_owner TEXT,
      lease_until ${integer},
      acknowledged_at ${integer},
      answered_at ${integer},
      answered_by ${integer},
      error_code TEXT,
      original_id ${integer},
      attributes TEXT NOT NULL,
      content_bytes ${integer} NOT NULL,
      due_at ${integer} GENERATED ALWAYS AS
        (${maximum}(coalesce(lease_until, 0), coalesce(next_attempt_at, created_at))) ${storedColumn},
      is_finished ${integer} GENERATED ALWAYS AS
        (CASE WHEN state IN ('completed', 'failed', 'expired', 'confirmed', 'rejected') THEN 1 ELSE 0 END)
        ${storedColumn}
    ) ${tableEnd}`,
    `CREATE TABLE ${dialect.table("content")} (
      message_id ${integer} PRIMARY KEY REFERENCES ${message} (id) ON DELETE CASCADE,
      key_id TEXT NOT NULL,
      sealed ${bytes} NOT NULL
    ) ${tableEnd}`,
    `CREATE TABLE ${dialect.table("inbound_reply")} (
      from_party TEXT NOT NULL,
      message_id TEXT NOT NULL,
      accepted_id ${integer} NOT NULL,
      body_digest TEXT NOT NULL,
      status ${integer} NOT NULL,
      content_type TEXT NOT NULL,
      key_id TEXT NOT NULL,
      sealed ${bytes} NOT NULL,
      duplicate_until ${integer} NOT NULL,
      PRIMARY KEY (from_party, message_id)
    ) ${tableEnd}`,
    `CREATE TABLE ${dialect.table("history")} (
      id ${dialect.plainRowId},
      message_id ${integer} NOT NULL REFERENCES ${message} (id) ON DELETE CASCADE,
      at ${integer} NOT NULL,
      state TEXT NOT NULL,
      code TEXT
    ) ${tableEnd}`,
    `CREATE TABLE ${dialect.table("sequence")} (name TEXT PRIMARY KEY, value ${integer} NOT NULL) ${tableEnd}`,
    `CREATE TABLE ${dialect.table("probe")} (id ${integer} PRIMARY KEY, value ${integer} NOT NULL) ${tableEnd}`,
    `INSERT INTO ${dialect.table("probe")} (id, value) VALUES (1, 0)`,
    `CREATE INDEX message_due ON ${message} (channel, direction, state, due_at, id, created_at)
      WHERE is_finished = 0 AND is_blocked = 0`,
    `CREATE INDEX message_ordered ON ${message} (channel, direction, destination, id)
      WHERE is_finished = 0 AND is_ordered = 1`,
    `CREATE UNIQUE INDEX message_outbound_id ON ${message} (message_id) WHERE direction = 'outbound'`,
    `CREATE INDEX message_inbound_id ON ${message} (message_id, id) WHERE direction = 'inbound'`,
    `CREATE INDEX message_conversation ON ${message} (conversation_id, id)`,
    `CREATE INDEX message_time ON ${message} (created_at, id)`,
    `CREATE INDEX message_state ON ${message} (state, created_at, id)`,
    `CREATE INDEX message_interaction ON ${message} (interaction, created_at, id)`,
    `CREATE INDEX message_channel ON ${message} (channel, state, created_at, id)`,
    `CREATE INDEX message_error ON ${message} (error_code, created_at, id) WHERE error_code IS NOT NULL`,
    `CREATE INDEX message_subject ON ${message} (subject_hash, created_at, id) WHERE subject_hash IS NOT NULL`,
    `CREATE INDEX content_key ON ${dialect.table("content")} (key_id)`,
    `CREATE INDEX reply_key ON ${dialect.table("inbound_reply")} (key_id)`,
    `CREATE INDEX reply_end ON ${dialect.table("inbound_reply")} (duplicate_until)`,
    `CREATE INDEX history_message ON ${dialect.table("history")} (message_id, id)`,
  ];
}

/** What an acceptor wants back with the answer stands beside the content. */
function secondVersion(dialect: SchemaDialect): readonly string[] {
  return [`ALTER TABLE ${dialect.table("content")} ADD COLUMN sealed_context ${dialect.bytes}`];
}

/**
 * The audit's entries follow each other by `number`; each dialect adds what refuses any change to one.
 */
function auditTable(dialect: SchemaDialect): readonly string[] {
  const { integer, tableEnd } = dialect;
  return [
    `CREATE TABLE ${dialect.table("audit")} (
      number ${integer} PRIMARY KEY,
      previous_hash TEXT NOT NULL UNIQUE,
      at ${integer} NOT NULL,
      event TEXT NOT NULL,
      user_id TEXT,
      role_profile_id TEXT,
      role TEXT,
      organisation TEXT,
      system_id TEXT,
      subject_hash TEXT,
      interaction TEXT,
      message_id TEXT,
      conversation_id TEXT,
      application_id TEXT,
      outcome TEXT,
      code TEXT,
      concerns ${integer},
      hash TEXT NOT NULL,
      seal TEXT NOT NULL
    ) ${tableEnd}`,
  ];
}

/** What people do is kept with their names; an old row has none. */
function thirdVersion(dialect: SchemaDialect): readonly string[] {
  return [
    `ALTER TABLE ${dialect.table("history")} ADD COLUMN by_user TEXT`,
    `ALTER TABLE ${dialect.table("message")} ADD COLUMN dealt_with_at ${dialect.integer}`,
    `CREATE INDEX message_dead ON ${dialect.table("message")} (channel, interaction)
      WHERE state IN ('failed', 'expired') AND dealt_with_at IS NULL`,
  ];
}

/**
 * `identity`: which life of which store this is. `audit_head`: the last entry of the audit, sealed, so that one that is
 * cut off at its end is noticed. `lease`: who of several instances does what only one should do. `instance`: which
 * instances there are, and how far their clocks are from the database's.
 */
function fourthVersion(dialect: SchemaDialect): readonly string[] {
  const { integer, tableEnd, randomId } = dialect;
  const table = (name: string): string => dialect.table(name);
  return [
    `CREATE TABLE ${table("identity")} (
      id ${integer} PRIMARY KEY CHECK (id = 1),
      store_id TEXT NOT NULL,
      generation ${integer} NOT NULL
    ) ${tableEnd}`,
    `INSERT INTO ${table("identity")} (id, store_id, generation) VALUES (1, ${randomId}, 1)`,
    `CREATE TABLE ${table("audit_head")} (
      id ${integer} PRIMARY KEY CHECK (id = 1),
      number ${integer} NOT NULL,
      hash TEXT NOT NULL,
      seal TEXT NOT NULL
    ) ${tableEnd}`,
    `CREATE TABLE ${table("lease")} (
      name TEXT PRIMARY KEY, owner TEXT NOT NULL, until ${integer} NOT NULL
    ) ${tableEnd}`,
    `CREATE TABLE ${table("instance")} (
      owner TEXT PRIMARY KEY, seen_at ${integer} NOT NULL, skew ${integer} NOT NULL
    ) ${tableEnd}`,
  ];
}

/** What came of a request or a file. Of the queries so far it is known from the audit. */
function outcomeColumns(dialect: SchemaDialect): readonly string[] {
  const message = dialect.table("message");
  return [
    `ALTER TABLE ${message} ADD COLUMN outcome TEXT`,
    `ALTER TABLE ${message} ADD COLUMN outcome_code TEXT`,
    `UPDATE ${message} SET outcome = ended.outcome, outcome_code = ended.code FROM ${dialect.table("audit")} AS ended
      WHERE ended.event = 'query-ended' AND direction = 'outbound' AND ended.message_id = ${message}.message_id`,
    `CREATE INDEX message_outcome ON ${message} (outcome, created_at, id) WHERE outcome IS NOT NULL`,
    `CREATE INDEX message_outcome_code ON ${message} (outcome_code, created_at, id) WHERE outcome_code IS NOT NULL`,
  ];
}

/** In order. A new version is added at the end; one that was released is never changed. */
export function createMigrations(dialect: SchemaDialect, sealHead: () => Operation<void>): readonly Migration[] {
  const versions: readonly Migration[] = [
    { version: 1, statements: firstVersion(dialect) },
    { version: 2, statements: secondVersion(dialect) },
    { version: 3, statements: [...thirdVersion(dialect), ...auditTable(dialect)] },
    { version: 4, statements: fourthVersion(dialect), operation: sealHead },
    { version: 5, statements: outcomeColumns(dialect) },
  ];
  return versions.map((migration) => ({
    ...migration,
    statements: [...migration.statements, ...(dialect.extra[migration.version] ?? [])],
  }));
}
