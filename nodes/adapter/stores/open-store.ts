// Opens a message store by its settings, with the key that protects its content.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import { createContentProtection } from "../../../lib/crypto/content-protection.js";
import { createOrLoadKeyFile } from "../../../lib/crypto/key-file.js";
import { parseKeyRing, type KeyRing } from "../../../lib/crypto/key-ring.js";
import { CpisError } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import type { DatabaseAddress, StorePlace, StoreSettings } from "./store-settings.js";

/** Node-RED gives a closing node 15 seconds: an operation that hangs must end well before. */
const connectMilliseconds = 4000;
const statementMilliseconds = 5000;

/** Beside the folder, so that a copy of the folder alone cannot be read. */
export function keyFileOf(folder: string): string {
  return `${folder}.key`;
}

async function keyRingOf(place: StorePlace): Promise<KeyRing> {
  if (place.kind === "embedded" && place.keyRing === undefined) {
    return createOrLoadKeyFile(keyFileOf(place.folder), randomBytes);
  }
  return parseKeyRing(place.keyRing ?? "");
}

async function databaseTls(tls: DatabaseAddress["tls"]): Promise<false | { readonly ca?: string }> {
  if (tls === false || tls.authorityFile === undefined) return tls === false ? false : {};
  try {
    return { ca: await fs.readFile(tls.authorityFile, "utf8") };
  } catch (error) {
    throw new CpisError("CONFIG_INVALID", { detail: "sslrootcert cannot be read", cause: error });
  }
}

/** Throws STORE_*, or CONFIG_INVALID for a file of authorities that cannot be read. */
export async function openStore({ place, mode }: StoreSettings): Promise<MessageStore> {
  if (place.kind === "embedded") {
    const { folder, maximumBytes } = place;
    return createSqliteMessageStore({
      folder,
      protection: createContentProtection(await keyRingOf(place), randomBytes),
      mode,
      ...(maximumBytes === undefined ? {} : { maximumBytes }),
      now: () => Date.now(),
    });
  }
  return createPostgresMessageStore({
    ...place.address,
    tls: await databaseTls(place.address.tls),
    schema: place.schema,
    connectTimeoutMilliseconds: connectMilliseconds,
    statementTimeoutMilliseconds: statementMilliseconds,
    protection: createContentProtection(await keyRingOf(place), randomBytes),
    mode,
  });
}
