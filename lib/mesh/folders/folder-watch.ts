// Looks into the folders again and again: when the system tells of a change, and after a time in any case.
import { type FSWatcher, watch } from "node:fs";

export interface FolderWatchOptions {
  readonly folders: readonly string[];
  readonly scanMilliseconds: number;
  /** Must not throw. `againMilliseconds`: until the next look, when the usual time is too long. */
  look(): Promise<{ readonly isDone: boolean; readonly againMilliseconds?: number }>;
}

export interface FolderWatch {
  start(): void;
  /** Looks now; resolves after a look that began after this call. */
  look(): Promise<void>;
  /** Waits for the look under way. */
  close(): Promise<void>;
}

/** Changes come in swarms: a file is made, filled and closed. */
const swarmMilliseconds = 20;

export function createFolderWatch(options: FolderWatchOptions): FolderWatch {
  const { scanMilliseconds } = options;
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let isOpen = false;
  let looking = Promise.resolve();

  /** The system's events may be missing, as on network shares: then the scan does alone. */
  function watchFolder(folder: string): void {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => schedule(swarmMilliseconds));
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // Tried again before the next look.
    }
  }

  function unwatch(): void {
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  }

  /** Never later than planned before. */
  function schedule(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (!isOpen || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void lookNow(), milliseconds);
  }

  async function lookOnce(): Promise<void> {
    if (!isOpen) return;
    clearTimeout(timer);
    dueAt = Number.POSITIVE_INFINITY;
    for (const folder of options.folders) watchFolder(folder);
    const { isDone, againMilliseconds = scanMilliseconds } = await options.look();
    // A folder that was away may come back as another one, of which the system would tell nothing.
    if (!isDone) unwatch();
    schedule(Math.min(againMilliseconds, scanMilliseconds));
  }

  function lookNow(): Promise<void> {
    looking = looking.then(lookOnce);
    return looking;
  }

  return {
    start(): void {
      isOpen = true;
      void lookNow();
    },
    look: lookNow,
    async close(): Promise<void> {
      isOpen = false;
      clearTimeout(timer);
      unwatch();
      await looking;
    },
  };
}
