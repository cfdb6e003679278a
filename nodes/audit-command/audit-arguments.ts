// Reads the words and the environment that the command `cp-is-audit` is called with.
import fs from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { errorClass } from "../../lib/errors.js";
import { auditFormats, type AuditFormat } from "../../lib/services/audit.js";
import type { AuditHead } from "../../lib/store/audit-model.js";
import { keyFileOf } from "../adapter/stores/open-store.js";
import type { StorePlace, StoreSettings } from "../adapter/stores/store-settings.js";
import { readDatabaseAddress } from "../message-store/read-database-address.js";

export type AuditTask = { readonly settings: StoreSettings } & (
  { readonly kind: "verify"; readonly head?: AuditHead } | { readonly kind: "export"; readonly format: AuditFormat }
);

/** The command was called in a way that it does not know. Its text repeats nothing that could be a secret. */
export class UsageError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

function refuse(text: string): never {
  throw new UsageError(text);
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        folder: { type: "string" },
        postgres: { type: "boolean" },
        schema: { type: "string" },
        head: { type: "string" },
        format: { type: "string" },
      },
    });
  } catch (error) {
    return refuse(`The options cannot be read (${errorClass(error)}).`);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await fs.access(file);
    return true;
  } catch {
    return false;
  }
}

/** A wrong folder must not become a new store, and a missing key not a new key. */
async function embeddedPlace(given: string, environment: Environment): Promise<StorePlace> {
  const folder = path.resolve(given);
  if (!(await exists(path.join(folder, "messages.sqlite")))) refuse("There is no message store in the folder.");
  const keyRing = environment["CP_IS_STORE_KEY"];
  if (keyRing !== undefined && keyRing !== "") return { kind: "embedded", folder, keyRing };
  if (!(await exists(keyFileOf(folder)))) {
    refuse("There is no key file beside the folder: give the store's key in CP_IS_STORE_KEY.");
  }
  return { kind: "embedded", folder };
}

const addressFaults: Readonly<Record<string, string>> = {
  "error.databaseUrl": "CP_IS_DATABASE_URL is not postgres://user:password@host:port/database",
  "error.databaseParameter": "CP_IS_DATABASE_URL has a parameter other than sslmode and sslrootcert",
  "error.databaseTls": "sslmode is verify-full, or disable on the same machine",
};

function databasePlace(schema: string, environment: Environment): StorePlace {
  const url = environment["CP_IS_DATABASE_URL"] ?? refuse("CP_IS_DATABASE_URL is not set.");
  const keyRing = environment["CP_IS_STORE_KEY"] ?? refuse("CP_IS_STORE_KEY is not set.");
  const address = readDatabaseAddress(url, (key) => addressFaults[key] ?? key);
  return { kind: "PostgreSQL", address, schema, keyRing };
}

function readHead(text: string): AuditHead {
  const [, number, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined)
    return refuse("The head is not <number>:<hash>, as verify prints it.");
  return { number: Number(number), hash };
}

function readFormat(text: string): AuditFormat {
  return auditFormats.find((format) => format === text) ?? refuse(`The format is ${auditFormats.join(" or ")}.`);
}

/** Throws UsageError, or CONFIG_INVALID for the database's address. */
export async function readAuditArguments(words: readonly string[], environment: Environment): Promise<AuditTask> {
  const { values, positionals } = parseWords(words);
  const [kind, ...others] = positionals;
  if ((kind !== "verify" && kind !== "export") || others.length > 0) refuse("Say verify or export.");
  const { folder, postgres = false, schema = "cp_is", head, format = "csv" } = values;
  if ((folder === undefined) !== postgres) refuse("Name either --folder or --postgres.");
  const place = folder === undefined ? databasePlace(schema, environment) : await embeddedPlace(folder, environment);
  const settings: StoreSettings = { place, mode: "full", retention: [] };
  if (kind === "export") return { kind, settings, format: readFormat(format) };
  return { kind: "verify", settings, ...(head === undefined ? {} : { head: readHead(head) }) };
}
