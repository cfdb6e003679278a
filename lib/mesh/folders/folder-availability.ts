// Tells once that the folders cannot be used, and once that they can again.
import type { EventEmitter } from "node:events";
import { type CpisError, type ErrorCode, isCpisError } from "../../errors.js";
import type { MeshEvents } from "../model.js";

/** What is done in the folders; one may fail while the others work, and says nothing of them. */
export type FolderTask = "sending" | "following" | "receiving";

export interface FolderReach {
  /** Throws what it throws, and notes of an error of the folders that the folders cannot be used. */
  note<Result>(task: FolderTask, work: () => Promise<Result>): Promise<Result>;
}

const folderCodes: readonly ErrorCode[] = [
  "MESH_FOLDER_MISSING",
  "MESH_FOLDER_DENIED",
  "MESH_FOLDER_FULL",
  "MESH_FOLDER_FAILED",
];

/** What concerns the folders themselves, and is tried again. */
export function isFolderError(error: unknown): boolean {
  return isCpisError(error) && folderCodes.includes(error.code);
}

export function createFolderReach(events: EventEmitter<MeshEvents>): FolderReach {
  const failing = new Set<FolderTask>();

  function noteSuccess(task: FolderTask): void {
    if (failing.delete(task) && failing.size === 0) events.emit("reachable");
  }

  function noteFailure(task: FolderTask, { code, message }: CpisError): void {
    const isFirst = failing.size === 0;
    failing.add(task);
    if (isFirst) events.emit("unreachable", { code, message });
  }

  return {
    async note<Result>(task: FolderTask, work: () => Promise<Result>): Promise<Result> {
      try {
        const result = await work();
        noteSuccess(task);
        return result;
      } catch (error) {
        if (isCpisError(error) && isFolderError(error)) noteFailure(task, error);
        throw error;
      }
    },
  };
}
