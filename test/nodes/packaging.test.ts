// What Node-RED needs to find beside each node, and finds nowhere else.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { readDefinition, readEditorFiles, root } from "../support/nodes/editor-files.js";

interface PackageJson {
  readonly files: readonly string[];
  readonly "node-red": { readonly nodes: Readonly<Record<string, string>> };
}

function readPackage(): PackageJson {
  return JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as PackageJson;
}

describe("the package as Node-RED loads it", () => {
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

      it("has the field rules in its template, and not the place for them", () => {
        assert.ok(!files.template.includes("%fieldChecks%"));
        const hasFields = Object.keys(readDefinition(name).definition.defaults).length > 1;
        if (hasFields) assert.match(files.template, /createFieldChecks[^]*\{"asid":/);
      });

      it("writes no colour but its own into the template", () => {
        const styles = files.template.match(/<style>[\s\S]*?<\/style>/g)?.join("") ?? "";
        assert.doesNotMatch(styles, /#[0-9a-f]{3,6}\b|rgb|hsl/i);
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
