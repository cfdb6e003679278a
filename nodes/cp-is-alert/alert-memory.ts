// Keeps what an alert node has raised over a restart, in a small file of the user directory: names and codes, no message.
import fs from "node:fs/promises";
import path from "node:path";
import { conditions, sourceKinds, type BookEntry, type Condition, type SourceKind } from "./alert-book.js";

export interface Remembered {
  readonly raised: readonly BookEntry[];
  /** Since when each trouble lasts, in milliseconds since 1970. */
  readonly since: readonly (readonly [key: string, at: number])[];
}

const nothing: Remembered = { raised: [], since: [] };

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function timeOf(value: unknown, name: string): number | undefined {
  const at = property(value, name);
  return typeof at === "number" && Number.isFinite(at) ? at : undefined;
}

function readEntry(value: unknown): BookEntry[] {
  const condition: Condition | undefined = conditions.find((each) => each === property(value, "condition"));
  const source = property(value, "source");
  const kind: SourceKind | undefined = sourceKinds.find((each) => each === property(source, "kind"));
  const label = property(source, "label");
  const since = timeOf(value, "since");
  if (condition === undefined || kind === undefined || typeof label !== "string" || since === undefined) return [];
  const code = property(value, "code");
  return [
    {
      condition,
      source: { kind, label },
      since,
      code: typeof code === "string" ? code : undefined,
      goodSince: timeOf(value, "goodSince"),
      absentSince: timeOf(value, "absentSince"),
    },
  ];
}

function readSince(value: unknown): (readonly [string, number])[] {
  if (!Array.isArray(value)) return [];
  const [key, at] = value as readonly unknown[];
  return typeof key === "string" && typeof at === "number" ? [[key, at]] : [];
}

/** A file that is not there, or that nobody can read, remembers nothing. */
export async function readMemory(file: string): Promise<Remembered> {
  try {
    const value: unknown = JSON.parse(await fs.readFile(file, "utf8"));
    const [raised, since] = [property(value, "raised"), property(value, "since")];
    return {
      raised: Array.isArray(raised) ? raised.flatMap(readEntry) : [],
      since: Array.isArray(since) ? since.flatMap(readSince) : [],
    };
  } catch {
    return nothing;
  }
}

/** Replaces the file at once, so that a crash leaves the one before. Rejects with what the file system says. */
export async function writeMemory(file: string, memory: Remembered): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  const next = `${file}.next`;
  await fs.writeFile(next, JSON.stringify(memory), { mode: 0o600 });
  await fs.rename(next, file);
}

export async function forgetMemory(file: string): Promise<void> {
  await fs.rm(file, { force: true });
}
