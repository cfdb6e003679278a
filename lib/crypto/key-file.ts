// Keeps the key ring of the embedded store in a private file, made on first use.
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError, isCpisError } from "../errors.js";
import { createKeyRing, encodeKeyRing, type KeyRing, parseKeyRing, type RandomBytes } from "./key-ring.js";

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function unusable(error: unknown): CpisError {
  const code = systemCode(error) ?? "unknown";
  return new CpisError("STORE_KEY_INVALID", { detail: `the key file cannot be used (${code})`, cause: error });
}

/** Windows has no such rights; there the folder's own guard the file. */
function refuseExposed(mode: number): void {
  const rights = mode & 0o777;
  if (process.platform === "win32" || (rights & 0o077) === 0) return;
  throw new CpisError("STORE_KEY_EXPOSED", { detail: `its rights are ${rights.toString(8)}` });
}

/** Undefined when there is none. Throws STORE_KEY_INVALID, or STORE_KEY_EXPOSED for one that others may read. */
export async function readKeyFile(file: string): Promise<KeyRing | undefined> {
  let text: string;
  try {
    const handle = await fs.open(file, "r");
    try {
      refuseExposed((await handle.stat()).mode);
      text = await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isCpisError(error)) throw error;
    if (systemCode(error) === "ENOENT") return undefined;
    throw unusable(error);
  }
  return parseKeyRing(text);
}

/** A file of its own beside the target, complete and on disk before it gets the target's name. */
async function writeBeside(file: string, ring: KeyRing, randomBytes: RandomBytes): Promise<string> {
  const beside = `${file}.${Buffer.from(randomBytes(8)).toString("hex")}`;
  const handle = await fs.open(beside, "wx", 0o600);
  try {
    await handle.writeFile(encodeKeyRing(ring));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return beside;
}

/** Makes the new name itself survive a crash. Windows cannot open folders, and needs it not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads the key file, or makes it. Of several processes that make it at once one wins and all get its ring: a hard link
 * never replaces a file that is there. Throws STORE_KEY_INVALID; a damaged file is never replaced, since a new key
 * could open nothing.
 */
export async function createOrLoadKeyFile(file: string, randomBytes: RandomBytes): Promise<KeyRing> {
  const known = await readKeyFile(file);
  if (known !== undefined) return known;
  try {
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const beside = await writeBeside(file, createKeyRing(randomBytes), randomBytes);
    try {
      await fs.link(beside, file);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    } finally {
      await fs.unlink(beside);
    }
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw unusable(error);
  }
  const made = await readKeyFile(file);
  if (made === undefined) throw new CpisError("STORE_KEY_INVALID", { detail: "the key file vanished" });
  return made;
}

/** Replaces the file's ring in one step, as after a rotation. Throws STORE_KEY_INVALID. */
export async function replaceKeyFile(file: string, ring: KeyRing, randomBytes: RandomBytes): Promise<void> {
  try {
    await fs.rename(await writeBeside(file, ring, randomBytes), file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw unusable(error);
  }
}
