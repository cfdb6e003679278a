// What loading this package costs Node-RED, in time and memory, beside a Node-RED without it.
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { median, row, type Row } from "./measure.js";

interface Loaded {
  readonly milliseconds: number;
  readonly megabytes: number;
}

const projectRoot = path.resolve(__dirname, "../..");
const runs = 5;
const run = promisify(execFile);

/** Runs inside a process of its own: starts the runtime headless, and tells how long that took and what it holds. */
const program = `
  const RED = require(process.argv[1]);
  const http = require("node:http");
  const server = http.createServer();
  const startedAt = performance.now();
  RED.init(server, { userDir: process.argv[2], uiPort: 0, httpAdminRoot: false, httpNodeRoot: false, flowFile: "flows.json",
    credentialSecret: "x", telemetry: { enabled: false }, logging: { console: { level: "fatal" } } });
  RED.events.once("flows:started", () => {
    const milliseconds = performance.now() - startedAt;
    global.gc();
    const { heapUsed, external } = process.memoryUsage();
    console.log(JSON.stringify({ milliseconds, megabytes: (heapUsed + external) / 1e6 }));
    process.exit(0);
  });
  RED.start();
`;

async function makeFolder(withPackage: boolean): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-bench-"));
  await fs.writeFile(path.join(folder, "flows.json"), JSON.stringify([{ id: "t", type: "tab", label: "empty" }]));
  if (withPackage) {
    const link = path.join(folder, "node_modules", "@cp-is", "node-red");
    await fs.mkdir(path.dirname(link), { recursive: true });
    await fs.symlink(projectRoot, link, "junction");
  }
  return folder;
}

async function loadOnce(folder: string): Promise<Loaded> {
  const nodeRed = path.join(projectRoot, "node_modules", "node-red");
  const { stdout } = await run(process.execPath, ["--expose-gc", "-e", program, nodeRed, folder], { timeout: 60_000 });
  const value: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  const { milliseconds, megabytes } = value as Loaded;
  return { milliseconds, megabytes };
}

export async function measureLoading(): Promise<readonly Row[]> {
  const empty = await makeFolder(false);
  const full = await makeFolder(true);
  const samples: { empty: Loaded[]; full: Loaded[] } = { empty: [], full: [] };
  await loadOnce(empty);
  await loadOnce(full);
  for (let index = 0; index < runs; index += 1) {
    samples.empty.push(await loadOnce(empty));
    samples.full.push(await loadOnce(full));
  }
  await Promise.all([empty, full].map((folder) => fs.rm(folder, { recursive: true, force: true })));
  const of = (which: "empty" | "full", what: keyof Loaded): number =>
    median(samples[which].map((entry) => entry[what]));
  return [
    row(
      "start Node-RED with this package / without",
      "ms",
      of("full", "milliseconds"),
      of("empty", "milliseconds"),
      "200 ms more",
    ),
    row(
      "memory of Node-RED with this package / without",
      "MB",
      of("full", "megabytes"),
      of("empty", "megabytes"),
      "25 MB more",
    ),
  ];
}
