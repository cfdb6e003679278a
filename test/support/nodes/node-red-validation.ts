// Asks Node-RED's own editor code, of each supported line, what it would mark with a red triangle.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";
import { root, type NodeDefinition } from "./editor-files.js";

type ValidateProperties = (node: object, definition: object, properties: object) => readonly string[];

/** The folders of the two lines' editors. */
const editors: Readonly<Record<"node-red" | "node-red-4.1", string>> = {
  "node-red": "node_modules/@node-red/editor-client",
  "node-red-4.1": "node_modules/node-red-4.1/node_modules/@node-red/editor-client",
};
export const nodeRedLines = ["node-red", "node-red-4.1"] as const;

function loadValidator(line: (typeof nodeRedLines)[number]): ValidateProperties {
  const source = fs.readFileSync(path.join(root, editors[line], "public", "red", "red.js"), "utf8");
  const start = source.indexOf("function validateNodeProperties(");
  const end = source.indexOf("function validateNodeEditor(");
  assert.ok(start !== -1 && end > start, `the validation of ${line} is not where it was`);
  // As outside a dialog: no field is shown, and config nodes are those that the test does not ask for.
  const surroundings = {
    RED: { _: (key: string) => key, nodes: { getType: () => ({}), node: () => ({ valid: true }) } },
    $: () => ({ length: 0 }),
    console,
  };
  return vm.runInNewContext(`(() => { ${source.slice(start, end)}; return validateNodeProperties; })()`, {
    ...surroundings,
  }) as ValidateProperties;
}

/** What is wrong with a node whose dialog is not open: none means that it has no triangle. */
export function marksOf(
  line: (typeof nodeRedLines)[number],
  definition: Pick<NodeDefinition, "defaults" | "category">,
  node: object,
): readonly string[] {
  const defaults = Object.fromEntries(Object.entries(definition.defaults).map(([name, { value }]) => [name, value]));
  const whole = { ...defaults, ...node, _def: definition };
  return [...loadValidator(line)(whole, definition.defaults, whole)];
}
