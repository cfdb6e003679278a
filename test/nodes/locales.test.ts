// Every text is in the catalogue, and the catalogue holds nothing that is not used.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { fieldRules } from "../../nodes/adapter/runtime/field-rules.js";
import { nodeNames, readDefinition, readEditorFiles, resourcesOf, root } from "../support/nodes/editor-files.js";

/** A node's own files, and those of the adapter that they import: these take their words from the node's catalogue. */
function sourceOf(folder: string): string {
  const read = (file: string): string => fs.readFileSync(path.join(root, "nodes", file), "utf8");
  const own = fs.readdirSync(path.join(root, "nodes", folder)).filter((file) => file.endsWith(".ts"));
  const text = own.map((file) => read(path.join(folder, file))).join("\n");
  const imported = [...new Set(all(text, /import \{[^}]*\} from "\.\.\/(adapter\/[a-z/-]+)\.js"/g))];
  return [text, ...imported.map((file) => read(`${file}.ts`))].join("\n");
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

/** Keys relative to the node's part of its catalogue. */
function keysUsed(name: string): Set<string> {
  const loaded = name.endsWith("-transport")
    ? resourcesOf(name, "js").map((file) => fs.readFileSync(file, "utf8"))
    : [];
  const template = [readEditorFiles(name).template, ...loaded].join("\n");
  const source = sourceOf(name);
  const rulesUsed = all(template, /check\w*\(\s*this,\s*"\w+",\s*(?:isSimulator\(this\) \? )?"(\w+)"/g);
  const otherRules = all(template, /isSimulator\(this\) \? "\w+" : "(\w+)"/g);
  const definitions = all(template, /: (?:required|optional)\("\w+", "(\w+)"/g);
  const validations = [...rulesUsed, ...otherRules, ...definitions].map((rule) => {
    const found = Object.entries(fieldRules).find(([ruleName]) => ruleName === rule);
    assert.ok(found?.[1].message !== undefined, rule);
    return found[1].message;
  });
  const quoted = [
    ...all(template, /data-i18n="(?:\[\w+\])?([^"]+)"/g),
    // A key with a colon is of another catalogue, which has a test of its own.
    ...all(template, /_\("([^":]+)"\)/g),
    ...all(template, /"([a-z-]+\.output\.\w+)"/g),
  ].map((key) => key.replace(`${name}.`, ""));
  return new Set([
    ...quoted,
    ...validations,
    ...(template.includes("cpIs.fieldChecks") ? ["validation.required"] : []),
    ...all(source, /words\(\s*"([^"]+)"/g),
    ...all(source, /"((?:status|error)\.\w+)"/g),
    ...all(source, /refuse\("\w+", "([^"]+)"\)/g),
    ...Object.keys(readDefinition(name).definition.defaults)
      // Notes of the editor's own have no field.
      .filter((property) => !/Type$|^outputs$|^has[A-Z]/.test(property))
      .map((property) => `field.${property}`),
  ]);
}

describe("the English texts of the nodes", () => {
  for (const name of nodeNames) {
    const { texts, template } = readEditorFiles(name);
    const catalogue = new Set([...texts.keys()].map((key) => key.replace(`${name}.`, "")));

    it(`has a text for every key that ${name} uses`, () => {
      const missing = [...keysUsed(name)].filter((key) => !key.endsWith(".") && !catalogue.has(key));
      assert.deepEqual(missing, []);
    });

    it(`has no text that ${name} does not use`, () => {
      const used = keysUsed(name);
      assert.deepEqual(
        [...catalogue].filter((key) => !used.has(key)),
        [],
      );
    });

    it(`leaves no words in the template of ${name} itself`, () => {
      const form = /<script type="text\/html"[^>]*>([\s\S]*?)<\/script>/.exec(template)?.[1] ?? "";
      const words = form
        .replace(/<[^>]*>/g, "\n")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
      const tokens = ["MSHSignalsOnly", "None", "Never", "always", "never", "toPartyMSH", "nextMSH"];
      assert.deepEqual(
        words.filter((word) => !tokens.includes(word)),
        [],
      );
    });
  }
});
