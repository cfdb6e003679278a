// The message store for several Node-RED instances that share the work over one PostgreSQL, version 12 or newer.
import { randomUUID } from "node:crypto";
import net, { type Socket } from "node:net";
import type { ClientConfig, PoolClient } from "pg";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import type { ContentProtection, MessageStore, StorageMode } from "../message-store.js";
import { type ClockReport, inDatabaseTime } from "./database-time.js";
import { breaksConnection } from "./postgres-errors.js";
import { listenForEvents } from "./postgres-events.js";
import { createPostgresRunner } from "./postgres-runner.js";
import { createMigrations, type Migration } from "../sql/schema.js";
import { type Dialect, type Operation, readNumber, type SqlRow, statement } from "../sql/sql-operation.js";
import { createAuditOperations } from "../sql/audit-operations.js";
import { createSqlMessageStore, createStoreListeners } from "../sql/sql-message-store.js";

export interface PostgresMessageStoreOptions {
  readonly host: string;
  /** Default 5432. */
  readonly port?: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** Verified TLS by default; false only for a server on the same machine. */
  readonly tls?: false | { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Letters, digits and underscores; made if need be. Default "cp_is". */
  readonly schema?: string;
  /** Beside one more that listens. Default 10. */
  readonly maximumConnections?: number;
  /** Default 10,000. */
  readonly connectTimeoutMilliseconds?: number;
  /** Default 15,000. */
  readonly statementTimeoutMilliseconds?: number;
  readonly protection: ContentProtection;
  /** Default "full". All instances should have the same. */
  readonly mode?: StorageMode;
  /**
   * The program's clock, in milliseconds since 1970. With it all times in the database are the database's own, however
   * far this clock or that of another instance is off; without it they are as they are given.
   */
  now?(): number;
  /** Names this instance where clocks are compared. Default: a random name. */
  readonly owner?: string;
  /** Each time that the clocks were compared. */
  clockMeasured?(report: ClockReport): void;
}

const schemaPattern = /^[a-z_][a-z0-9_]{0,40}$/;
/** The server ends a statement first; the client's own limit is for a server that no longer answers. */
const answerGraceMilliseconds = 2000;
/** A store that is closed waits so long for a server that no longer answers, and then ends the connections itself. */
const closeMilliseconds = 2000;

/** The sockets of all connections, so that they can be ended when the server does not answer a farewell. */
class Sockets {
  private readonly open = new Set<Socket>();
  private isCutOff = false;

  create(): Socket {
    const socket = new net.Socket();
    this.open.add(socket);
    socket.once("close", () => this.open.delete(socket));
    if (this.isCutOff) setImmediate(() => socket.destroy());
    return socket;
  }

  cutOff(): void {
    this.isCutOff = true;
    for (const socket of this.open) socket.destroy();
  }
}

/** Unlike any other, and no secret: gen_random_uuid() is newer than the oldest server that is taken. */
const randomId = "substr(md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text), 1, 12)";

/** `schema` is checked by the caller, since a name cannot be a parameter. */
export function createPostgresDialect(schema: string, claimsByClock = false): Dialect {
  const table = (name: string): string => `${schema}.${name}`;
  return {
    table,
    indexedBy: () => "",
    claimLock: "FOR UPDATE SKIP LOCKED",
    // An array is computed once, so that the rows are always found by the primary key.
    isOneOf: (column, subquery) => `${column} = ANY (ARRAY(${subquery}))`,
    countStatement: `SELECT channel, state, count(*) AS count FROM ${table("message")} GROUP BY channel, state`,
    lastRowId: `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS value FROM ${table("message_id_seq")}`,
    randomId,
    claimsByClock,
    clock: "(SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)",
  };
}

/** Also against another hand with the right to write. */
function appendOnly(table: (name: string) => string): readonly string[] {
  return [
    `CREATE FUNCTION ${table("refuse_audit_change")}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$`,
    `CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table("audit")}
      FOR EACH STATEMENT EXECUTE FUNCTION ${table("refuse_audit_change")}()`,
  ];
}

function createPostgresMigrations(dialect: Dialect, protection: ContentProtection): readonly Migration[] {
  const { table } = dialect;
  const audit = createAuditOperations({ dialect, protection });
  const schemaDialect = {
    table,
    rowId: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    plainRowId: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    integer: "BIGINT",
    bytes: "BYTEA",
    maximum: "greatest",
    storedColumn: "STORED",
    tableEnd: "",
    randomId,
    extra: { 3: appendOnly(table) },
  };
  return createMigrations(schemaDialect, () => audit.sealHead());
}

async function runSteps(client: PoolClient, operation: Operation<void>): Promise<void> {
  let next = operation.next([]);
  while (next.done !== true) {
    const step = next.value;
    const rows = step.kind === "statement" ? (await client.query<SqlRow>(step.sql, [...step.parameters])).rows : [];
    next = operation.next(rows);
  }
}

async function applyMigrations(client: PoolClient, schema: string, migrations: readonly Migration[]): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${schema}:migration`]);
  // Asked first: making a schema needs a right that using one does not.
  const { rowCount } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
  const versions = `${schema}.schema_version`;
  const { rows } = await client.query<{ oid: unknown }>("SELECT to_regclass($1) AS oid", [versions]);
  if (rows[0]?.oid === null) await client.query(`CREATE TABLE ${versions} (version BIGINT PRIMARY KEY)`);
  const found = await client.query<{ version: string | null }>(
    `SELECT max(version) AS version FROM ${schema}.schema_version`,
  );
  const current = Number(found.rows[0]?.version ?? 0);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) throw new CpisError("STORE_SCHEMA_NEWER", { detail: `version ${current}, known ${newest}` });
  for (const { version, statements, operation } of migrations.filter((migration) => migration.version > current)) {
    for (const sql of statements) await client.query(sql);
    if (operation !== undefined) await runSteps(client, operation());
    await client.query(`INSERT INTO ${schema}.schema_version (version) VALUES ($1)`, [version]);
  }
}

/** All instances may start at once: one migrates, the others wait for it. */
async function migrate(client: PoolClient, schema: string, migrations: readonly Migration[]): Promise<void> {
  await client.query("BEGIN");
  try {
    // A new index on many messages may take longer than a statement of daily work.
    await client.query("SET LOCAL statement_timeout = 0");
    await applyMigrations(client, schema, migrations);
    await client.query("COMMIT");
  } catch (error) {
    if (!breaksConnection(error)) await client.query("ROLLBACK");
    throw error;
  }
}

function clientConfig(options: PostgresMessageStoreOptions, sockets: Sockets): ClientConfig {
  const statementTimeout = options.statementTimeoutMilliseconds ?? 15_000;
  return {
    host: options.host,
    port: options.port ?? 5432,
    database: options.database,
    user: options.user,
    ...definedOnly({ password: options.password }),
    ssl: options.tls === false ? false : { ...options.tls, rejectUnauthorized: true },
    connectionTimeoutMillis: options.connectTimeoutMilliseconds ?? 10_000,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + answerGraceMilliseconds,
    // An instance that stops in the middle of a transaction must not keep its locks from the others.
    idle_in_transaction_session_timeout: statementTimeout,
    keepAlive: true,
    stream: () => sockets.create(),
    application_name: "cp-is-message-store",
  };
}

/**
 * Opens the store, making the schema or bringing it up to date. A database that is down is no error: operations throw
 * STORE_UNAVAILABLE until it is there. Throws STORE_DRIVER_MISSING, STORE_ACCESS_DENIED, STORE_SCHEMA_NEWER, or
 * CONFIG_INVALID for the schema's name.
 */
export async function createPostgresMessageStore(options: PostgresMessageStoreOptions): Promise<MessageStore> {
  const schema = options.schema ?? "cp_is";
  if (!schemaPattern.test(schema)) throw new CpisError("CONFIG_INVALID", { detail: "the schema's name" });
  const { Pool, Client } = await import("pg").catch((error: unknown) => {
    throw new CpisError("STORE_DRIVER_MISSING", { cause: error });
  });
  const sockets = new Sockets();
  const config = clientConfig(options, sockets);
  const channel = `${schema}_events`;
  const pool = new Pool({ ...config, max: options.maximumConnections ?? 10 });
  // An idle connection that breaks has left the pool already; the next operation opens another.
  pool.on("error", () => undefined);
  // The server's last word may come in the same packet as the one before it, when nobody else listens yet.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const listeners = createStoreListeners();
  const hasClock = options.now !== undefined;
  const dialect = createPostgresDialect(schema, hasClock);
  const migrations = createPostgresMigrations(dialect, options.protection);
  const runner = createPostgresRunner({ pool, channel, prepare: (client) => migrate(client, schema, migrations) });
  const events = listenForEvents(() => new Client(config), channel, listeners.tell);

  const working = createSqlMessageStore({
    dialect,
    protection: options.protection,
    mode: options.mode ?? "full",
    runner,
    listeners,
    async close(): Promise<void> {
      await Promise.all([events.close(), pool.end()]);
    },
  });
  const opened: MessageStore = {
    ...working,
    close(): Promise<void> {
      const timer = setTimeout(() => sockets.cutOff(), closeMilliseconds);
      return working.close().finally(() => clearTimeout(timer));
    },
  };
  await refuseHopeless(opened);
  await events.firstAttempt;
  if (!hasClock) return opened;
  return inDatabaseTime(opened, {
    owner: options.owner ?? randomUUID(),
    now: () => options.now?.() ?? Date.now(),
    monotonic: () => performance.now(),
    readClock: () =>
      runner.run("read", function* () {
        const [row] = yield statement(`SELECT ${dialect.clock ?? "0"} AS value`);
        if (row === undefined) throw new CpisError("STORE_INTERNAL", { detail: "the database gave no time" });
        return readNumber(row, "value");
      }),
    measured: (report) => options.clockMeasured?.(report),
  });
}

/** What waiting cannot mend is said at once. */
async function refuseHopeless(store: MessageStore): Promise<void> {
  try {
    await store.oldestUnfinished();
  } catch (error) {
    if (isCpisError(error) && error.retryable) return;
    await store.close();
    throw error;
  }
}
