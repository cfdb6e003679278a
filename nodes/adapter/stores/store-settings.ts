// What a message store is opened with, and the defaults of the one that nobody has to configure.
import { createHash } from "node:crypto";
import path from "node:path";
import type { StoreDecision } from "../../../lib/store/checkpoint.js";
import type { FinishedState } from "../../../lib/store/message-model.js";
import type { RetentionRule, StorageMode } from "../../../lib/store/message-store.js";

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** False only for a server on the same machine. `authorityFile`: PEM certificates to trust instead of the system's. */
  readonly tls: false | { readonly authorityFile?: string };
}

export type StorePlace =
  | {
      readonly kind: "embedded";
      /** Absolute. */
      readonly folder: string;
      readonly maximumBytes?: number;
      /** As parseKeyRing takes it; absent: a key file beside the folder, made on first use. */
      readonly keyRing?: string;
      /** What a person has decided about a store that is gone or older than it was. */
      readonly decision?: StoreDecision;
    }
  | {
      readonly kind: "PostgreSQL";
      readonly address: DatabaseAddress;
      readonly schema: string;
      readonly keyRing: string;
      /** Absent: nothing is kept that could tell an older copy of the database. */
      readonly checkpointFile?: string;
      readonly decision?: StoreDecision;
    };

export interface StoreSettings {
  readonly place: StorePlace;
  readonly mode: StorageMode;
  readonly retention: readonly RetentionRule[];
  /** After so long an inbound message that nobody takes is set aside; absent: never. */
  readonly unclaimedMilliseconds?: number;
  /** The organisation's own copy of the national schemas; absent: nothing is checked by them. */
  readonly schemas?: SchemaSettings;
}

export interface SchemaSettings {
  /** A folder or a zip; absolute. */
  readonly place: string;
  /** Whether each message that is stored is checked, and the log warns of one that is not valid. */
  readonly isWarning: boolean;
}

/** Each state belongs to one direction: inbound messages are confirmed or rejected. */
export const defaultRetentionDays: Readonly<Record<FinishedState, number>> = {
  completed: 30,
  failed: 90,
  expired: 90,
  confirmed: 30,
  rejected: 90,
};

const dayMilliseconds = 24 * 60 * 60 * 1000;

export const defaultUnclaimedDays = 30;

export function unclaimedAfter(days: number): { readonly unclaimedMilliseconds: number } {
  return { unclaimedMilliseconds: days * dayMilliseconds };
}

export function retentionOf(days: Readonly<Record<FinishedState, number>>): readonly RetentionRule[] {
  const states: readonly FinishedState[] = ["completed", "failed", "expired", "confirmed", "rejected"];
  return states.map((state) => ({ state, keepMilliseconds: days[state] * dayMilliseconds }));
}

/** A relative folder is one of the user directory. */
export function storeFolder(userFolder: string, folder: string): string {
  return path.resolve(userFolder, folder === "" ? path.join("cp-is", "message-store") : folder);
}

export function defaultStoreSettings(userFolder: string): StoreSettings {
  return {
    place: { kind: "embedded", folder: storeFolder(userFolder, "") },
    mode: "full",
    retention: retentionOf(defaultRetentionDays),
    ...unclaimedAfter(defaultUnclaimedDays),
  };
}

/** The store's name within the process: two settings of one place cannot be open at once. */
export function placeName({ place }: Pick<StoreSettings, "place">): string {
  if (place.kind === "embedded") return `embedded ${place.folder}`;
  const { host, port, database } = place.address;
  return `PostgreSQL ${host}:${port}/${database} ${place.schema}`;
}

/** The second place of a database is with each Node-RED that uses it. */
export function databaseCheckpointFile(userFolder: string, place: StorePlace): string {
  const name = createHash("sha256").update(placeName({ place })).digest("hex").slice(0, 12);
  return path.join(userFolder, "cp-is", `database-${name}.checkpoint`);
}

/** What an operator recognises the store by: neither its user nor the folders above its own. */
export function placeLabel({ place }: StoreSettings): string {
  if (place.kind === "embedded") {
    const { dir, base } = path.parse(place.folder);
    return `embedded, ${path.join(path.basename(dir), base)}`;
  }
  const { host, database } = place.address;
  return `PostgreSQL, ${host}/${database}, ${place.schema}`;
}
