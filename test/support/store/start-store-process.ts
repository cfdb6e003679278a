// Starts the process of store-process.ts and listens to what it reports.
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

export interface StoreProcess {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Fulfilled with the lines when the condition holds, or when the process has ended. */
  when(condition: (lines: readonly string[]) => boolean): Promise<readonly string[]>;
  readonly ended: Promise<void>;
  /** At this instruction, whichever it is. */
  kill(): Promise<void>;
}

const script = path.join(__dirname, "store-process.ts");

export function startStoreProcess(
  task: string,
  folder: string,
  prefix = "",
  wrapper: readonly string[] = [],
): StoreProcess {
  const [command, ...parameters] = [...wrapper, process.execPath, "--require", "tsx/cjs", script, task, folder, prefix];
  const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  let hasEnded = false;
  const check = (): void => waiting.forEach((look) => look());
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    check();
  });
  const ended = new Promise<void>((resolve) =>
    child.once("close", () => {
      hasEnded = true;
      check();
      resolve();
    }),
  );
  return {
    child,
    lines,
    ended,
    when: (condition) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!hasEnded && !condition(lines)) return;
          waiting.delete(look);
          resolve(lines);
        };
        waiting.add(look);
        look();
      }),
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
