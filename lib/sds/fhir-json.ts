// Reads JSON of the directory field by field: a value is of its type or the answer is refused.
import { CpisError } from "../errors.js";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The error for one part of an answer. The text names the part and never its value. */
export function invalidAnswer(detail: string): CpisError {
  return new CpisError("SDS_RESPONSE_INVALID", { detail });
}

/** Throws SDS_RESPONSE_INVALID for bytes that are not UTF-8 or not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidAnswer("the text is not UTF-8");
  }
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // The parser's own error quotes the text.
    throw invalidAnswer("the text is not JSON");
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws SDS_RESPONSE_INVALID, as all readers here. */
export function readObject(value: unknown, path: string): JsonObject {
  if (!isJsonObject(value)) throw invalidAnswer(`${path} is not an object`);
  return value;
}

/** Absent gives an empty list. */
export function readObjects(value: unknown, path: string): readonly JsonObject[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidAnswer(`${path} is not a list`);
  return value.map((each: unknown, index) => readObject(each, `${path}[${index}]`));
}

/** Trimmed. Absent and empty are the same here: undefined. */
export function readText(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalidAnswer(`${path} is not a text`);
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** A whole number from 0; undefined when absent. */
export function readCount(value: unknown, path: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw invalidAnswer(`${path} is not a whole number from 0`);
  }
  return value;
}

/** The values that are there: an absent one has no key at all. */
export function onlyPresent<Name extends string, Value>(
  values: Readonly<Record<Name, Value | undefined>>,
): { readonly [Key in Name]?: Value } {
  const present: { [Key in Name]?: Value } = {};
  // Object.keys gives the names of the record's own type.
  for (const name of Object.keys(values) as Name[]) {
    const value = values[name];
    if (value !== undefined) present[name] = value;
  }
  return present;
}
