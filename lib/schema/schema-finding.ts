// A validator's message in words of the schema alone: what it quotes of the checked message is a patient's detail.
import type { SchemaFinding } from "./model.js";

const unknownElement = "an element that the schema does not know";
const head = /^Element '(?:\{[^}']*\})?([^'\s]+)'(?:, attribute '(?:\{[^}']*\})?([^'\s]+)')?:\s*/;

function known(name: string | undefined, words: ReadonlySet<string>): string | undefined {
  return name !== undefined && words.has(name) ? name : undefined;
}

/** Names that the validator expects come from the schema. */
function expected(text: string, words: ReadonlySet<string>): string {
  const list = /Expected is (?:one of )?\( ?(.*?) ?\)\.\s*$/s.exec(text)?.[1];
  if (list === undefined) return "";
  const names = [...list.matchAll(/(?:\{[^}]*\})?([\w.-]+)/g)].flatMap(([, name]) => known(name, words) ?? []);
  return names.length === 0 ? "" : ` Expected: ${names.join(", ")}.`;
}

function ruleOf(text: string, words: ReadonlySet<string>): string {
  const facet = /^\[facet '(\w+)'\]/.exec(text)?.[1];
  if (facet !== undefined) {
    const value = /'([^']*)'\.?\s*$/.exec(text)?.[1];
    const told = value !== undefined && words.has(value) ? ` "${value}"` : "";
    return `The value does not satisfy the facet ${facet}${told}.`;
  }
  if (text.startsWith("This element is not expected"))
    return `The element is not expected here.${expected(text, words)}`;
  if (text.startsWith("Missing child element(s)")) return `A child element is missing.${expected(text, words)}`;
  const attribute = /^The attribute '(?:\{[^}']*\})?([^'\s]+)' is (required but missing|not allowed)\./.exec(text);
  if (attribute !== null) {
    const name = known(attribute[1], words) ?? "with a name that the schema does not know";
    return `The attribute ${name} is ${attribute[2] ?? ""}.`;
  }
  const type = /is not a valid value of the (?:atomic|list|union) type '(?:\{[^}']*\})?([^'\s]+)'\.\s*$/.exec(
    text,
  )?.[1];
  if (type !== undefined || /is not a valid value of the (?:local )?(?:atomic|list|union) type/.test(text)) {
    const name = known(type, words) ?? (type !== undefined && /^(?:xs:|xsd:)?[a-zA-Z]+$/.test(type) ? type : undefined);
    return `The value is not valid for the type${name === undefined ? "" : ` ${name}`}.`;
  }
  if (text.startsWith("Character content")) return "Text is not allowed in this element.";
  if (text.startsWith("No matching global declaration")) return "The schema has no such root element.";
  if (text.includes("fixed value constraint")) return "The value is not the one that the schema fixes.";
  if (text.startsWith("Element content is not allowed")) return "Elements are not allowed in this element.";
  return "The schema does not allow this.";
}

/** `message` is libxml2's; whatever of it is not in `words`, the names and facets of the schemas, is left out. */
export function createSchemaFinding(message: string, line: number, words: ReadonlySet<string>): SchemaFinding {
  const match = head.exec(message);
  const rest = match === null ? message : message.slice(match[0].length);
  const element = known(match?.[1], words) ?? unknownElement;
  const attribute = known(match?.[2], words);
  const finding = { line, element, rule: ruleOf(rest, words) };
  return attribute === undefined ? finding : { ...finding, attribute };
}
