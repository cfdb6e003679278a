// Proves that the folders of the MESH client can be used before anything is sent or received.
import { constants } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError } from "../../errors.js";
import { type FolderName, inFolder, type MeshFolders } from "./folder-files.js";
import type { FolderMailboxOptions } from "./folder-model.js";

export function foldersOf({
  root,
  stagingFolder,
  archiveFolder,
}: Pick<FolderMailboxOptions, "root" | "stagingFolder" | "archiveFolder">): MeshFolders {
  return {
    in: path.join(root, "IN"),
    out: path.join(root, "OUT"),
    sent: path.join(root, "SENT"),
    staging: stagingFolder ?? path.join(root, "cpis-staging"),
    archive: archiveFolder ?? path.join(root, "cpis-archive"),
  };
}

function invalid(detail: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail });
}

function isWithin(outer: string, inner: string): boolean {
  const way = path.relative(outer, inner);
  return way === "" || !(way.startsWith("..") || path.isAbsolute(way));
}

/** A folder that is used for two things would make each take the files of the other. */
function checkOwnPlaces(root: string, { staging, archive }: MeshFolders): void {
  if (!path.isAbsolute(root)) throw invalid("the root folder of the MESH client must be an absolute path");
  const clients = ["IN", "OUT", "SENT", "TEMP"].map((name) => path.join(root, name));
  for (const [own, other] of [
    [staging, archive],
    [archive, staging],
  ] as const) {
    const isClients = isWithin(own, root) || clients.some((folder) => isWithin(folder, own));
    if (isClients || isWithin(other, own) || !path.isAbsolute(own)) {
      throw invalid("staging and archive must be folders of their own, outside those of the MESH client");
    }
  }
}

/** Made by the client: one that we made would hide that its file system is not mounted, or its root another. */
async function checkClientFolder(name: FolderName, folder: string, mode: number): Promise<void> {
  await inFolder(name, async () => {
    await fs.readdir(folder);
    await fs.access(folder, mode);
  });
}

async function checkOwnFolder(name: FolderName, folder: string, probe: string): Promise<void> {
  await inFolder(name, async () => {
    await fs.mkdir(folder, { recursive: true, mode: 0o770 });
    const file = path.join(folder, probe);
    await fs.writeFile(file, "");
    await fs.rm(file);
  });
}

export interface FolderCheck {
  readonly name: FolderName;
  /** Throws CONFIG_INVALID or MESH_FOLDER_*. */
  run(): Promise<void>;
}

async function checkFileSystem({ staging, out }: MeshFolders): Promise<void> {
  const [ours, theirs] = await inFolder("staging", () => Promise.all([fs.stat(staging), fs.stat(out)]));
  if (ours.dev !== theirs.dev) {
    throw invalid("the staging folder must be on the file system of the MESH client's OUT");
  }
}

/**
 * What each folder must be, one after the other. In the client's folders nothing is written: whatever is in OUT would be
 * sent. `probe` is a name that no other file has. Throws CONFIG_INVALID when the folders cannot be told apart.
 */
export function folderChecks(root: string, folders: MeshFolders, probe: string): readonly FolderCheck[] {
  checkOwnPlaces(root, folders);
  const { R_OK, W_OK } = constants;
  return [
    { name: "in", run: () => checkClientFolder("in", folders.in, R_OK | W_OK) },
    { name: "out", run: () => checkClientFolder("out", folders.out, R_OK | W_OK) },
    { name: "sent", run: () => checkClientFolder("sent", folders.sent, R_OK) },
    {
      name: "staging",
      run: async () => {
        await checkOwnFolder("staging", folders.staging, probe);
        await checkFileSystem(folders);
      },
    },
    { name: "archive", run: () => checkOwnFolder("archive", folders.archive, probe) },
  ];
}

/** Throws CONFIG_INVALID or MESH_FOLDER_*. `probe` is a name that no other file has. */
export async function checkFolders(root: string, folders: MeshFolders, probe: string): Promise<void> {
  for (const check of folderChecks(root, folders, probe)) await check.run();
}
