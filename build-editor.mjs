// Makes the editor files of all nodes, and writes out what they have in common: rows of dialogs, checks, lists of error codes.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** The attributes of a tag of ours, each with a value; one without a value is true. */
function attributesOf(text) {
  const found = [...text.matchAll(/([a-z][a-zA-Z-]*)(?:="([^"]*)")?/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, value ?? true]));
}

function attribute(name, value) {
  return value === undefined ? "" : ` ${name}="${value}"`;
}

function noteOf(node, prefix, { note, "note-id": id }) {
  return note === undefined
    ? ""
    : `<div class="${prefix}-note"${attribute("id", id)} data-i18n="${node}.note.${note}"></div>\n`;
}

function inputOf(kind, id, { placeholder, name }, node) {
  const type = kind === "password" ? "password" : "text";
  const mode = attribute("inputmode", kind === "number" ? "numeric" : undefined);
  const completion = attribute("autocomplete", kind === "password" ? "new-password" : undefined);
  const hint = name === undefined ? "" : ` data-i18n="[placeholder]${node}.field.name"`;
  return `<input type="${type}"${completion}${mode} id="${id}"${attribute("placeholder", placeholder)}${hint}>\n`;
}

const kinds = ["text", "number", "password", "select", "flag"];

/** One field of a table in which the user names columns. */
function columnOf(node, idPrefix, column) {
  const id = `${idPrefix}column-${column}`;
  const label = `<label for="${id}"><span data-i18n="${node}.column.${column}"></span></label>\n`;
  const input = `<input type="text" id="${id}" data-column="${column}" placeholder="${column}">\n`;
  return `<div class="form-row">\n${label}${input}</div>`;
}

/** `content` stands between the tags of a row that has some: the options of a select, or what follows an input. */
function rowOf(node, prefix, idPrefix, attributes, content) {
  if (attributes["column"] !== undefined) return columnOf(node, idPrefix, attributes["column"]);
  const kind = kinds.find((each) => attributes[each] !== undefined);
  if (kind === undefined) throw new Error(`${node}: a row has no field`);
  const field = attributes[kind];
  const id = `${idPrefix}${field}`;
  const text = `data-i18n="${node}.field.${field}"`;
  const open = `<div class="form-row"${attribute("id", attributes["id"])}>\n`;
  const note = noteOf(node, prefix, attributes);
  if (kind === "flag") {
    const box = `<input type="checkbox" id="${id}" style="display: inline-block; width: auto; vertical-align: top;">\n`;
    return `${open}${box}<label class="${prefix}-wide" for="${id}" ${text}></label>\n${note}</div>`;
  }
  const icon = `<i class="fa fa-${attributes["icon"]}" aria-hidden="true"></i>`;
  const label = `<label for="${id}">${icon} <span ${text}></span></label>\n`;
  const control =
    kind === "select" ? `<select id="${id}">${content}</select>\n` : inputOf(kind, id, attributes, node) + content;
  return `${open}${label}${control}${note}</div>`;
}

function styleOf(prefix, labels) {
  const row = `.${prefix}-form .form-row >`;
  const inputs = ["text", "password"].map((type) => `${row} input[type="${type}"]`);
  return [
    "<style>",
    `  ${row} label { width: ${labels}px; }`,
    `  ${[...inputs, `${row} select`].join(", ")} { width: calc(100% - ${labels + 10}px); }`,
    `  ${row} .${prefix}-note { margin: 4px 0 0 ${labels + 5}px; color: var(--red-ui-secondary-text-color); }`,
    `  ${row} label.${prefix}-wide { width: calc(100% - ${labels + 40}px); }`,
    `  .${prefix}-form summary { cursor: pointer; margin-bottom: 12px; }`,
    `  .${prefix}-form h4 { border-bottom: 1px solid var(--red-ui-secondary-border-color); padding-bottom: 4px; }`,
    "</style>",
  ].join("\n");
}

/**
 * A dialog is written with tags of ours: `<row text="port" icon="plug" note="port">`, or number, password, flag, or
 * `<row select="pattern" icon="random">` with options up to `</row>`; `<row column="startDate"/>` is one of a table. `<row-style labels="160">` is the style of its form.
 */
function expandDialog(node, template) {
  const prefix = /<div class="([a-z-]+)-form">/.exec(template)?.[1];
  const idPrefix = template.includes('category: "config"') ? "node-config-input-" : "node-input-";
  if (prefix === undefined) return template;
  return template
    .replace(/<row-style labels="(\d+)">/, (_, labels) => styleOf(prefix, Number(labels)))
    .replace(/<row ([^>]*[^/])>([\s\S]*?)<\/row>|<row ([^>]*)\/>/g, (_, opening, content, alone) =>
      rowOf(node, prefix, idPrefix, attributesOf(opening ?? alone), content ?? ""),
    );
}

/**
 * In a help text a line `{{error codes: CONFIG_MISSING STORE_*}}` stands for those rows of the error table, in this order; a
 * code that is then written with a minus, as in `-STORE_CLOSED`, is left out.
 */
function expandHelp(help, errorTable) {
  return help.replace(/^\{\{error codes: ([^}]*)\}\}$/gm, (_, list) => {
    const words = list.trim().split(/\s+/);
    const without = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
    const codes = words.filter((word) => !word.startsWith("-")).flatMap((word) => codesOf(word, errorTable));
    return codes
      .filter((code) => !without.includes(code))
      .map((code) => `- \`${code}\` ${errorTable[code].message}. ${errorTable[code].advice}`)
      .join("\n");
  });
}

function codesOf(word, errorTable) {
  const codes = word.endsWith("*")
    ? Object.keys(errorTable).filter((code) => code.startsWith(word.slice(0, -1)))
    : Object.keys(errorTable).filter((code) => code === word);
  if (codes.length === 0) throw new Error(`no error code is ${word}`);
  return codes;
}

/** The checks of a node's fields as an expression that takes the node's name: one list of rules for editor and runtime. */
async function fieldChecks(root) {
  const { fieldRules } = await import(pathToFileURL(path.join(root, "dist/nodes/adapter/runtime/field-rules.js")).href);
  const source = fs.readFileSync(path.join(root, "nodes", "adapter", "field-checks.js"), "utf8").trim();
  const expression = source.replace(/^\/\/.*\n/, "").replace(/;$/, "");
  return `((node) => ${expression}(${JSON.stringify(fieldRules)}, node))`;
}

/** The button that has a transport checked, as an expression that takes the node's name, and its style. */
function connectionCheck(root) {
  const read = (file) => fs.readFileSync(path.join(root, "nodes", "adapter", file), "utf8").trim();
  const source = read("connection-check-panel.js");
  const expression = source.replace(/^\/\/.*\n/, "").replace(/;$/, "");
  return { panel: `((node) => ${expression}($, RED, node))`, style: read("connection-check.css") };
}

/** Puts the parts of an editor script that is written in several files into its template: each is one expression. */
function withEditorParts(template, folder) {
  const read = (file) => fs.readFileSync(path.join(folder, "editor", file), "utf8").trim();
  return template
    .replace(/"%editor:([a-z-]+\.js)%"/g, (_, file) =>
      read(file)
        .replace(/^\/\/.*\n/, "")
        .replace(/;$/, ""),
    )
    .replace(/\/\* %editor:([a-z-]+\.css)% \*\//g, (_, file) => read(file));
}

function copyLocales(node, from, to, errorTable) {
  fs.cpSync(from, to, { recursive: true });
  for (const language of fs.readdirSync(to)) {
    const file = path.join(to, language, `${node}.html`);
    if (fs.existsSync(file)) fs.writeFileSync(file, expandHelp(fs.readFileSync(file, "utf8"), errorTable));
  }
}

/** Node-RED looks for icons beside each node file, and for the template and the catalogues by the node file's name. */
export async function copyEditorFiles(root) {
  const checks = await fieldChecks(root);
  const { panel, style } = connectionCheck(root);
  const { errorTable } = await import(pathToFileURL(path.join(root, "dist/lib/errors.js")).href);
  for (const node of fs.readdirSync(path.join(root, "nodes"))) {
    const from = path.join(root, "nodes", node);
    const to = path.join(root, "dist", "nodes", node);
    if (!fs.existsSync(path.join(from, `${node}.html`))) continue;
    const template = fs.readFileSync(path.join(from, `${node}.html`), "utf8");
    fs.writeFileSync(
      path.join(to, `${node}.html`),
      expandDialog(node, withEditorParts(template, from))
        .replaceAll('"%fieldChecks%"', () => checks)
        .replaceAll('"%connectionCheckPanel%"', () => panel)
        .replaceAll("/* %connectionCheckStyle% */", () => style),
    );
    copyLocales(node, path.join(from, "locales"), path.join(to, "locales"), errorTable);
    fs.cpSync(path.join(root, "icons"), path.join(to, "icons"), { recursive: true });
  }
}
