// Reads the fields of a JSON command, and says which one is wrong.
import { CpisError } from "../errors.js";

/** The error for one field. Its text names the field and never its value. */
export function invalid(field: string, reason: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail: `${field} ${reason}` });
}

export type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readObject(value: unknown, field: string): JsonObject {
  if (!isObject(value)) throw invalid(field, "must be an object");
  return value;
}

export function readText(value: unknown, field: string): string {
  if (typeof value !== "string" || value.trim() === "") throw invalid(field, "must be a text that is not empty");
  return value.trim();
}

export function readOptionalText(value: unknown, field: string): string | undefined {
  return value === undefined ? undefined : readText(value, field);
}

export function readBoolean(value: unknown, field: string): boolean {
  if (typeof value !== "boolean") throw invalid(field, "must be true or false");
  return value;
}

export function readArray(value: unknown, field: string, maximumLength: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(field, "must be an array");
  if (value.length > maximumLength) throw invalid(field, `has more than ${maximumLength} entries`);
  return value as readonly unknown[];
}

export interface NumberRange {
  readonly minimum: number;
  readonly maximum: number;
  readonly isInteger: boolean;
}

export function readNumber(value: unknown, field: string, range: NumberRange): number {
  const isFit =
    typeof value === "number" &&
    value >= range.minimum &&
    value <= range.maximum &&
    (!range.isInteger || Number.isInteger(value));
  if (!isFit) {
    const kind = range.isInteger ? "a whole number" : "a number";
    throw invalid(field, `must be ${kind} from ${range.minimum} to ${range.maximum}`);
  }
  return value;
}

/** One of a closed set of texts. */
export function readChoice<Choice extends string>(value: unknown, field: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(field, `must be one of ${choices.join(", ")}`);
  return found;
}
