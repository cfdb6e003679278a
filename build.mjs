// Installs what package-lock.json names, and builds dist/, compiled TypeScript with the editor files beside it, and resources/.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(fileURLToPath(import.meta.url));
const installMark = path.join(root, "node_modules", ".installed-lock");
const oldestNode = [22, 13];

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error(`"${command} ${args.join(" ")}" failed with exit code ${result.status ?? result.signal}.`);
    process.exit(result.status ?? 1);
  }
}

function canWrite(folder) {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs the dependencies once; again only when package-lock.json has changed. */
export function install() {
  const wanted = createHash("sha256")
    .update(fs.readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (fs.existsSync(installMark) && fs.readFileSync(installMark, "utf8") === wanted) return;
  console.log("Installing dependencies (once; this takes a minute or two) ...");
  if (!canWrite(root)) {
    // An image or a share that somebody filled with npm ci.
    if (fs.existsSync(path.join(root, "node_modules", "node-red"))) return;
    console.error(
      `${root} cannot be written, and nothing is installed in it. Run npm ci there as a user who may write.`,
    );
    process.exit(1);
  }
  const npm = ["ci", "--no-fund", "--no-audit", "--loglevel=error"];
  const { status, error } = spawnSync("npm", npm, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (error !== undefined || status !== 0) {
    console.error(`
The installation failed${error === undefined ? "" : ` (${error.code})`}. What to try:
- Again: a registry or a network that was busy may answer now, and what was fetched is kept.
- Behind a proxy: npm config set proxy http://proxy.example:8080, and the same with https-proxy.
- With a registry of your own: npm config set registry https://registry.example/.
- With the certificate of your network: npm config set cafile /path/to/authority.pem.
- Whether npm works at all: npm ping.`);
    process.exit(status ?? 1);
  }
  fs.writeFileSync(installMark, wanted);
}

/** The Node.js that everything runs on: the one npm installed with us, else the present one if it is new enough. */
export function nodePath() {
  const installed = path.join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (fs.existsSync(installed)) return installed;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath;
  console.error(
    `Node.js ${oldestNode.join(".")} or newer is needed and the npm package "node" did not bring one.\n` +
      "If npm is set to ignore install scripts, allow them for the package node: npm rebuild node --ignore-scripts=false",
  );
  process.exit(1);
}

/** Runs a script of an installed package, or of ours, on that Node.js; ends the process when it fails. */
export function runNode(args, options) {
  run(nodePath(), args, options);
}

function newestChange(folder) {
  let newest = 0;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      newest = Math.max(newest, fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return newest;
}

function isBuilt() {
  const mark = path.join(root, "dist", ".built");
  if (!fs.existsSync(mark)) return false;
  const sources = ["lib", "nodes", "icons"].map((folder) => newestChange(path.join(root, folder)));
  const files = ["build.mjs", "tsconfig.json", "tsconfig.build.json", "package.json"];
  const changed = files.map((file) => fs.statSync(path.join(root, file)).mtimeMs);
  return Math.max(...sources, ...changed) < fs.statSync(mark).mtimeMs;
}

/** Node-RED looks for icons beside each node file, and for the template and the catalogues by the node file's name. */
function copyEditorFiles() {
  for (const node of fs.readdirSync(path.join(root, "nodes"))) {
    const from = path.join(root, "nodes", node);
    const to = path.join(root, "dist", "nodes", node);
    if (!fs.existsSync(path.join(from, `${node}.html`))) continue;
    fs.copyFileSync(path.join(from, `${node}.html`), path.join(to, `${node}.html`));
    fs.cpSync(path.join(from, "locales"), path.join(to, "locales"), { recursive: true });
    fs.cpSync(path.join(root, "icons"), path.join(to, "icons"), { recursive: true });
  }
}

/** What the library reads at run time and the compiler leaves alone. */
function copyData() {
  const scenarios = path.join("lib", "rehearsal", "scenarios");
  fs.cpSync(path.join(root, scenarios), path.join(root, "dist", scenarios), { recursive: true });
}

/** Node-RED serves the folder resources/ of a package: what templates load, and the message browser's own page. */
async function bundleResources() {
  const { build: bundle } = await import("esbuild");
  const folder = path.join(root, "nodes", "editor");
  const outdir = path.join(root, "resources");
  fs.rmSync(outdir, { recursive: true, force: true });
  const entries = [
    { file: "editor.ts", globalName: "cpIs" },
    { file: "message-log/message-log.ts", globalName: "cpIsMessageLog" },
    { file: "message-log/messages.ts" },
    { file: "message-log/rehearsal.ts" },
    { file: "editor.css" },
    { file: "message-log/message-log.css" },
  ];
  for (const { file, globalName } of entries) {
    await bundle({
      ...{ bundle: true, format: "iife", target: "es2022", charset: "utf8", absWorkingDir: root, logLevel: "warning" },
      ...{ outdir, entryNames: "[name]", entryPoints: [path.join(folder, file)], globalName },
    });
  }
  for (const page of ["messages.html", "rehearsal.html"]) {
    fs.copyFileSync(path.join(folder, "message-log", page), path.join(outdir, page));
  }
}

/** Builds dist/ and resources/ when a source is newer than they are. */
export async function build() {
  if (isBuilt()) return;
  if (!canWrite(root)) {
    // The times of files in an image say nothing of what was built from what.
    if (fs.existsSync(path.join(root, "dist", ".built"))) return;
    console.error(
      `${root} cannot be written, and dist/ was not built in it. Run npm run build there as a user who may write.`,
    );
    process.exit(1);
  }
  fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
  runNode([path.join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
  copyEditorFiles();
  copyData();
  await bundleResources();
  fs.writeFileSync(path.join(root, "dist", ".built"), "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  await build();
}
