// What npm packs of a fresh clone, where nothing was built.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { projectRoot } from "../support/e2e/node-red-process.js";

const isOfClone = (name: string): boolean =>
  !["node_modules", "dist", "resources", ".git", ".node-red", "test-output", "coverage", "test"].includes(name);

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describe("The package that npm packs of a fresh clone", () => {
  let folder: string;
  let files: readonly string[];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-pack-"));
    for (const name of (await fs.readdir(projectRoot)).filter(isOfClone)) {
      await fs.cp(path.join(projectRoot, name), path.join(folder, name), { recursive: true });
    }
    await fs.symlink(path.join(projectRoot, "node_modules"), path.join(folder, "node_modules"), "junction");
    const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json"], {
      cwd: folder,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    assert.equal(status, 0, stderr);
    // Whatever the build says comes before it.
    const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[$/m))) as readonly Packed[];
    files = packed?.files.map((file) => file.path) ?? [];
  });
  after(async () => {
    // The link only: what it leads to stays.
    await fs.unlink(path.join(folder, "node_modules"));
    await fs.rm(folder, { recursive: true });
  });

  it("holds the code of every node and export, and each node's editor file", async () => {
    const manifest: unknown = JSON.parse(await fs.readFile(path.join(projectRoot, "package.json"), "utf8"));
    const named = [...JSON.stringify(manifest).matchAll(/"(?:\.\/)?(dist\/[^"]+\.(?:js|d\.ts))"/g)].map(
      ([, file]) => file!,
    );
    assert.ok(named.length > 12);
    const editors = named
      .filter((file) => /^dist\/nodes\/(?!.*command)/.test(file))
      .map((file) => file.replace(/js$/, "html"));
    for (const file of [...named, ...editors, "README.md", "LICENSE", "CHANGELOG.md"]) {
      assert.ok(files.includes(file), file);
    }
  });

  it("holds no tests, no TypeScript sources, and no source maps, whose sources would be missing", () => {
    const strange = files.filter((file) => /\.map$|^test\/|^lib\/|^nodes\/|(?<!\.d)\.ts$|^\./.test(file));
    assert.deepEqual(strange, []);
  });
});
