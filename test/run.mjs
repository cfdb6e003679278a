// Runs every check on a fresh clone: installs once, builds, lints, type-checks, tests, and prints one closing line.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { build, install, nodePath, root } from "../build.mjs";

const bin = (file) => path.join(root, "node_modules", file);
const mocha = [bin("mocha/bin/mocha.js"), "--reporter", "dot"];

/**
 * Four lanes, for two cores: most tests wait for sockets more than they compute. The library needs no Node-RED; the nodes
 * and the browser run on both lines that are supported.
 */
const lanes = [
  [
    { name: "lint", args: [bin("eslint/bin/eslint.js"), "."] },
    { name: "format", args: [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."] },
    { name: "types", args: [bin("typescript/bin/tsc"), "--noEmit"] },
    { name: "types of the editor", args: [bin("typescript/bin/tsc"), "--noEmit", "-p", "nodes/editor"] },
    { name: "library", args: [...mocha, "test/*.test.ts", "test/lib/**/*.test.ts"] },
  ],
  [
    { name: "crashes", args: [...mocha, "test/crash/*.test.ts"] },
    { name: "nodes on Node-RED 5", args: [...mocha, "test/nodes/**/*.test.ts"], env: { NODE_RED_PACKAGE: "node-red" } },
  ],
  [
    {
      name: "nodes on Node-RED 4.1",
      args: [...mocha, "test/nodes/**/*.test.ts"],
      env: { NODE_RED_PACKAGE: "node-red-4.1" },
    },
  ],
  [{ name: "whole product", args: [...mocha, "test/e2e/**/*.test.ts"] }],
];

const endMilliseconds = 120_000;
let passed = 0;
let failed = 0;

function count(output) {
  const of = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
  passed += of("passing");
  failed += of("failing");
}

function runStep({ name, args, env }) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const environment = {
      ...process.env,
      ...env,
      PATH: `${path.dirname(nodePath())}${path.delimiter}${process.env.PATH}`,
    };
    const child = spawn(nodePath(), args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let insist;
    const append = (chunk) => {
      output += chunk;
      if (insist !== undefined || !/^\s*\d+ passing/m.test(output)) return;
      // A test that failed half-way may have left something open, which would keep the process for ever.
      insist = setTimeout(() => {
        output += "\nThe tests were over, and their process did not end.\n";
        child.kill("SIGKILL");
      }, endMilliseconds);
    };
    child.stdout.on("data", append);
    child.stderr.on("data", append);
    child.on("close", (code) => {
      clearTimeout(insist);
      count(output);
      if (code !== 0 && !/\d+ failing/.test(output)) failed += 1;
      process.stdout.write(output);
      console.log(`${code === 0 ? "ok" : "FAILED"}: ${name}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      resolve(code === 0);
    });
  });
}

install();
await build();
fs.mkdirSync(path.join(root, "test-output"), { recursive: true });
const only = process.argv.slice(2).join(" ");

async function runLane(lane) {
  let isGreen = true;
  for (const step of lane) if (step.name.includes(only)) isGreen = (await runStep(step)) && isGreen;
  return isGreen;
}

console.log("Checking and testing; each part reports when it has ended ...");
const results = await Promise.all(lanes.map(runLane));
console.log(`${passed} passed, ${failed} failed`);
process.exit(results.every(Boolean) ? 0 : 1);
