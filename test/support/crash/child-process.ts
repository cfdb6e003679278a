// Starts one life of the process that will be killed, and talks to it.
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import type { ChildCommand, ChildReport } from "./child-messages.js";

export interface ChildLife {
  readonly owner: string;
  tell(command: ChildCommand): void;
  /** At whichever instruction it is. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it at whichever instruction it is, until it goes on as if nothing had been. */
  freeze(milliseconds: number): void;
  /** Lets it close in order; rejects when it fails. */
  end(): Promise<void>;
}

const script = path.join(__dirname, "mhs-child.ts");

/** `report` gets what the child tells, in its order, until it is gone; `died` is called for an end nobody asked for. */
export function startChild(
  settingsFile: string,
  owner: string,
  report: (report: ChildReport) => void,
  died: (code: number | null) => void,
): ChildLife {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", script, settingsFile, owner], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let isEnding = false;
  const gone = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      resolve(code);
      if (!isEnding) died(code);
    });
  });
  // Lines may be on their way to a process that is killed at this moment.
  child.stdin.on("error", () => undefined);
  readline.createInterface({ input: child.stdout }).on("line", (line) => {
    // The last line of a killed process may be cut.
    if (line.endsWith("}")) report(JSON.parse(line) as ChildReport);
  });
  return {
    owner,
    tell: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    kill: async () => {
      isEnding = true;
      child.kill("SIGKILL");
      await gone;
    },
    freeze: (milliseconds) => {
      child.kill("SIGSTOP");
      setTimeout(() => child.kill("SIGCONT"), milliseconds);
    },
    end: async () => {
      isEnding = true;
      child.stdin.end();
      const code = await gone;
      if (code !== 0) throw new Error(`the child ended with ${String(code)}`);
    },
  };
}
