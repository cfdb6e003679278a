// One Node-RED of the worked deployment: its files are those of docs/deployment, its package is a copy of what is built.
import { spawn, type ChildProcess } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { freePort } from "../ports.js";
import { collectOutput, type NodeRedLine, projectRoot, untilUp } from "./node-red-process.js";

export interface DeployedFlow {
  readonly nodes: readonly object[];
  /** By node id, as the editor would have sealed them. */
  readonly credentials: object;
  /** What the containers get as environment and secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DeployedInstance {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  /** All that this and its earlier lives printed. */
  log(): string;
  /** Copies the package anew, and starts it on this line of Node-RED; resolves when its editor's server answers. */
  upgrade(line: NodeRedLine): Promise<void>;
  /** As systemd and the container engine do. Gives the exit code. */
  stop(): Promise<number | null>;
}

const credentialSecret = "of the deployment, for this test only";

/** As Node-RED seals its credentials file. */
function sealed(credentials: object): string {
  const key = createHash("sha256").update(credentialSecret).digest();
  const start = randomBytes(16);
  const cipher = createCipheriv("aes-256-ctr", key, start);
  const text = cipher.update(JSON.stringify(credentials), "utf8", "base64") + cipher.final("base64");
  return JSON.stringify({ $: start.toString("hex") + text });
}

/** What npm would have installed: a copy of the package, and links to what it depends on. */
export async function installPackage(folder: string): Promise<void> {
  const modules = path.join(folder, "node_modules");
  await fs.rm(modules, { recursive: true, force: true });
  const home = path.join(modules, "@cp-is", "node-red");
  await fs.mkdir(home, { recursive: true });
  for (const part of ["dist", "resources", "examples", "package.json"]) {
    await fs.cp(path.join(projectRoot, part), path.join(home, part), { recursive: true });
  }
  const installed = path.join(projectRoot, "node_modules");
  for (const name of await fs.readdir(installed)) {
    if (!name.startsWith(".")) await fs.symlink(path.join(installed, name), path.join(modules, name), "junction");
  }
}

export async function deployInstance(folder: string, flow: DeployedFlow): Promise<DeployedInstance> {
  await fs.mkdir(folder, { recursive: true });
  await fs.copyFile(path.join(projectRoot, "docs/deployment/settings.cjs"), path.join(folder, "settings.cjs"));
  await fs.writeFile(path.join(folder, "flows.json"), JSON.stringify(flow.nodes));
  await fs.writeFile(path.join(folder, "flows_cred.json"), sealed(flow.credentials));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const outputs: (() => string)[] = [];
  const log = (): string => outputs.map((output) => output()).join("\n--- next life ---\n");
  let child: ChildProcess | undefined;

  return {
    folder,
    url,
    port,
    log,
    async upgrade(line) {
      await installPackage(folder);
      const start = path.join(projectRoot, "node_modules", line, "red.js");
      const started = spawn(
        process.execPath,
        [start, "--userDir", folder, "--settings", "settings.cjs", "flows.json"],
        {
          cwd: folder,
          env: { ...process.env, PORT: String(port), CREDENTIAL_SECRET: credentialSecret, ...flow.environment },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      child = started;
      const output = collectOutput(started);
      outputs.push(output);
      // The editor is off, as deployed; its server tells what it is.
      await untilUp(new URL("settings", url).href, started, output);
    },
    async stop() {
      const running = child;
      if (running === undefined) return null;
      if (running.exitCode === null && running.signalCode === null) {
        const ended = once(running, "exit");
        running.kill("SIGINT");
        await ended;
      }
      child = undefined;
      return running.exitCode;
    },
  };
}
