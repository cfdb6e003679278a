// Writes the reports in api/ anew, after a change of what the package exports.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { nodePath, root } from "../build.mjs";

const mocha = path.join(root, "node_modules/mocha/bin/mocha.js");
const { status } = spawnSync(nodePath(), [mocha, "test/e2e/public-api.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, UPDATE_API: "1" },
});
process.exit(status ?? 1);
