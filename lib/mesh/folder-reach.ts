// Tells once that the folders cannot be used, and once that they can again.
import type { EventEmitter } from "node:events";
import { type CpisError, isCpisError } from "../errors.js";
import type { MeshEvents } from "./model.js";

/** What is done in the folders; one may fail while the other works. */
export type FolderTask = "sending" | "receiving";

export interface FolderReach {
  /** Throws what it throws, and notes of a MESH_FOLDER_* error that the folders cannot be used. */
  note<Result>(task: FolderTask, work: () => Promise<Result>): Promise<Result>;
}

/** What concerns the folders themselves, and is tried again. */
export function isFolderError(error: unknown): boolean {
  return isCpisError(error) && error.code.startsWith("MESH_FOLDER_");
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
