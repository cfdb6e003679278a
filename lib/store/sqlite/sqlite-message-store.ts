// The embedded message store: one SQLite file in a folder of its own, used by one process.
import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { CpisError } from "../../errors.js";
import { createGroupCommit, numberedParameters } from "./group-commit.js";
import type { ContentProtection, MessageStore, StorageMode } from "../message-store.js";
import { createMigrations, type Migration, type SchemaDialect } from "../sql/schema.js";
import { type Dialect, type Operation, statement } from "../sql/sql-operation.js";
import { createAuditOperations } from "../sql/audit-operations.js";
import { createSqlMessageStore, createStoreListeners } from "../sql/sql-message-store.js";
import { codedSqliteError } from "./sqlite-errors.js";
import { takeFolder, type OwnedFolder } from "./sqlite-folder.js";

/** Bytes. */
export interface DiskSpace {
  readonly total: number;
  readonly free: number;
}

export interface FoundStore {
  /** False for a folder without the file of messages, or with an empty one. */
  readonly isThere: boolean;
  /** See StoreIdentity; absent in a store of a version that had none. */
  readonly identity?: string;
}

export interface SqliteMessageStoreOptions {
  /**
   * Made if need be; on a local disk, since locks and durability of network drives cannot be relied on. ":memory:" keeps
   * everything in the memory of this process, and nothing on disk: what is in it ends with the store.
   */
  readonly folder: string;
  /** Or what gives it, once it is known whether the folder holds a store: a lost key is no reason for a new one. */
  readonly protection: ContentProtection | ((found: FoundStore) => Promise<ContentProtection>);
  /** Default "full". */
  readonly mode?: StorageMode;
  /** Beyond this size of the message file new messages are refused with STORE_FULL. Default: what the disk has to spare. */
  readonly maximumBytes?: number;
  /**
   * The disk's space, looked at now and then: a tenth of the disk, at most 1 GB, is left free for what else lives on it.
   * Default: that of the folder's disk.
   */
  diskSpace?(): DiskSpace;
  /** Milliseconds since 1970; only tells people since when the folder is in use. */
  now(): number;
}

/** The first schema that has one. */
const identityVersion = 4;
const pageBytes = 4096;
/** As SQLite names a database without a file. */
const inMemory = ":memory:";
const heldInMemory: OwnedFolder = { databaseFile: inMemory, release: () => undefined };
/** How long a backup program or a person's tool may hold the file while it is opened. */
const busyMilliseconds = 2000;

export const sqliteDialect: Dialect = {
  table: (name) => name,
  indexedBy: (index) => `INDEXED BY ${index}`,
  claimLock: "",
  isOneOf: (column, subquery) => `${column} IN (${subquery})`,
  countStatement: "SELECT channel, state, count FROM state_count WHERE count > 0",
  lastRowId: "SELECT seq AS value FROM sqlite_sequence WHERE name = 'message'",
  randomId: "lower(hex(randomblob(6)))",
};

/** Counted as they change: counting a million rows would hold the event loop. */
const stateCounts = [
  `CREATE TABLE state_count (channel TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (channel, state)) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER count_insert AFTER INSERT ON message BEGIN
    INSERT INTO state_count VALUES (new.channel, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END`,
  `CREATE TRIGGER count_update AFTER UPDATE OF state ON message WHEN new.state <> old.state BEGIN
    UPDATE state_count SET count = count - 1 WHERE channel = old.channel AND state = old.state;
    INSERT INTO state_count VALUES (new.channel, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END`,
  `CREATE TRIGGER count_delete AFTER DELETE ON message BEGIN
    UPDATE state_count SET count = count - 1 WHERE channel = old.channel AND state = old.state;
  END`,
];

/** Also against another hand with the file open. */
const appendOnly = ["UPDATE", "DELETE"].map(
  (change) => `CREATE TRIGGER audit_no_${change.toLowerCase()} BEFORE ${change} ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
  END`,
);

/** REPLACE removes the row that is in its way without a word to the trigger of deletions. */
const appendAtEndOnly = [
  `CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE number >= new.number OR previous_hash = new.previous_hash) BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
  END`,
];

const schemaDialect: SchemaDialect = {
  table: sqliteDialect.table,
  rowId: "INTEGER PRIMARY KEY AUTOINCREMENT",
  plainRowId: "INTEGER PRIMARY KEY",
  integer: "INTEGER",
  bytes: "BLOB",
  maximum: "max",
  storedColumn: "STORED",
  tableEnd: "STRICT",
  randomId: sqliteDialect.randomId,
  extra: { 1: stateCounts, 3: appendOnly, 4: appendAtEndOnly },
};

export async function loadSqlite(): Promise<typeof DatabaseSync> {
  try {
    return (await import("node:sqlite")).DatabaseSync;
  } catch (error) {
    throw new CpisError("STORE_NODE_VERSION", { detail: `this is ${process.version}`, cause: error });
  }
}

export function readSchemaVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function migrate(database: DatabaseSync, steps: readonly Migration[]): void {
  // Asked first: a store that is up to date opens without waiting for a writer.
  if (readSchemaVersion(database) === steps.at(-1)?.version) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const current = readSchemaVersion(database);
    const newest = steps.at(-1)?.version ?? 0;
    if (current > newest) throw new CpisError("STORE_SCHEMA_NEWER", { detail: `version ${current}, known ${newest}` });
    for (const { version, statements, operation } of steps.filter((step) => step.version > current)) {
      for (const sql of statements) database.exec(sql);
      if (operation !== undefined) runSteps(database, operation());
      database.exec(`PRAGMA user_version = ${version}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function runSteps(database: DatabaseSync, operation: Operation<void>): void {
  let next = operation.next([]);
  while (next.done !== true) {
    const step = next.value;
    const isStatement = step.kind === "statement";
    next = operation.next(isStatement ? database.prepare(step.sql).all(numberedParameters(step.parameters)) : []);
  }
}

/** What every promise of this store rests on; a kill of the process shows none of it, and a cut of the power does. */
const neededPragmas: Readonly<Record<string, string | number>> = {
  journal_mode: "wal",
  // FULL: a commit is on the disk before the caller is told.
  synchronous: 2,
  foreign_keys: 1,
  fullfsync: 1,
  checkpoint_fullfsync: 1,
  ignore_check_constraints: 0,
};

/** Throws STORE_INTERNAL for a connection that does not have what it was asked for. */
export function ensureSafe(database: DatabaseSync): void {
  for (const [name, needed] of Object.entries(neededPragmas)) {
    const found = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    if (found !== needed) throw new CpisError("STORE_INTERNAL", { detail: `SQLite has ${name} ${String(found)}` });
  }
}

const reserveShare = 0.1;
const largestReserveBytes = 1_000_000_000;
const spaceLookMilliseconds = 15_000;
/** The limit moves in steps of 4 megabytes, so that few texts of its statement come about. */
const pagesPerStep = 1024;

/** What a store leaves free of its disk, in bytes. */
export function reservedBytes({ total }: Pick<DiskSpace, "total">): number {
  return Math.min(total * reserveShare, largestReserveBytes);
}

function diskSpaceOf(folder: string): DiskSpace {
  const { bsize, blocks, bavail } = fs.statfsSync(folder);
  return { total: bsize * blocks, free: bsize * bavail };
}

/** Pages that the file of messages may have: never fewer than it has, which SQLite sees to. */
function largestPageCount(usedBytes: number, space: DiskSpace, maximumBytes = Number.POSITIVE_INFINITY): number {
  const spare = Math.max(0, space.free - reservedBytes(space));
  const bySpace = Math.ceil((usedBytes + spare) / pageBytes / pagesPerStep) * pagesPerStep;
  const pages = spare === 0 ? usedBytes / pageBytes : bySpace;
  return Math.max(1, Math.floor(Math.min(pages, maximumBytes / pageBytes)));
}

function openDatabase(
  Database: typeof DatabaseSync,
  file: string,
  largestPages: () => number,
  migrations: readonly Migration[],
): DatabaseSync {
  const database = new Database(file, { timeout: busyMilliseconds, enableForeignKeyConstraints: true });
  try {
    database.exec(`PRAGMA page_size = ${pageBytes}`);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    // On macOS a plain fsync does not reach the disk; elsewhere these two change nothing.
    database.exec("PRAGMA fullfsync = ON");
    database.exec("PRAGMA checkpoint_fullfsync = ON");
    // Pages that many commits change, as those of indexes, are copied to the file once for all of them: 16 megabytes.
    database.exec("PRAGMA wal_autocheckpoint = 4096");
    database.exec("PRAGMA journal_size_limit = 67108864");
    database.exec("PRAGMA cache_size = -16000");
    // What is never on a disk need not wait for one.
    if (file !== inMemory) ensureSafe(database);
    migrate(database, migrations);
    database.exec(`PRAGMA max_page_count = ${largestPages()}`);
    // From here on those who use it wait themselves: SQLite would wait on the event loop.
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The write-ahead log is read as well: a store may lie in it alone. */
function findStore(Database: typeof DatabaseSync, file: string): FoundStore {
  const database = new Database(file, { timeout: busyMilliseconds });
  try {
    const version = readSchemaVersion(database);
    if (version === 0) return { isThere: false };
    if (version < identityVersion) return { isThere: true };
    const identity = database.prepare("SELECT store_id FROM identity").get()?.["store_id"];
    return { isThere: true, ...(typeof identity === "string" ? { identity } : {}) };
  } finally {
    database.close();
  }
}

/**
 * Opens the store, making it or bringing it up to date. Throws STORE_NODE_VERSION below Node.js 22.13, STORE_LOCKED,
 * STORE_SCHEMA_NEWER, STORE_CORRUPT, STORE_FULL or STORE_UNAVAILABLE.
 */
export async function createSqliteMessageStore(options: SqliteMessageStoreOptions): Promise<MessageStore> {
  const Database = await loadSqlite();
  const owner = { pid: process.pid, startedAt: options.now() };
  const folder = options.folder === inMemory ? heldInMemory : takeFolder(options.folder, Database, owner);
  const listeners = createStoreListeners();
  try {
    const { protection: given } = options;
    const protection = typeof given === "function" ? await given(findStore(Database, folder.databaseFile)) : given;
    const largestPages = (): number => {
      if (options.folder === inMemory) return largestPageCount(0, { total: 0, free: Infinity }, options.maximumBytes);
      const space = options.diskSpace?.() ?? diskSpaceOf(options.folder);
      return largestPageCount(fs.statSync(folder.databaseFile).size, space, options.maximumBytes);
    };
    const audit = createAuditOperations({ dialect: sqliteDialect, protection });
    const migrations = createMigrations(schemaDialect, () => audit.sealHead());
    const runner = createGroupCommit(
      () => openDatabase(Database, folder.databaseFile, largestPages, migrations),
      listeners.tell,
    );
    const looking = setInterval(() => {
      const limit = statement(`PRAGMA max_page_count = ${largestPages()}`);
      void runner
        .run("read", function* () {
          yield limit;
        })
        // A store that cannot be asked tells so by its operations.
        .catch(() => undefined);
    }, spaceLookMilliseconds).unref();
    return createSqlMessageStore({
      dialect: sqliteDialect,
      protection,
      mode: options.mode ?? "full",
      runner,
      listeners,
      async close(): Promise<void> {
        clearInterval(looking);
        await runner.close();
        folder.release();
      },
    });
  } catch (error) {
    folder.release();
    throw codedSqliteError(error);
  }
}
