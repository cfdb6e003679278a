// Gives one process the sole use of a folder, and keeps the folder's files private.
import fs from "node:fs";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { CpisError } from "../../errors.js";
import { codedSqliteError, isBusy } from "./sqlite-errors.js";

export interface OwnedFolder {
  readonly databaseFile: string;
  release(): void;
}

/**
 * Made private before SQLite opens it; SQLite gives its side files the same rights. An existing file is never opened
 * here: closing it would end the locks that this process holds on it (POSIX advisory locks).
 */
function ensurePrivateFile(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    fs.chmodSync(file, 0o600);
  }
}

function readOwner(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").slice(0, 100);
  } catch {
    return "an unknown process";
  }
}

/**
 * The lock is the operating system's own, taken by SQLite on a file beside the messages: it ends with its process
 * however that dies, so it is never stale, whatever becomes of process numbers, also across containers that share the
 * folder. The owner's file only tells people who holds it. Throws STORE_LOCKED or STORE_UNAVAILABLE.
 */
export function takeFolder(
  folder: string,
  Database: typeof DatabaseSync,
  owner: { readonly pid: number; readonly startedAt: number },
): OwnedFolder {
  const ownerFile = path.join(folder, "owner.txt");
  const databaseFile = path.join(folder, "messages.sqlite");
  const lockFile = path.join(folder, "lock.sqlite");
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    ensurePrivateFile(lockFile);
    ensurePrivateFile(databaseFile);
  } catch (error) {
    throw new CpisError("STORE_UNAVAILABLE", { detail: "the folder cannot be used", cause: error });
  }
  const lock = takeLock(lockFile, ownerFile, Database);
  const text = `process ${owner.pid} since ${new Date(owner.startedAt).toISOString()}`;
  try {
    fs.writeFileSync(ownerFile, text, { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw new CpisError("STORE_UNAVAILABLE", { detail: "the owner's file cannot be written", cause: error });
  }
  return { databaseFile, release: () => lock.close() };
}

function takeLock(lockFile: string, ownerFile: string, Database: typeof DatabaseSync): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new Database(lockFile, { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw new CpisError("STORE_LOCKED", { detail: readOwner(ownerFile), cause: error });
    throw codedSqliteError(error);
  }
}
