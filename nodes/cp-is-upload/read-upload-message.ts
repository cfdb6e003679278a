// What a message brings for an upload: its records, their header, a file number, and what is to come back with the response.
import type { NodeMessageInFlow } from "node-red";
import { CpisError } from "../../lib/errors.js";
import type { UploadInput } from "../../lib/services/upload/upload-model.js";
import type { Words } from "../adapter/runtime/words.js";

export type Kept = Readonly<Record<string, unknown>>;

export interface Records {
  readonly records: UploadInput;
  readonly total: number;
}

/** One record stands for a list of one. Throws CPIS_UPLOAD_EMPTY for what cannot be records. */
export function readRecords(payload: unknown, words: Words): Records {
  if (Array.isArray(payload)) return { records: payload as readonly unknown[], total: payload.length };
  if (typeof payload === "object" && payload !== null && !ArrayBuffer.isView(payload)) {
    return { records: [payload], total: 1 };
  }
  throw new CpisError("CPIS_UPLOAD_EMPTY", { detail: words("error.noRecords") });
}

/** The core CSV node leaves out empty values, and names all columns here: one with a comma stands in quotation marks. */
export function readHeader({ columns }: NodeMessageInFlow & { readonly columns?: unknown }): {
  readonly header?: readonly string[];
} {
  if (typeof columns !== "string" || columns.trim() === "") return {};
  const names = columns.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
  return {
    header: names.map((name) =>
      name
        .trim()
        .replace(/^"([^]*)"$/, "$1")
        .replaceAll('""', '"'),
    ),
  };
}

/** Throws CPIS_UPLOAD_NUMBER_USED for what is no sequence number. */
export function readFileNumber(msg: NodeMessageInFlow, words: Words): { readonly fileNumber?: number } {
  const detail: unknown = msg["cpis"];
  const value: unknown =
    typeof detail === "object" && detail !== null ? Reflect.get(detail, "fileSequence") : undefined;
  if (value === undefined || value === null || value === "") return {};
  const fileNumber = typeof value === "string" ? Number(value) : value;
  if (typeof fileNumber !== "number" || !Number.isSafeInteger(fileNumber) || fileNumber < 1) {
    throw new CpisError("CPIS_UPLOAD_NUMBER_USED", { detail: words("error.fileNumber") });
  }
  return { fileNumber };
}

/** As it comes back from the message store; undefined for what JSON cannot hold, such as the request of an `http in`. */
function storable(value: unknown): unknown {
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** `lost`: names of properties that are there and cannot be kept. */
export function readKept(
  msg: NodeMessageInFlow,
  keep: readonly string[],
): { readonly kept: Kept; readonly lost: readonly string[] } {
  // These two are ours in whatever goes out.
  const names = ["_msgid", ...keep].filter((name) => name !== "payload" && name !== "cpis" && msg[name] !== undefined);
  const values = names.map((name) => [name, storable(msg[name])] as const);
  return {
    kept: Object.fromEntries(values.filter(([, value]) => value !== undefined)),
    lost: values.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}
