// Holds how the tests themselves are written: where they lie, and that none of them races against the clock.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const folder = __dirname;
const files = fs
  .readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(path.sep).join("/"))
  .filter((file) => file.endsWith(".ts") || file.endsWith(".mjs"));

function linesWith(pattern: RegExp, searched: readonly string[]): string[] {
  return searched.flatMap((file) =>
    fs
      .readFileSync(path.join(folder, file), "utf8")
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

describe("The tests", () => {
  it("have everything that is no test in support", () => {
    const mirrored = files.filter((file) => /^(?:lib|nodes|e2e|crash)\//.test(file));
    assert.deepEqual(
      mirrored.filter((file) => !/\.(?:test|conformance)\.ts$/.test(file)),
      [],
    );
    assert.ok(mirrored.length > 200);
    assert.deepEqual(
      files.filter((file) => file.startsWith("support/") && file.endsWith(".test.ts")),
      [],
    );
  });

  it("have the time of the whole run, or more: a machine that is busy with other things is slow, and not broken", () => {
    const settings: unknown = JSON.parse(fs.readFileSync(path.join(folder, "../.mocharc.json"), "utf8"));
    const whole = Number(Reflect.get(settings as object, "timeout"));
    assert.ok(whole >= 120_000);
    const own = /\.timeout\(([0-9_]+)\)/;
    const shorter = linesWith(own, files)
      .filter((line) => !line.includes("AbortSignal."))
      .filter((line) => Number(own.exec(line)?.[1]?.replaceAll("_", "")) < whole);
    assert.deepEqual(shorter, []);
  });

  it("mount nothing but on a small disk that only root makes", () => {
    const mounting = linesWith(/"(?:mount|umount|unshare)"/, files).map((line) => line.split(":")[0]);
    assert.deepEqual([...new Set(mounting)].sort(), [
      "lib/mesh/folders/troubled-disk.test.ts",
      "support/mesh/troubled-disk-process.ts",
    ]);
  });
});
