// Reads the built editor files of a node: template, catalogue, help, and the definition in the template's script.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

export const root = path.resolve(__dirname, "..", "..", "..");
export const nodeNames = [
  "message-store",
  "ebxml-transport",
  "mesh-transport",
  "cp-is-query",
  "cp-is-upload",
  "cp-is-notification",
  "cp-is-confirm",
  "cp-is-alert",
  "spine-simulator",
] as const;

export interface EditorFiles {
  readonly template: string;
  readonly help: string;
  /** Keys joined by dots. */
  readonly texts: ReadonlyMap<string, string>;
}

function flatten(value: unknown, prefix: string, into: Map<string, string>): Map<string, string> {
  if (typeof value === "string") return into.set(prefix, value);
  assert.ok(typeof value === "object" && value !== null, prefix);
  for (const [key, inner] of Object.entries(value)) flatten(inner, prefix === "" ? key : `${prefix}.${key}`, into);
  return into;
}

export function readEditorFiles(name: string): EditorFiles {
  const folder = path.join(root, "dist", "nodes", name);
  const read = (file: string): string => fs.readFileSync(path.join(folder, file), "utf8");
  const catalogue: unknown = JSON.parse(read(`locales/en-US/${name}.json`));
  return {
    template: read(`${name}.html`),
    help: read(`locales/en-US/${name}.html`),
    texts: flatten(catalogue, "", new Map()),
  };
}

/** The scripts, or the styles, that a template loads from the package's resources/, in their order. */
export function resourcesOf(name: string, kind: "js" | "css"): readonly string[] {
  const pattern = /<(?:script src|link rel="stylesheet" href)="resources\/@cp-is\/node-red\/([a-z-]+\.(js|css))">/g;
  const loaded = [...readEditorFiles(name).template.matchAll(pattern)];
  return loaded.filter((match) => match[2] === kind).map(([, file = ""]) => path.join(root, "resources", file));
}

type Validate = (this: object, value: unknown, options: { readonly label?: string }) => true | string;

export interface NodeDefinition {
  readonly category: string;
  readonly icon?: string;
  readonly color?: string;
  readonly paletteLabel?: string;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly defaults: Readonly<
    Record<string, { readonly value: unknown; readonly type?: string; readonly validate?: Validate }>
  >;
  label(this: object): string;
  readonly inputLabels?: (this: object, index: number) => string;
  readonly outputLabels?: (this: object, index: number) => string;
}

export interface RegisteredDefinition {
  readonly type: string;
  readonly definition: NodeDefinition;
}

/** Runs the template's script as the editor does, with `form` as the fields of an open dialog. */
export function readDefinition(name: string, form: Readonly<Record<string, string>> = {}): RegisteredDefinition {
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(readEditorFiles(name).template)?.[1];
  assert.ok(script !== undefined);
  let registered: RegisteredDefinition | undefined;
  const RED = {
    nodes: {
      registerType: (type: string, definition: NodeDefinition) => (registered = { type, definition }),
      node: () => null,
    },
  };
  const page = vm.createContext({ RED, $: (selector: string) => ({ val: () => form[selector] }) });
  for (const file of resourcesOf(name, "js")) vm.runInContext(fs.readFileSync(file, "utf8"), page);
  vm.runInContext(script, page);
  assert.ok(registered !== undefined);
  return registered;
}

/** A node of the editor, with the texts of its catalogue. */
export function editorNode(name: string, values: object): object {
  const { texts } = readEditorFiles(name);
  const translate = (key: string): string => {
    const text = texts.get(key);
    assert.ok(text !== undefined, `no text for ${key}`);
    return text;
  };
  return { ...values, _: translate };
}
