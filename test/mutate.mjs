// Changes the code that safety hangs on, a little at a time, and shows which changes no test notices.
// npm run mutate            every group, one after the other: hours
// npm run mutate -- sealing one group, or several by name
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What is changed, and the tests that must notice. The score is the share of changes that a test failed for. */
const groups = {
  "nhs-number": { mutate: ["lib/cpis/nhs-number.ts"], spec: ["test/lib/cpis/nhs-number.test.ts"] },
  sealing: {
    mutate: ["lib/crypto/*.ts"],
    spec: ["test/lib/crypto/*.test.ts"],
  },
  judging: {
    mutate: ["lib/cpis/query/query-outcome.ts", "lib/cpis/query/query-found.ts", "lib/cpis/query/smsp-outcome.ts"],
    spec: ["test/lib/cpis/query/*.test.ts"],
  },
  matching: {
    mutate: ["lib/mhs/inbound/*.ts", "lib/mhs/inbound-record.ts", "lib/mhs/request/pending-requests.ts"],
    spec: ["test/lib/mhs/inbound/*.test.ts", "test/lib/mhs/request/*.test.ts", "test/lib/mhs/*.test.ts"],
  },
  "duplicate-elimination": {
    mutate: ["lib/store/sql/accept-operations.ts"],
    spec: ["test/lib/store/sqlite/*.test.ts", "test/lib/store/*.test.ts"],
  },
  "delivery-policy": {
    mutate: ["lib/mhs/outbound/delivery-policy.ts", "lib/mhs/outbound/circuit-breaker.ts"],
    spec: ["test/lib/mhs/outbound/*.test.ts"],
  },
  "file-numbers": {
    mutate: ["lib/services/upload/upload-context.ts", "lib/services/upload/upload-sending.ts"],
    spec: ["test/lib/services/upload/*.test.ts"],
  },
  "result-allocation": {
    mutate: ["lib/services/upload/result-allocation.ts", "lib/services/upload/sent-record-index.ts"],
    spec: ["test/lib/services/upload/*.test.ts"],
  },
  retention: {
    mutate: ["lib/store/sql/upkeep-operations.ts"],
    spec: ["test/lib/store/sqlite/*.test.ts"],
  },
  audit: {
    mutate: ["lib/services/audit.ts", "lib/store/sql/audit-operations.ts"],
    spec: ["test/lib/services/audit.test.ts", "test/lib/store/sqlite/*.test.ts"],
  },
};

function matching(patterns) {
  return patterns.flatMap((pattern) => fs.globSync(pattern, { cwd: root }));
}

function run(name, { mutate, spec }) {
  const [files, tests] = [matching(mutate), matching(spec)];
  if (files.length === 0 || tests.length === 0) throw new Error(`The group ${name} names no files or no tests.`);
  const folder = path.join(root, "test-output", "mutation", name);
  fs.mkdirSync(folder, { recursive: true });
  const config = {
    mutate: files,
    plugins: [path.join(root, "test", "mutation-runner.mjs")],
    testRunner: "mocha-here",
    mochaSpecs: tests,
    warnings: { unknownOptions: false },
    coverageAnalysis: "perTest",
    concurrency: Number(process.env.MUTATE_CONCURRENCY ?? Math.max(1, os.availableParallelism() - 1)),
    timeoutMS: 30_000,
    // Types are tsx's to strip; the compiler is not asked.
    disableTypeChecks: false,
    // Words in errors and refusals are for people, and tests hold their codes.
    mutator: { excludedMutations: ["StringLiteral"] },
    tempDirName: path.join("test-output", "stryker"),
    ignorePatterns: ["dist", "coverage", ".node-red", "test-output", "*.tgz"],
    reporters: ["clear-text", "json", "html"],
    clearTextReporter: { logTests: false, allowColor: false, reportTests: false },
    jsonReporter: { fileName: path.join(folder, "report.json") },
    htmlReporter: { fileName: path.join(folder, "report.html") },
    thresholds: { high: 95, low: 95, break: 95 },
  };
  const file = path.join(folder, "stryker.config.json");
  fs.writeFileSync(file, JSON.stringify(config, null, 2));
  const stryker = path.join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");
  console.log(`\n${name}: ${files.length} files, ${tests.length} test files`);
  return spawnSync(process.execPath, [stryker, "run", file], { cwd: root, stdio: "inherit" }).status === 0;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. There are ${Object.keys(groups).join(", ")}.`);
  process.exit(2);
}
const results = Object.entries(groups)
  .filter(([name]) => asked.length === 0 || asked.includes(name))
  .map(([name, group]) => run(name, group));
process.exit(results.every(Boolean) ? 0 : 1);
