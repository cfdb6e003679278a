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
    folder: { type: "string", default: process.env.CP_IS_FOLDER ?? path.join(root, ".node-red") },
    port: { type: "string", default: process.env.CP_IS_PORT ?? "1880" },
    fresh: { type: "boolean", default: false },
  },
});
const loopback = "127.0.0.1";
const runningFile = ".running.json";
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

/** Where the demonstration of this folder runs already; undefined when it does not, also after it was killed. */
async function findRunning(folder) {
  let url;
  try {
    const noted = JSON.parse(fs.readFileSync(path.join(folder, runningFile), "utf8"));
    url = noted.url;
    process.kill(noted.pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (error.code !== "EPERM") return undefined;
  }
  // The number may be another process's by now: only who answers there runs.
  return fetch(url).then(
    () => url,
    () => undefined,
  );
}

/** Node-RED loads this package from its user directory, as it would after an installation from the palette. */
function linkPackage(folder) {
  const link = path.join(folder, "node_modules", "@cp-is", "node-red");
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { recursive: true, force: true });
  fs.symlinkSync(root, link, "junction");
}

/** The two screens are flows like any other; the simulator of the first page serves them, too. */
function demonstrationFlows() {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(root, "examples", `${name}.json`), "utf8"));
  const screens = ["hospital-screen", "local-authority-screen"].flatMap(read);
  return [...read("demonstration"), ...screens.filter(({ type }) => type !== "spine simulator")];
}

/** A flow that was changed in the editor is kept; --fresh brings the original back. */
function prepareFolder(folder) {
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (error) {
    console.error(
      `The demonstration keeps its flow and its messages in a folder, and ${folder} cannot be written (${error.code}).\n` +
        "Name another one: CP_IS_FOLDER=/some/folder npm start, or npm start -- --folder /some/folder.",
    );
    process.exit(1);
  }
  linkPackage(folder);
  const flows = path.join(folder, "flows.json");
  if (values.fresh || !fs.existsSync(flows)) fs.writeFileSync(flows, JSON.stringify(demonstrationFlows(), null, 2));
  const secret = path.join(folder, ".credential-secret");
  if (!fs.existsSync(secret)) fs.writeFileSync(secret, randomBytes(32).toString("hex"), { mode: 0o600 });
  return fs.readFileSync(secret, "utf8");
}

function printWelcome(url) {
  const { origin } = new URL(url);
  console.log(`
  CP-IS demonstration: ${url}

  What a clinician sees:                 ${origin}/hospital
  What children's services see:          ${origin}/authority

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

const folder = path.resolve(values.folder);
const running = await findRunning(folder);
if (running !== undefined) {
  console.log(
    `The demonstration runs already: ${running}\nA second one beside it needs a folder of its own: npm start -- --folder /some/folder`,
  );
  process.exit(0);
}
install();
await build();
const secret = prepareFolder(folder);
const port = await findPort(Number(values.port));
const token = randomBytes(24).toString("base64url");
/** Whoever has this address has the editor: other users of this machine do not. */
const url = `http://${loopback}:${port}/?access_token=${token}`;
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
    env: {
      ...process.env,
      CP_IS_DEMONSTRATION_PORT: String(port),
      CP_IS_DEMONSTRATION_SECRET: secret,
      CP_IS_DEMONSTRATION_TOKEN: token,
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
const marker = path.join(folder, runningFile);
fs.rmSync(marker, { force: true });
fs.writeFileSync(marker, JSON.stringify({ pid: child.pid, url }), { mode: 0o600 });
child.on("exit", (code) => {
  fs.rmSync(marker, { force: true });
  process.exit(code ?? 0);
});
await waitUntilUp(url, child);
