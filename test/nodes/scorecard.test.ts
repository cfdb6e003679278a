// The rules by which the public library of Node-RED judges a package, as far as they can be checked without a network.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { nodeNames, readDefinition, readEditorFiles, root } from "../support/nodes/editor-files.js";

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(path.join(root, file), "utf8")) as Record<string, unknown>;
}

function property(value: unknown, name: string): unknown {
  assert.ok(typeof value === "object" && value !== null, name);
  return Reflect.get(value, name);
}

type Version = readonly [number, number, number];

function readVersion(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
  return [major, minor, patch];
}

/** For a range of the form ">=1.2.3", the only one the package uses. */
function admits(range: unknown, version: string): boolean {
  const match = /^>=([\d.]+)$/.exec(String(range));
  assert.ok(match !== null, "the range has another form");
  const [lowest, wanted] = [readVersion(match[1]!), readVersion(version)];
  const index = [0, 1, 2].find((part) => lowest[part] !== wanted[part]);
  return index === undefined || wanted[index]! > lowest[index]!;
}

const packageJson = readJson("package.json");
const nodeRed = packageJson["node-red"];

describe("the scorecard of the Flow Library", () => {
  it("P01: names its licence and carries it", () => {
    assert.equal(packageJson["license"], "Apache-2.0");
    assert.match(fs.readFileSync(path.join(root, "LICENSE"), "utf8"), /Apache License/);
  });

  it("P03: names its repository and where to report bugs", () => {
    assert.match(String(property(packageJson["repository"], "url")), /^git\+https:/);
    assert.match(String(property(packageJson["bugs"], "url")), /^https:/);
  });

  it("P04: has a scoped name", () => {
    assert.match(String(packageJson["name"]), /^@[a-z0-9-]+\/[a-z0-9-]+$/);
  });

  it("P05: has the keyword by which it is found", () => {
    assert.ok((packageJson["keywords"] as unknown[]).includes("node-red"));
  });

  it("P06: admits both lines of Node-RED that it is tested on", () => {
    for (const line of ["node-red", "node-red-4.1"]) {
      const version = String(readJson(`node_modules/${line}/package.json`)["version"]);
      assert.ok(admits(property(nodeRed, "version"), version), version);
    }
    assert.ok(!admits(property(nodeRed, "version"), "4.0.9"));
  });

  it("P07: admits the lowest Node.js of the latest Node-RED", () => {
    const lowest = String(property(readJson("node_modules/node-red/package.json")["engines"], "node")).replace(
      /^>=/,
      "",
    );
    assert.ok(admits(property(packageJson["engines"], "node"), lowest), lowest);
  });

  it("N01: registers each type once, by a literal and with everything written in place", () => {
    const types = nodeNames.map((name) => readDefinition(name).type);
    assert.deepEqual(types, [
      "message store",
      "ebxml transport",
      "mesh transport",
      "cp-is query",
      "cp-is upload",
      "cp-is notification",
      "cp-is confirm",
      "cp-is alert",
      "spine simulator",
    ]);
    for (const name of nodeNames) {
      const calls = readEditorFiles(name).template.match(/RED\.nodes\.registerType\("[a-z -]+", \{\n\s+category: "/g);
      assert.equal(calls?.length, 1, name);
      const defaults = readEditorFiles(name).template.match(/\n\s+defaults: \{\n/g);
      assert.equal(defaults?.length, 1, name);
    }
  });

  it("N01: uses no property name that Node-RED keeps for itself", () => {
    for (const name of nodeNames) {
      const { outputs, ...own } = readDefinition(name).definition.defaults;
      // As the core's own nodes do whose settings decide how many outputs there are.
      assert.equal(outputs !== undefined, name === "cp-is-notification");
      for (const key of Object.keys(own)) {
        assert.ok(!["id", "type", "wires", "inputs", "outputs", "x", "y", "z", "g", "d", "l"].includes(key), key);
      }
    }
  });

  it("N02: shows each node that can be placed in an example", () => {
    const examples = fs.readdirSync(path.join(root, "examples")).filter((file) => file.endsWith(".json"));
    const types = new Set(
      examples.flatMap((file) =>
        (JSON.parse(fs.readFileSync(path.join(root, "examples", file), "utf8")) as unknown[]).map((node) =>
          property(node, "type"),
        ),
      ),
    );
    for (const name of nodeNames) {
      const { type, definition } = readDefinition(name);
      if (definition.category !== "config") assert.ok(types.has(type), type);
    }
  });

  it("D01: depends on six packages at most, none by address and none that runs a script when it is installed", () => {
    const dependencies = Object.entries(packageJson["dependencies"] as Record<string, string>);
    assert.ok(dependencies.length <= 6);
    const installed = property(readJson("package-lock.json"), "packages");
    for (const [name, range] of dependencies) {
      assert.match(range, /^[\^~]?\d/);
      assert.notEqual(Reflect.get(property(installed, `node_modules/${name}`) as object, "hasInstallScript"), true);
    }
  });

  it("D02: has no agent-base below 6 anywhere", () => {
    const packages = Object.entries(property(readJson("package-lock.json"), "packages") as Record<string, unknown>);
    for (const [place, entry] of packages.filter(([name]) => name.endsWith("/agent-base"))) {
      assert.ok(readVersion(String(property(entry, "version")))[0] >= 6, place);
    }
  });

  it("shows its nodes in one category, with plain hyphens, and each in a colour and with an icon of its own", () => {
    const shown = nodeNames
      .map((name) => readDefinition(name).definition)
      .filter(({ category }) => category !== "config");
    for (const { category, paletteLabel = "" } of shown) {
      // The palette ends the name of a category at its first hyphen.
      assert.equal(category, "NHS");
      assert.match(paletteLabel, /^[A-Za-z -]+$/);
    }
    for (const property of ["color", "icon", "paletteLabel"] as const) {
      assert.equal(new Set(shown.map((definition) => definition[property])).size, shown.length, property);
    }
    const drawings = shown.map(({ icon = "" }) => fs.readFileSync(path.join(root, "icons", icon), "utf8"));
    assert.equal(new Set(drawings).size, shown.length);
  });
});
