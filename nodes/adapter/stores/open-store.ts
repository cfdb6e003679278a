// Opens a message store by its settings, with the key that protects its content and the second place that knows it.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import { createContentProtection } from "../../../lib/crypto/content-protection.js";
import { createOrLoadKeyFile, readKeyFile } from "../../../lib/crypto/key-file.js";
import { parseKeyRing, type KeyRing } from "../../../lib/crypto/key-ring.js";
import { CpisError, isCpisError } from "../../../lib/errors.js";
import { decisionCode, readCheckpoint, withCheckpoint, type StoreDecision } from "../../../lib/store/checkpoint.js";
import type { ContentProtection, MessageStore } from "../../../lib/store/message-store.js";
import { alarmingSkewMilliseconds, type ClockReport } from "../../../lib/store/postgres/database-time.js";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import { createSqliteMessageStore, type FoundStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { processOwner } from "../runtime/this-process.js";
import type { DatabaseAddress, StorePlace, StoreSettings } from "./store-settings.js";

export interface OpenStoreOptions {
  /** Milliseconds since 1970. Default: the system's clock. */
  now?(): number;
  /** For the operator; ids and codes only. */
  warn?(text: string): void;
  /** Each time that the clocks of the instances and of their database were compared. */
  clockCompared?(report: ClockReport): void;
  /** Works with the store as it is, whatever its checkpoint says: for a look at a doubtful one. Default false. */
  readonly isUnchecked?: boolean;
}

type EmbeddedPlace = Extract<StorePlace, { kind: "embedded" }>;
type DatabasePlace = Extract<StorePlace, { kind: "PostgreSQL" }>;

/** Node-RED gives a closing node 15 seconds: an operation that hangs must end well before. */
const connectMilliseconds = 4000;
const statementMilliseconds = 5000;

const sharedRefreshMilliseconds = 5000;

/** Beside the folder, so that a copy of the folder alone cannot be read. */
export function keyFileOf(folder: string): string {
  return `${folder}.key`;
}

/** Beside the folder, so that it does not come back with an older copy of it. */
export function checkpointFileOf(folder: string): string {
  return `${folder}.checkpoint`;
}

async function databaseTls(tls: DatabaseAddress["tls"]): Promise<false | { readonly ca?: string }> {
  if (tls === false || tls.authorityFile === undefined) return tls === false ? false : {};
  try {
    return { ca: await fs.readFile(tls.authorityFile, "utf8") };
  } catch (error) {
    throw new CpisError("CONFIG_INVALID", { detail: "sslrootcert cannot be read", cause: error });
  }
}

/** A store without its key is no reason for a new one, and a key without its store none for a new store. */
class EmbeddedKeys {
  /** That was made here, for a store that does not exist yet. */
  private made: string | undefined;
  /** That a person has decided to go on after a loss that the checkpoint knows nothing of. */
  private isNewStart = false;

  constructor(private readonly place: EmbeddedPlace) {}

  private decided(code: string): StoreDecision | undefined {
    const { decision } = this.place;
    return decision?.code === code ? decision : undefined;
  }

  private async makeKey(): Promise<KeyRing> {
    const file = keyFileOf(this.place.folder);
    this.made = file;
    return createOrLoadKeyFile(file, randomBytes);
  }

  private async keyOfNewStore(): Promise<KeyRing> {
    const ring = await readKeyFile(keyFileOf(this.place.folder));
    if (ring === undefined) return this.makeKey();
    const protection = createContentProtection(ring, randomBytes);
    // Where there is a checkpoint, it says what was lost, and its comparison refuses.
    if ((await readCheckpoint(checkpointFileOf(this.place.folder), protection)) !== undefined) return ring;
    const code = decisionCode("STORE_LOST", protection.authenticate("decision", this.place.folder));
    const decision = this.decided(code);
    if (decision?.nextNumber === undefined) {
      const missing = decision === undefined ? "" : ", and the number of the next upload file is missing";
      throw new CpisError("STORE_LOST", { detail: `decision code ${code}${missing}` });
    }
    this.isNewStart = true;
    return ring;
  }

  private async keyOfKnownStore({ identity = "without an identity" }: FoundStore): Promise<KeyRing> {
    const ring = await readKeyFile(keyFileOf(this.place.folder));
    if (ring !== undefined) return ring;
    const code = decisionCode("STORE_KEY_LOST", this.place.folder, identity);
    if (this.decided(code) === undefined) throw new CpisError("STORE_KEY_LOST", { detail: `decision code ${code}` });
    // What the old key sealed stands in the checkpoint too: nobody can read it, and nobody could tell it from a forged one.
    await fs.rm(checkpointFileOf(this.place.folder), { force: true });
    this.isNewStart = true;
    return this.makeKey();
  }

  async protection(found: FoundStore): Promise<ContentProtection> {
    const { keyRing } = this.place;
    const ring =
      keyRing !== undefined
        ? parseKeyRing(keyRing)
        : await (found.isThere ? this.keyOfKnownStore(found) : this.keyOfNewStore());
    return createContentProtection(ring, randomBytes);
  }

  /** A key whose store could not be made must not look like that of a store which was lost. */
  async withdraw(): Promise<void> {
    if (this.made !== undefined) await fs.rm(this.made, { force: true });
  }

  async begin(store: MessageStore, at: number): Promise<void> {
    if (!this.isNewStart) return;
    const numberFloor = (this.place.decision?.nextNumber ?? 1) - 1;
    await store.beginGeneration({ numbers: {}, numberFloor, at });
  }
}

async function openEmbedded(place: EmbeddedPlace, mode: StoreSettings["mode"], options: Required<OpenStoreOptions>) {
  const { folder, maximumBytes, decision } = place;
  const { now, warn } = options;
  const keys = new EmbeddedKeys(place);
  let protection: ContentProtection | undefined;
  const found = async (store: FoundStore): Promise<ContentProtection> => (protection = await keys.protection(store));
  let store: MessageStore;
  try {
    const limit = maximumBytes === undefined ? {} : { maximumBytes };
    store = await createSqliteMessageStore({ folder, protection: found, mode, ...limit, now });
  } catch (error) {
    await keys.withdraw();
    throw error;
  }
  if (protection === undefined) throw new CpisError("STORE_INTERNAL", { detail: "opened without a key" });
  try {
    await keys.begin(store, now());
  } catch (error) {
    await store.close();
    throw error;
  }
  if (options.isUnchecked) return store;
  const decided = decision === undefined ? {} : { decision };
  return withCheckpoint(store, { file: checkpointFileOf(folder), protection, ...decided, now, warn });
}

/** Milliseconds between the two that are furthest apart of this instance, the others and the database. */
export function greatestDifference({ skewMilliseconds, spreadMilliseconds }: ClockReport): number {
  return Math.max(Math.abs(skewMilliseconds), spreadMilliseconds);
}

/** Told when a clock goes wrong and when all are well again, and not each time that they are compared. */
function clockWarnings(
  warn: (text: string) => void,
  compared: (report: ClockReport) => void,
): (report: ClockReport) => void {
  let isAlarmed = false;
  return (report) => {
    compared(report);
    const { skewMilliseconds, spreadMilliseconds } = report;
    const worst = greatestDifference(report);
    if (isAlarmed === worst >= alarmingSkewMilliseconds) return;
    isAlarmed = !isAlarmed;
    const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
    warn(
      isAlarmed
        ? `STORE_CLOCK_SKEW: this clock differs from the database's by ${seconds(skewMilliseconds)} s, those of the instances from each other by ${seconds(spreadMilliseconds)} s`
        : "the clocks of the instances and of the database agree again",
    );
  };
}

async function openDatabase(place: DatabasePlace, mode: StoreSettings["mode"], options: Required<OpenStoreOptions>) {
  const { address, schema, keyRing, checkpointFile, decision } = place;
  const protection = createContentProtection(parseKeyRing(keyRing), randomBytes);
  const store = await createPostgresMessageStore({
    ...address,
    owner: processOwner,
    now: () => options.now(),
    clockMeasured: clockWarnings(options.warn, options.clockCompared),
    tls: await databaseTls(address.tls),
    schema,
    connectTimeoutMilliseconds: connectMilliseconds,
    statementTimeoutMilliseconds: statementMilliseconds,
    protection,
    mode,
  });
  if (checkpointFile === undefined || options.isUnchecked) return store;
  const decided = decision === undefined ? {} : { decision };
  return withCheckpoint(store, {
    file: checkpointFile,
    protection,
    ...decided,
    ...options,
    refreshMilliseconds: sharedRefreshMilliseconds,
  });
}

/** Throws STORE_*, or CONFIG_INVALID for a file of authorities that cannot be read. */
export async function openStore({ place, mode }: StoreSettings, options: OpenStoreOptions = {}): Promise<MessageStore> {
  const surroundings = {
    now: () => Date.now(),
    warn: () => undefined,
    clockCompared: () => undefined,
    isUnchecked: false,
    ...options,
  };
  const store = await (place.kind === "embedded"
    ? openEmbedded(place, mode, surroundings)
    : openDatabase(place, mode, surroundings));
  // A database that is down is waited for; all else is said at once.
  try {
    await store.readIdentity();
  } catch (error) {
    if (isCpisError(error) && error.retryable) return store;
    await store.close();
    throw error;
  }
  return store;
}
