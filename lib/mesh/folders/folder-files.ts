// Reads, writes and moves files in the folders of the MESH client: durably, and never through a link.
import { constants } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError, type ErrorCode, isCpisError } from "../../errors.js";

/** Where the client's folders are, and ours. */
export interface MeshFolders {
  readonly in: string;
  readonly out: string;
  readonly sent: string;
  readonly staging: string;
  readonly archive: string;
}

export type FolderName = keyof MeshFolders;

export interface FolderEntry {
  readonly name: string;
  readonly bytes: number;
  /** Changes when the file does. */
  readonly signature: string;
  /** Of its last change. */
  readonly modifiedAt: number;
}

const codeByErrno: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "MESH_FOLDER_MISSING",
  ENOTDIR: "MESH_FOLDER_MISSING",
  EACCES: "MESH_FOLDER_DENIED",
  EPERM: "MESH_FOLDER_DENIED",
  EROFS: "MESH_FOLDER_DENIED",
  ENOSPC: "MESH_FOLDER_FULL",
  EDQUOT: "MESH_FOLDER_FULL",
  EFBIG: "MESH_FOLDER_FULL",
};

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export function codeOfErrno(errno: string): ErrorCode {
  return codeByErrno[errno] ?? "MESH_FOLDER_FAILED";
}

/** Says which of the folders it was and the system's own code, and no path: a file's name is its writer's choice. */
function folderError(folder: FolderName, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || isCpisError(error)) return error;
  return new CpisError(codeOfErrno(errno), { detail: `${folder.toUpperCase()}: ${errno}`, cause: error });
}

/** Throws MESH_FOLDER_* for what the file system refuses. */
export async function inFolder<Result>(folder: FolderName, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw folderError(folder, error);
  }
}

function ignoring(errnos: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!errnos.includes(errnoOf(error) ?? "")) throw error;
    return undefined;
  };
}

const ifThere = ignoring(["ENOENT"]);
/** Not every file system can do it; on those a new name is on disk with its file. */
const ifSupported = ignoring([
  "EISDIR",
  "EINVAL",
  "ENOTSUP",
  ...(process.platform === "win32" ? ["EPERM", "EACCES"] : []),
]);

/** Undefined for one that is gone, and for what is no regular file. */
export async function findFile(folder: string, name: string): Promise<FolderEntry | undefined> {
  const stat = await fs.lstat(path.join(folder, name)).catch(ifThere);
  if (stat?.isFile() !== true) return undefined;
  const { size, mtimeMs, ctimeMs, ino } = stat;
  return { name, bytes: size, signature: [size, mtimeMs, ctimeMs, ino].join(" "), modifiedAt: mtimeMs };
}

/** The regular files of a folder, oldest first. Links and folders are left alone. */
export async function listFiles(folder: string): Promise<readonly FolderEntry[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true });
  const found: FolderEntry[] = [];
  for (const { name } of entries.filter((entry) => entry.isFile())) {
    const entry = await findFile(folder, name);
    if (entry !== undefined) found.push(entry);
  }
  return found.sort((one, other) => one.modifiedAt - other.modifiedAt || (one.name < other.name ? -1 : 1));
}

export async function isThere(file: string): Promise<boolean> {
  return (await fs.lstat(file).catch(ifThere)) !== undefined;
}

/** A link in the last place of the path is refused with ELOOP. On Windows the second is undefined, and counts as 0. */
const withoutLinks = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Piece by piece. */
export async function* readFile(file: string): AsyncGenerator<Buffer> {
  const handle = await fs.open(file, withoutLinks);
  try {
    for await (const piece of handle.createReadStream({ autoClose: false })) if (Buffer.isBuffer(piece)) yield piece;
  } finally {
    await handle.close();
  }
}

/** The whole of a small file, or its first `maximumBytes`. */
export async function readStart(file: string, maximumBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of readFile(file)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= maximumBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maximumBytes);
}

/** New, or in place of what stands there; on disk when it resolves, its name only after `syncFolder`. */
export async function writeFileDurably(file: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  await fs.rm(file, { force: true });
  const handle = await fs.open(file, "wx", 0o660);
  try {
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Renamings in the folder are on disk when it resolves. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, "r").catch(ifSupported);
  if (handle === undefined) return;
  try {
    await handle.sync().catch(ifSupported);
  } finally {
    await handle.close();
  }
}

async function copyOver(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`;
  await writeFileDurably(partial, readFile(from));
  await fs.rename(partial, to);
  await syncFolder(path.dirname(to));
  await fs.rm(from, { force: true });
}

/** Also to another file system. Gives false when the file is gone. */
export async function moveFile(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
  } catch (error) {
    if (errnoOf(error) === "EXDEV") await copyOver(from, to);
    else if (errnoOf(error) === "ENOENT" && !(await isThere(from)) && (await isThere(path.dirname(to)))) return false;
    else throw error;
  }
  return true;
}

export async function removeFile(file: string): Promise<void> {
  await fs.rm(file, { force: true });
}
