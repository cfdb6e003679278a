// The settings of a `message store` node, read from a flow and its credentials, and checked.
import path from "node:path";
import { parseKeyRing } from "../../lib/crypto/key-ring.js";
import { CpisError } from "../../lib/errors.js";
import type { StoreDecision } from "../../lib/store/checkpoint.js";
import type { FinishedState } from "../../lib/store/message-model.js";
import { readSecret } from "../adapter/runtime/credentials.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import {
  databaseCheckpointFile,
  defaultRetentionDays,
  defaultUnclaimedDays,
  retentionOf,
  type SchemaSettings,
  storeFolder,
  type StorePlace,
  type StoreSettings,
  unclaimedAfter,
} from "../adapter/stores/store-settings.js";
import type { Words } from "../adapter/runtime/words.js";
import { readDatabaseAddress } from "./read-database-address.js";

/** Where the credentials and the user directory come from is the node's affair. */
export interface StoreSurroundings {
  readonly credentials: object;
  readonly userFolder: string;
}

const bytesPerMegabyte = 1024 * 1024;

function readDecision(fields: FieldReader): { readonly decision?: StoreDecision } {
  const code = fields.optional("decisionCode", "decisionCode", "");
  if (code === "") return {};
  const nextNumber = fields.number("nextFileNumber", "wholeNumber", 0);
  return { decision: { code, ...(nextNumber === 0 ? {} : { nextNumber }) } };
}

function readPlace(fields: FieldReader, { credentials, userFolder }: StoreSurroundings, words: Words): StorePlace {
  const keyRing = readSecret(credentials, "encryptionKey");
  // Read here for its faults, so that they are told at deploy.
  if (keyRing !== "") parseKeyRing(keyRing);
  if (fields.choice("kind", ["embedded", "PostgreSQL"], "embedded") === "PostgreSQL") {
    const url = readSecret(credentials, "databaseUrl");
    if (url === "") throw new CpisError("CONFIG_MISSING", { detail: words("field.databaseUrl") });
    if (keyRing === "") throw new CpisError("CONFIG_MISSING", { detail: words("field.encryptionKey") });
    const address = readDatabaseAddress(url, words);
    const schema = fields.optional("schema", "schemaName", "cp_is");
    const place = { kind: "PostgreSQL", address, schema, keyRing, ...readDecision(fields) } as const;
    return { ...place, checkpointFile: databaseCheckpointFile(userFolder, place) };
  }
  const megabytes = fields.number("maximumMegabytes", "wholeNumber", 0);
  return {
    kind: "embedded",
    folder: storeFolder(userFolder, fields.text("folder")),
    ...(megabytes === 0 ? {} : { maximumBytes: megabytes * bytesPerMegabyte }),
    ...(keyRing === "" ? {} : { keyRing }),
    ...readDecision(fields),
  };
}

function readSchemaPlace(fields: FieldReader, userFolder: string): { readonly schemas?: SchemaSettings } {
  const place = fields.text("schemas");
  if (place === "") return {};
  return { schemas: { place: path.resolve(userFolder, place), isWarning: fields.flag("schemaWarnings", false) } };
}

/** Throws CONFIG_MISSING, CONFIG_INVALID or STORE_KEY_INVALID; no text holds a secret. */
export function readStoreSettings(config: object, surroundings: StoreSurroundings, words: Words): StoreSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  const days = (property: string, state: FinishedState): number =>
    fields.number(property, "positiveNumber", defaultRetentionDays[state]);
  return {
    place: readPlace(fields, surroundings, words),
    mode: fields.choice("mode", ["full", "metadata-only"], "full"),
    retention: retentionOf({
      completed: days("keepCompleted", "completed"),
      failed: days("keepFailed", "failed"),
      expired: days("keepExpired", "expired"),
      confirmed: days("keepConfirmed", "confirmed"),
      rejected: days("keepRejected", "rejected"),
    }),
    ...unclaimedAfter(fields.number("keepUnclaimed", "positiveNumber", defaultUnclaimedDays)),
    ...readSchemaPlace(fields, surroundings.userFolder),
  };
}
