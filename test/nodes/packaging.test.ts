// What Node-RED needs to find beside each node, and finds nowhere else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { readDefinition, readEditorFiles, resourcesOf, root } from "../support/nodes/editor-files.js";

interface PackageJson {
  readonly files: readonly string[];
  readonly "node-red": { readonly nodes: Readonly<Record<string, string>> };
}

function readPackage(): PackageJson {
  return JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as PackageJson;
}

describe("the package as Node-RED loads it", () => {
  it("carries what it needs at run time", () => {
    for (const wanted of ["dist", "resources", "examples/*.json"])
      assert.ok(readPackage().files.includes(wanted), wanted);
  });

  it("loads nothing that only a simulator needs before there is one", () => {
    const files = [...Object.values(readPackage()["node-red"].nodes), "dist/lib/index.js"];
    const script = `for (const file of ${JSON.stringify(files)}) require(require("node:path").resolve(file));
      process.stdout.write(JSON.stringify(Object.keys(require.cache)));`;
    const { stdout, status } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
    assert.equal(status, 0);
    const loaded = JSON.parse(stdout) as string[];
    assert.ok(loaded.some((file) => file.endsWith(path.join("ebxml-transport", "ebxml-transport.js"))));
    const ofSimulator = /[\\/]node_modules[\\/](?:@peculiar|reflect-metadata|tsyringe|asn1js|pvtsutils|pvutils)[\\/]/;
    assert.deepEqual(
      loaded.filter((file) => ofSimulator.test(file)),
      [],
    );
  });

  for (const [name, file] of Object.entries(readPackage()["node-red"].nodes)) {
    describe(`the node set ${name}`, () => {
      const folder = path.join(root, path.dirname(file));
      const files = readEditorFiles(name);

      it("has its program, its template, its texts and its help where they are looked for", () => {
        for (const wanted of [
          `${name}.js`,
          `${name}.html`,
          `locales/en-US/${name}.json`,
          `locales/en-US/${name}.html`,
        ]) {
          assert.ok(fs.existsSync(path.join(folder, wanted)), wanted);
        }
      });

      it("exports one function by which it is registered", () => {
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        const loaded = require(path.join(root, file)) as { default: unknown };
        assert.equal(typeof loaded.default, "function");
      });

      it("brings its icon along, drawn white on nothing, two by three", () => {
        const { icon, category } = readDefinition(name).definition;
        assert.equal(icon === undefined, category === "config");
        if (icon === undefined) return;
        const svg = fs.readFileSync(path.join(folder, "icons", icon), "utf8");
        assert.match(svg, /width="40" height="60"/);
        const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((match) => match[1]);
        assert.deepEqual([...new Set(colours)].sort(), ["#fff", "none"]);
      });

      it("names the type of its template and of its help", () => {
        const { type } = readDefinition(name);
        assert.ok(files.template.includes(`data-template-name="${type}"`));
        assert.ok(files.help.includes(`data-help-name="${type}"`));
      });

      it("loads what it shares with other nodes from the resources of the package, which are there", () => {
        const loaded = [...files.template.matchAll(/<(?:script|link)\b[^>]*\b(?:src|href)="([^"]*)"/g)];
        assert.equal(loaded.length, resourcesOf(name, "js").length + resourcesOf(name, "css").length);
        for (const file of [...resourcesOf(name, "js"), ...resourcesOf(name, "css")]) assert.ok(fs.existsSync(file));
        assert.equal(resourcesOf(name, "js").length === 1, files.template.includes("cpIs."));
      });

      it("is in git as Node-RED gets it", () => {
        for (const file of [`${name}.html`, `locales/en-US/${name}.html`, `locales/en-US/${name}.json`]) {
          const [source, built] = ["", "dist"].map((place) => path.join(root, place, "nodes", name, file));
          assert.equal(fs.readFileSync(built!, "utf8"), fs.readFileSync(source!, "utf8"));
        }
      });

      it("writes no style of its own, and no colour but its own", () => {
        assert.doesNotMatch(files.template, /<style/);
        for (const file of resourcesOf(name, "css")) {
          assert.doesNotMatch(fs.readFileSync(file, "utf8"), /#[0-9a-f]{3,6}\b|rgb|hsl/i);
        }
      });

      it("writes nothing that it gets into the page as markup", () => {
        const scripts = [files.template, ...resourcesOf(name, "js").map((file) => fs.readFileSync(file, "utf8"))];
        for (const script of scripts) {
          assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.html\(/);
        }
      });

      it("gives every field a label, and hides decoration from screen readers", () => {
        const fields = [...files.template.matchAll(/<(?:input|select)[^>]*\bid="([^"]+)"[^>]*>/g)];
        const visible = fields.filter(([tag]) => !tag.includes('type="hidden"')).map((match) => match[1]);
        for (const id of visible) assert.ok(files.template.includes(`for="${id}"`), id);
        for (const [tag] of files.template.matchAll(/<i class="fa[^>]*>/g)) assert.match(tag, /aria-hidden="true"/);
      });

      it("prefixes each id and class of its own", () => {
        const ids = [...files.template.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]!);
        for (const id of ids) assert.match(id, /^(node-input|node-config-input|cp-is)-/);
      });
    });
  }
});
