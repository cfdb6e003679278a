// Starts a real Node-RED as a process of its own, with this package installed in its user directory.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePort } from "../ports.js";

export const projectRoot = path.resolve(__dirname, "../../..");

export type NodeRedLine = "node-red" | "node-red-4.1";
export const nodeRedLines: readonly NodeRedLine[] = ["node-red", "node-red-4.1"];

export interface RunningNodeRed {
  readonly url: string;
  /** Its user directory, and where it runs. */
  readonly folder: string;
  /** All that was printed so far. */
  log(): string;
  /** Ends it, and leaves its folder for a look. */
  halt(): Promise<void>;
  stop(): Promise<void>;
}

const startLimitMilliseconds = 120_000;
const stopLimitMilliseconds = 60_000;

/** Waits until the process answers HTTP at the address; rejects with its output when it ends or takes too long. */
export async function untilUp(url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + startLimitMilliseconds;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended while starting:\n${log()}`);
    const isUp = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`It did not start in time:\n${log()}`);
}

export function collectOutput(child: ChildProcess): () => string {
  let output = "";
  const append = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout?.on("data", append);
  child.stderr?.on("data", append);
  return () => output;
}

/** Ends the process by its id: asks first, insists when it does not go. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), stopLimitMilliseconds);
  await ended;
  clearTimeout(insist);
}

/** The names of those who may log in, and their permissions; see passwordOf. */
export type Users = Readonly<Record<string, string | readonly string[]>>;

export function passwordOf(user: string): string {
  return `password of ${user}`;
}

function logIn(users: Users): string {
  return `((users) => {
    const find = (name) => (name in users ? { username: name, permissions: users[name] } : null);
    const isRight = (name, password) => password === "password of " + name;
    return {
      type: "credentials",
      users: async (name) => find(name),
      authenticate: async (name, password) => (isRight(name, password) ? find(name) : null),
    };
  })(${JSON.stringify(users)})`;
}

export interface MoreSettings {
  /** With a slash before it, and none behind. */
  readonly httpAdminRoot?: string;
  /** The user directory that an earlier one has left. */
  readonly folder?: string;
  /** Lays out the user directory before Node-RED starts. */
  prepare?(folder: string): Promise<void>;
}

function settingsText(port: number, users: Users | undefined, { httpAdminRoot }: MoreSettings): string {
  const settings = {
    ...(httpAdminRoot === undefined ? {} : { httpAdminRoot }),
    uiHost: "127.0.0.1",
    uiPort: port,
    flowFile: "flows.json",
    credentialSecret: "only for this test",
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { palette: { allowInstall: false } },
    editorTheme: { tours: false },
    logging: { console: { level: "debug", metrics: false, audit: false } },
  };
  const guard = users === undefined ? "" : `module.exports.adminAuth = ${logIn(users)};\n`;
  return `module.exports = ${JSON.stringify(settings)};\n${guard}`;
}

/** With users it asks them to log in; without, everybody may do everything. */
export async function startNodeRed(
  line: NodeRedLine,
  flows: readonly object[],
  users?: Users,
  more: MoreSettings = {},
): Promise<RunningNodeRed> {
  const folder = more.folder ?? (await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-node-red-")));
  if (more.folder === undefined) {
    const link = path.join(folder, "node_modules", "@cp-is", "node-red");
    await fs.mkdir(path.dirname(link), { recursive: true });
    await fs.symlink(projectRoot, link, "junction");
  }
  const port = await freePort();
  const settings = path.join(folder, "settings.js");
  await fs.writeFile(settings, settingsText(port, users, more));
  await fs.writeFile(path.join(folder, "flows.json"), JSON.stringify(flows));
  await more.prepare?.(folder);
  const start = path.join(projectRoot, "node_modules", line, "red.js");
  const child = spawn(process.execPath, [start, "--settings", settings, "--userDir", folder], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = collectOutput(child);
  const url = `http://127.0.0.1:${port}${more.httpAdminRoot ?? ""}/`;
  const halt = (): Promise<void> => stopProcess(child);
  const stop = async (): Promise<void> => {
    await halt();
    await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    await untilUp(url, child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, folder, log, halt, stop };
}
