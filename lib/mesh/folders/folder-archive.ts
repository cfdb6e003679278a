// Empties the archive of what was kept long enough: its files are not encrypted, and the message store has them sealed.
import fs from "node:fs/promises";
import path from "node:path";
import { inFolder, listFiles, type MeshFolders } from "./folder-files.js";
import type { FolderSettings } from "./folder-model.js";

export interface ArchiveUpkeep {
  /** Looks at most once an hour, however often it is called. Throws MESH_FOLDER_*. */
  tidy(): Promise<void>;
}

const hourMilliseconds = 60 * 60_000;

export interface ArchiveUpkeepParts {
  readonly folders: Pick<MeshFolders, "archive">;
  readonly settings: Pick<FolderSettings, "archiveMilliseconds">;
  now(): number;
}

export function createArchiveUpkeep(parts: ArchiveUpkeepParts): ArchiveUpkeep {
  const { folders, settings } = parts;
  let nextAt = 0;
  return {
    async tidy(): Promise<void> {
      const at = parts.now();
      if (settings.archiveMilliseconds === 0 || at < nextAt) return;
      nextAt = at + hourMilliseconds;
      await inFolder("archive", async () => {
        for (const { name, modifiedAt } of await listFiles(folders.archive)) {
          if (modifiedAt > at - settings.archiveMilliseconds) return;
          await fs.rm(path.join(folders.archive, name), { force: true });
        }
      });
    },
  };
}
