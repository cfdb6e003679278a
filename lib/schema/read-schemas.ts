// Reads an organisation's own copy of the schemas, a folder or a zip, into a working copy that the validator takes.
import { createRequire } from "node:module";
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError } from "../errors.js";
import { parseXml, type XmlLimits } from "../xml/parse-xml.js";
import { attributeValue, type XmlElement } from "../xml/xml-element.js";
import { decodeXmlText } from "../xml/decode-text.js";
import type { SchemaFile, SchemaSet } from "./model.js";

const schemaNamespace = "http://www.w3.org/2001/XMLSchema";
const maximumFiles = 2_000;
const maximumBytes = 64 * 1024 * 1024;
const limits: XmlLimits = {
  maximumBytes: 16 * 1024 * 1024,
  maximumDepth: 64,
  maximumElements: 500_000,
  maximumAttributesPerElement: 64,
};
/** Above it, the validator's tables grow with the number: it is left open instead. */
const largestOccurrence = 1_000;

interface RawFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function readFolder(folder: string): Promise<RawFile[]> {
  const top = await fs.realpath(folder);
  const entries = await fs.readdir(top, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.toLowerCase().endsWith(".xsd"))
    .map((entry) => path.join(entry.parentPath, entry.name));
  if (names.length > maximumFiles) throw new CpisError("SCHEMA_TOO_LARGE", { detail: "too many files" });
  const files: RawFile[] = [];
  let total = 0;
  for (const name of names) {
    total += (await fs.stat(name)).size;
    if (total > maximumBytes) throw new CpisError("SCHEMA_TOO_LARGE", { detail: "the schemas together" });
    files.push({ path: path.relative(top, name).split(path.sep).join("/"), bytes: await fs.readFile(name) });
  }
  return files;
}

interface ZipEntry {
  readonly name: string;
  readonly originalSize: number;
}

/** What is used of the optional package fflate. */
interface Zip {
  unzipSync(bytes: Uint8Array, options: { filter(entry: ZipEntry): boolean }): Record<string, Uint8Array>;
}

function isZip(value: unknown): value is Zip {
  return typeof value === "object" && value !== null && "unzipSync" in value && typeof value.unzipSync === "function";
}

function loadZip(): Zip {
  let loaded: unknown;
  try {
    loaded = createRequire(__filename)("fflate");
  } catch (cause) {
    throw new CpisError("SCHEMA_VALIDATOR_MISSING", { detail: "the package fflate, which reads a zip", cause });
  }
  if (!isZip(loaded)) throw new CpisError("SCHEMA_VALIDATOR_MISSING", { detail: "the package fflate" });
  return loaded;
}

async function readZip(file: string): Promise<RawFile[]> {
  const bytes = await fs.readFile(file);
  let total = 0;
  let count = 0;
  const wanted = ({ name, originalSize }: ZipEntry): boolean => {
    if (!name.toLowerCase().endsWith(".xsd")) return false;
    total += originalSize;
    count += 1;
    if (total > maximumBytes || count > maximumFiles) throw new CpisError("SCHEMA_TOO_LARGE", { detail: "the zip" });
    return true;
  };
  try {
    const entries = Object.entries(loadZip().unzipSync(bytes, { filter: wanted }));
    return entries.map(([name, content]) => ({ path: path.posix.normalize(name), bytes: content }));
  } catch (error) {
    if (error instanceof CpisError) throw error;
    throw new CpisError("SCHEMA_FOLDER", { detail: "the zip cannot be read", cause: error });
  }
}

/** A prohibited attribute with a type inside is refused by the validator, though nothing can ever be checked by it. */
const prohibitedWithType =
  /<((?:[\w.-]+:)?attribute)\b((?:[^<>"']|"[^"]*"|'[^']*')*?\buse\s*=\s*(?:"prohibited"|'prohibited')(?:[^<>"']|"[^"]*"|'[^']*')*?)(?<!\/)>[\s\S]*?<\/\1\s*>/g;
const occurrence = /\b(maxOccurs\s*=\s*["'])([0-9]+)(["'])/g;
const declaration = /^\uFEFF?<\?xml[^>]*\?>/;

function workingCopy(file: RawFile, changes: string[]): SchemaFile {
  let prohibited = 0;
  let open = 0;
  const text = decodeXmlText(file.bytes)
    .replace(declaration, "")
    .replace(prohibitedWithType, (_, name: string, attributes: string) => {
      prohibited += 1;
      return `<${name}${attributes}/>`;
    })
    .replace(occurrence, (whole, start: string, count: string, end: string) => {
      if (Number(count) <= largestOccurrence) return whole;
      open += 1;
      return `${start}unbounded${end}`;
    });
  if (prohibited > 0) changes.push(`${file.path}: types of ${String(prohibited)} prohibited attributes left out`);
  if (open > 0) changes.push(`${file.path}: ${String(open)} limits above ${String(largestOccurrence)} left open`);
  return { path: file.path, text };
}

const facets = new Set([
  "pattern",
  "enumeration",
  "length",
  "minLength",
  "maxLength",
  "minInclusive",
  "maxInclusive",
  "minExclusive",
  "maxExclusive",
  "totalDigits",
  "fractionDigits",
  "whiteSpace",
]);

function collectWords(element: XmlElement, words: Set<string>): void {
  const name = attributeValue(element, "name");
  if (name !== undefined) words.add(name);
  const value = facets.has(element.localName) ? attributeValue(element, "value") : undefined;
  if (value !== undefined) words.add(value);
  for (const child of element.children) collectWords(child, words);
}

/** Where an include, import or redefine leads, from the top of the set; throws SCHEMA_OUTSIDE when it leaves it. */
function checkReferences(file: SchemaFile, schema: XmlElement): void {
  for (const child of schema.children) {
    const location = attributeValue(child, "schemaLocation");
    if (child.namespace !== schemaNamespace || location === undefined) continue;
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file.path), location));
    const isOutside = /^[A-Za-z][A-Za-z0-9+.-]*:/.test(location) || /^[\\/]/.test(location) || target.startsWith("..");
    if (isOutside) throw new CpisError("SCHEMA_OUTSIDE", { detail: file.path });
  }
}

function indexFile(file: SchemaFile, roots: Map<string, string>, words: Set<string>): void {
  let schema: XmlElement;
  try {
    schema = parseXml(Buffer.from(file.text, "utf8"), { limits });
  } catch (cause) {
    throw new CpisError("SCHEMA_INVALID", { detail: file.path, cause });
  }
  if (schema.namespace !== schemaNamespace || schema.localName !== "schema") return;
  checkReferences(file, schema);
  collectWords(schema, words);
  const namespace = attributeValue(schema, "targetNamespace") ?? "";
  for (const child of schema.children) {
    const name = child.localName === "element" ? attributeValue(child, "name") : undefined;
    if (name === undefined) continue;
    const key = `{${namespace}}${name}`;
    // The file that is named after its root element is meant, where several declare it.
    if (!roots.has(key) || path.posix.basename(file.path, ".xsd") === name) roots.set(key, file.path);
  }
}

/**
 * Reads every .xsd of a folder or zip. Throws SCHEMA_FOLDER when there is none, SCHEMA_OUTSIDE for a reference that
 * leaves the set (a web address, an absolute path, a way up), SCHEMA_TOO_LARGE, SCHEMA_INVALID for a file that is not
 * well formed, and SCHEMA_VALIDATOR_MISSING when a zip is given and the package that reads it is not installed.
 */
export async function readSchemas(place: string): Promise<SchemaSet> {
  let raw: RawFile[];
  try {
    raw = (await fs.stat(place)).isDirectory() ? await readFolder(place) : await readZip(place);
  } catch (error) {
    if (error instanceof CpisError) throw error;
    throw new CpisError("SCHEMA_FOLDER", { cause: error });
  }
  if (raw.length === 0) throw new CpisError("SCHEMA_FOLDER", { detail: "no file that ends in .xsd" });
  const changes: string[] = [];
  const roots = new Map<string, string>();
  const words = new Set<string>();
  const inOrder = raw.sort((one, other) => (one.path < other.path ? -1 : 1));
  const files = inOrder.map((file) => workingCopy(file, changes));
  for (const file of files) indexFile(file, roots, words);
  return { files, roots, words, changes };
}
