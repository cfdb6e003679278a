// Reads and parses the golden vectors.
import fs from "node:fs";
import path from "node:path";
import { parseXml } from "../../../lib/xml/parse-xml.js";
import type { XmlElement } from "../../../lib/xml/xml-element.js";

const folder = path.resolve(__dirname, "../../vectors");

/** The text of test/vectors/<name>.xml. */
export function readVector(name: string): string {
  return fs.readFileSync(path.join(folder, `${name}.xml`), "utf8");
}

export function parseText(text: string): XmlElement {
  return parseXml(Buffer.from(text, "utf8"));
}

export function parseVector(name: string): XmlElement {
  return parseText(readVector(name));
}
