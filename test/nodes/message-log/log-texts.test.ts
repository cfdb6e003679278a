// Every text of the sidebar is in its catalogue, the catalogue holds nothing else, and data never becomes markup.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { logActions } from "../../../lib/services/message-log/message-log-model.js";
import { stateWords } from "../../../lib/services/message-log/message-log-words.js";
import { root } from "../../support/nodes/editor-files.js";

const folder = path.join(root, "nodes", "message-log");
const editor = path.join(root, "nodes", "editor", "message-log");
const sources = [
  fs.readFileSync(path.join(folder, "message-log.html"), "utf8"),
  ...fs
    .readdirSync(editor)
    .filter((file) => !file.endsWith(".css"))
    .map((file) => fs.readFileSync(path.join(editor, file), "utf8")),
];
const source = sources.join("\n");
const catalogue: unknown = JSON.parse(fs.readFileSync(path.join(folder, "locales/en-US/message-log.json"), "utf8"));

function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value === "string") return [prefix];
  assert.ok(typeof value === "object" && value !== null, prefix);
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, prefix === "" ? key : `${prefix}.${key}`));
}

function textOf(key: string): unknown {
  return key.split(".").reduce((value, part) => Reflect.get(value as object, part) as unknown, catalogue);
}

/** Whether the code names the key, or begins one that ends in a name like it. */
function isUsed(key: string): boolean {
  if (source.includes(`"${key}"`) || source.includes(`"@cp-is/node-red/message-log:${key}"`)) return true;
  const parts = key.split(".");
  return parts.some((_, index) => index > 0 && source.includes(`\`${parts.slice(0, index).join(".")}.\${`));
}

describe("the texts of the message log", () => {
  const keys = keysOf(catalogue);

  it("are there for every key that the sidebar uses", () => {
    const used = [...source.matchAll(/(?:\b_|translate)\(\s*"([a-zA-Z.-]+[a-zA-Z])"/g)].map((match) => match[1]!);
    assert.ok(used.length > 40);
    assert.deepEqual(
      used.filter((key) => !keys.includes(key)),
      [],
    );
  });

  it("are all used", () => {
    assert.deepEqual(
      keys.filter((key) => !isUsed(key)),
      [],
    );
  });

  it("name the states as the rest of the package does, and each action with its question and outcomes", () => {
    for (const [state, words] of Object.entries(stateWords)) assert.equal(textOf(`state.${state}`), words);
    for (const action of logActions) {
      for (const part of ["action", "ask", "outcome.done", "outcome.already-done"]) {
        assert.ok(keys.includes(`${part}.${action}`), `${part}.${action}`);
      }
    }
  });

  it("reach the page as text: nothing writes markup", () => {
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.html\(/);
  });

  it("take their colours from the editor's variables, but for the parts of the bar that have their own ground", () => {
    const style = fs.readFileSync(path.join(editor, "message-log.css"), "utf8");
    const ownColours = style
      .split("}")
      .filter((rule) => /#[0-9a-f]{3,6}\b|\brgb/.test(rule))
      .map((rule) => rule.trim().split(" {")[0]);
    assert.ok(
      ownColours.every((selector) => /cp-is-log-part-\d|::backdrop/.test(selector ?? "")),
      ownColours.join(),
    );
  });
});
