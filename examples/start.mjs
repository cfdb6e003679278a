// Brings up Node-RED with the demonstration: installs once, builds, fills its own user directory, prints where to look.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { parseArgs } from "node:util";
import { build, install, nodePath, root } from "../build.mjs";

const { values } = parseArgs({
  options: {
    folder: { type: "string", default: path.join(root, ".node-red") },
    port: { type: "string", default: "1880" },
    fresh: { type: "boolean", default: false },
  },
});
const loopback = "127.0.0.1";
const portsToTry = 50;

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, loopback, () => probe.close(() => resolve(true)));
  });
}

async function findPort(first) {
  for (let port = first; port < first + portsToTry; port += 1) if (await isFree(port)) return port;
  throw new Error(`No free port between ${first} and ${first + portsToTry - 1}.`);
}

/** Node-RED loads this package from its user directory, as it would after an installation from the palette. */
function linkPackage(folder) {
  const link = path.join(folder, "node_modules", "@cp-is", "node-red");
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { recursive: true, force: true });
  fs.symlinkSync(root, link, "junction");
}

/** A flow that was changed in the editor is kept; --fresh brings the original back. */
function prepareFolder(folder) {
  fs.mkdirSync(folder, { recursive: true });
  linkPackage(folder);
  const flows = path.join(folder, "flows.json");
  if (values.fresh || !fs.existsSync(flows)) fs.copyFileSync(path.join(root, "examples", "demonstration.json"), flows);
  const secret = path.join(folder, ".credential-secret");
  if (!fs.existsSync(secret)) fs.writeFileSync(secret, randomBytes(32).toString("hex"), { mode: 0o600 });
  return fs.readFileSync(secret, "utf8");
}

function printWelcome(url) {
  console.log(`
  CP-IS demonstration: ${url}

  Everything runs on this machine: Node-RED, the CP-IS nodes, and a simulated Spine with invented children.
  1. Open the address in a browser. The flow "A clinician's query" is on the screen.
  2. Click the button at the left end of an inject node, for example "child with a protection plan".
  3. Watch the status below the nodes, and the debug sidebar on the right (the icon with the beetle).
  4. The second page, "The whole circle", adds the local authority: it uploads a child, and is told who looked.
  5. The sidebar "CP-IS messages" (the icon with two arrows) shows each message, and draws its conversation.

  Stop with Ctrl+C.
`);
}

async function waitUntilUp(url, child) {
  while (child.exitCode === null) {
    const isUp = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return printWelcome(url);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

install();
await build();
const folder = path.resolve(values.folder);
const secret = prepareFolder(folder);
const port = await findPort(Number(values.port));
const url = `http://${loopback}:${port}/`;
const child = spawn(
  nodePath(),
  [
    path.join(root, "node_modules", "node-red", "red.js"),
    "--settings",
    path.join(root, "examples", "demonstration-settings.cjs"),
    "--userDir",
    folder,
  ],
  {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, CP_IS_DEMONSTRATION_PORT: String(port), CP_IS_DEMONSTRATION_SECRET: secret },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 0));
await waitUntilUp(url, child);
