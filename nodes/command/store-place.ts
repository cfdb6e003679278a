// The message store that a verb works on: by its folder, or by the address and key of the environment.
import fs from "node:fs/promises";
import path from "node:path";
import type { StorePlace, StoreSettings } from "../adapter/stores/store-settings.js";
import { keyFileOf } from "../adapter/stores/open-store.js";
import { readDatabaseAddress } from "../message-store/read-database-address.js";
import { refuse, textOption, type Environment, type OptionValues } from "./verb.js";

export const placeOptions = {
  folder: { type: "string" },
  postgres: { type: "boolean" },
  schema: { type: "string" },
} as const;

export const placeUsage = "--folder <folder of the store> | --postgres [--schema <name>]";

export async function exists(file: string): Promise<boolean> {
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

export function settingsOf(place: StorePlace): StoreSettings {
  return { place, mode: "full", retention: [] };
}

/** Throws UsageError, or CONFIG_INVALID for the database's address. */
export async function readPlace(values: OptionValues, environment: Environment): Promise<StorePlace> {
  const folder = textOption(values, "folder");
  const isPostgres = values["postgres"] === true;
  if ((folder === undefined) !== isPostgres) refuse("Name either --folder or --postgres.");
  if (folder !== undefined) return embeddedPlace(folder, environment);
  return databasePlace(textOption(values, "schema") ?? "cp_is", environment);
}

/** For verbs that know the embedded store only. */
export async function readFolder(
  values: OptionValues,
  environment: Environment,
): Promise<Extract<StorePlace, { kind: "embedded" }>> {
  const place = await readPlace({ ...values, postgres: undefined }, environment);
  return place.kind === "embedded" ? place : refuse("Name --folder.");
}
