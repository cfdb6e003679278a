// Copies an embedded store while it is in use, and judges a copy before it is put in a store's place.
import fs from "node:fs/promises";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { CpisError } from "../../errors.js";
import { codedSqliteError } from "./sqlite-errors.js";
import { loadSqlite, readSchemaVersion } from "./sqlite-message-store.js";

export interface StoreCopy {
  readonly schemaVersion: number;
  readonly messages: number;
  readonly unfinished: number;
  /** Of the last entry; 0 of an empty audit or of a store that had none. */
  readonly lastAuditNumber: number;
  readonly bytes: number;
}

function countOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.["count"] ?? 0);
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return countOf(database, `SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name = '${name}'`) > 0;
}

/**
 * Looks into a file of messages, which may be in use by another process, and never by this one. Throws STORE_CORRUPT
 * for one that is damaged, and STORE_UNAVAILABLE for one that is not there.
 */
export async function inspectStoreFile(file: string): Promise<StoreCopy> {
  const Database = await loadSqlite();
  try {
    const { size } = await fs.stat(file);
    const database = new Database(file, { readOnly: true });
    try {
      const integrity: unknown = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
      if (integrity !== "ok") throw new CpisError("STORE_CORRUPT", { detail: "SQLite's check of its integrity" });
      const schemaVersion = readSchemaVersion(database);
      if (schemaVersion === 0) throw new CpisError("STORE_CORRUPT", { detail: "it holds no message store" });
      return {
        schemaVersion,
        messages: countOf(database, "SELECT count(*) AS count FROM message"),
        unfinished: countOf(database, "SELECT count(*) AS count FROM message WHERE is_finished = 0"),
        lastAuditNumber: hasTable(database, "audit") ? countOf(database, "SELECT max(number) AS count FROM audit") : 0,
        bytes: size,
      };
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new CpisError("STORE_UNAVAILABLE", { detail: "there is no such file", cause: error });
    }
    throw codedSqliteError(error);
  }
}

/** One file, complete and on disk, of one moment of the store, whatever is written meanwhile. Throws STORE_*. */
export async function backUpStore(folder: string, target: string): Promise<StoreCopy> {
  const Database = await loadSqlite();
  const source = path.join(folder, "messages.sqlite");
  // A new file is private before anything is in it; SQLite takes an empty one for its copy.
  const handle = await fs.open(target, "wx", 0o600);
  try {
    try {
      const database = new Database(source, { readOnly: true, timeout: 10_000 });
      try {
        database.prepare("VACUUM INTO ?").run(target);
      } finally {
        database.close();
      }
    } catch (error) {
      throw codedSqliteError(error);
    }
    await handle.sync();
  } catch (error) {
    await fs.rm(target, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return inspectStoreFile(target);
}
