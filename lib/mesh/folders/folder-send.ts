// Hands a pair of files to the MESH client, and finds out afterwards how far that went.
import fs from "node:fs/promises";
import path from "node:path";
import { type ControlFile, encodeControlFile, parseControlFile } from "./control-file.js";
import {
  inFolder,
  isThere,
  type MeshFolders,
  moveFile,
  readStart,
  removeFile,
  syncFolder,
  writeFileDurably,
} from "./folder-files.js";

/** Where the control file of a pair is. "gone": in neither folder. */
export type PairPlace = "out" | "sent" | "gone";

/** Its names, all our own and never from outside: in OUT and SENT, and while it is staged. */
export interface PairNames {
  readonly baseName: string;
  /** Another one for each try: two instances that both take a file for theirs write different files. */
  readonly stagedName: string;
}

export interface HandOver {
  /** Writes the pair where the client does not look, and removes what is left of earlier tries. */
  stage(names: PairNames, control: ControlFile, content: AsyncIterable<Buffer>): Promise<void>;
  /** Removes what is staged. Never throws: what is left is removed by the next try. */
  discard(stagedName: string): Promise<void>;
  /** Moves what is staged to OUT, the data first. "incomplete": the data is nowhere, and nothing was handed over. */
  release(names: PairNames): Promise<"released" | "incomplete">;
  isStaged(stagedName: string): Promise<boolean>;
  /** For one that is not staged, or no more. */
  locate(baseName: string): Promise<PairPlace>;
  /** What the client wrote into the control file. Throws MESH_CONTROL_FILE_INVALID; undefined when it is not in SENT. */
  readSent(baseName: string): Promise<ControlFile | undefined>;
}

const maximumControlBytes = 100_000;

// eslint-disable-next-line @typescript-eslint/require-await -- gives one piece to a reader of many
async function* onePiece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** What two tries of one pair have in common. */
export function stagedNameOf(baseName: string, uuid: string): string {
  return `${baseName}_${uuid.toLowerCase()}`;
}

/**
 * The control file is the one that counts: the client takes no data without it, and once it is staged it is always in
 * exactly one folder. Throws MESH_FOLDER_*.
 */
export function createHandOver(folders: MeshFolders): HandOver {
  const dataOf = (folder: keyof MeshFolders, name: string): string => path.join(folders[folder], `${name}.dat`);
  const controlOf = (folder: keyof MeshFolders, name: string): string => path.join(folders[folder], `${name}.ctl`);

  async function discard(stagedName: string): Promise<void> {
    for (const file of [controlOf("staging", stagedName), dataOf("staging", stagedName)]) {
      await removeFile(file).catch(() => undefined);
    }
  }

  async function discardEarlier(baseName: string): Promise<void> {
    const left = (await fs.readdir(folders.staging)).filter((name) => name.startsWith(`${baseName}_`));
    for (const name of left) await removeFile(path.join(folders.staging, name));
  }

  /**
   * Another instance may do the same at the same time. When the client has the data, it has the control file: so the
   * data is looked for first.
   */
  async function isDataLost(names: PairNames): Promise<boolean> {
    if (await isThere(dataOf("out", names.baseName))) return false;
    return isThere(controlOf("staging", names.stagedName));
  }

  return {
    stage: ({ baseName, stagedName }, control, content) =>
      inFolder("staging", async () => {
        await discardEarlier(baseName);
        try {
          await writeFileDurably(dataOf("staging", stagedName), content);
          await writeFileDurably(controlOf("staging", stagedName), onePiece(encodeControlFile(control)));
          await syncFolder(folders.staging);
        } catch (error) {
          // What a full disk has taken of it would only keep it full.
          await discard(stagedName);
          throw error;
        }
      }),
    discard,
    release: (names) =>
      inFolder("out", async () => {
        const { baseName, stagedName } = names;
        const isMoved = await moveFile(dataOf("staging", stagedName), dataOf("out", baseName));
        if (!isMoved && (await isDataLost(names))) return "incomplete";
        await syncFolder(folders.out);
        await moveFile(controlOf("staging", stagedName), controlOf("out", baseName));
        await syncFolder(folders.out);
        await syncFolder(folders.staging);
        return "released";
      }),
    isStaged: (stagedName) => inFolder("staging", () => isThere(controlOf("staging", stagedName))),
    async locate(baseName): Promise<PairPlace> {
      // In the order in which it travels: one that moves on meanwhile is found in the next.
      if (await inFolder("out", () => isThere(controlOf("out", baseName)))) return "out";
      if (await inFolder("sent", () => isThere(controlOf("sent", baseName)))) return "sent";
      // Nothing is gone from a folder that is not there itself, as when a network share is away.
      for (const folder of ["staging", "out", "sent"] as const) {
        await inFolder(folder, () => fs.access(folders[folder]));
      }
      return "gone";
    },
    readSent: (baseName) =>
      inFolder("sent", async () => {
        const file = controlOf("sent", baseName);
        if (!(await isThere(file))) return undefined;
        return parseControlFile(await readStart(file, maximumControlBytes));
      }),
  };
}
