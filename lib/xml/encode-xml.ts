// Writes XML: a tree of named nodes to text, every value escaped.

/** A node to write. Names are qualified as they shall appear ("eb:From"); an attribute that is undefined is left out. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (XmlNode | string)[];
}

/** Describes one element; `undefined` children are left out, so that optional parts can be written in line. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  children: readonly (XmlNode | string | undefined)[] = [],
): XmlNode {
  return { name, attributes, children: children.filter((child) => child !== undefined) };
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
// XML 1.0, 2.2: these may not stand in a document in any form; a lone surrogate cannot be written in UTF-8.
const forbidden =
  // eslint-disable-next-line no-control-regex -- the control characters are the point
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const mayNeedEscape = /[^\u0020\u0021\u0023-\u0025\u0027-\u003b\u003d\u003f-\ud7ff\ue000-\ufffd]/;

function escapeWith(value: string, pattern: RegExp): string {
  if (!mayNeedEscape.test(value)) return value;
  return value.replace(forbidden, "\ufffd").replace(pattern, (character) => escapes[character] ?? character);
}

function escapeText(value: string): string {
  return escapeWith(value, /[&<>\r]/g);
}

function escapeAttribute(value: string): string {
  return escapeWith(value, /[&<>"\t\n\r]/g);
}

/** Prints the node without declaration, indentation or line ends of its own. Characters XML forbids become U+FFFD. */
export function encodeXml(node: XmlNode): string {
  let text = `<${node.name}`;
  for (const name in node.attributes) {
    const value = node.attributes[name];
    if (value !== undefined) text += ` ${name}="${escapeAttribute(value)}"`;
  }
  if (node.children.length === 0) return `${text}/>`;
  text += ">";
  for (const child of node.children) text += typeof child === "string" ? escapeText(child) : encodeXml(child);
  return `${text}</${node.name}>`;
}
