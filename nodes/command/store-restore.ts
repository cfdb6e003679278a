// The verb `store restore`: puts a copy in the store's place, so that no number and no message goes out a second time.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { createContentProtection } from "../../lib/crypto/content-protection.js";
import { readKeyFile } from "../../lib/crypto/key-file.js";
import { parseKeyRing } from "../../lib/crypto/key-ring.js";
import { CpisError, isCpisError } from "../../lib/errors.js";
import { readCheckpoint, writeCheckpoint } from "../../lib/store/checkpoint.js";
import type { StoredMessage } from "../../lib/store/message-model.js";
import type { ContentProtection, MessageStore, StoreProgress } from "../../lib/store/message-store.js";
import { inspectStoreFile } from "../../lib/store/sqlite/sqlite-backup.js";
import { createSqliteMessageStore } from "../../lib/store/sqlite/sqlite-message-store.js";
import { checkpointFileOf, keyFileOf } from "../adapter/stores/open-store.js";
import { exists } from "./store-place.js";
import { numberOption, refuse, requiredOption, textOption, type Environment, type Verb } from "./verb.js";

async function protectionOf(folder: string, key: string | undefined, environment: Environment) {
  const given = environment["CP_IS_STORE_KEY"];
  if (given !== undefined && given !== "")
    return { protection: createContentProtection(parseKeyRing(given), randomBytes) };
  const file = key === undefined ? keyFileOf(folder) : path.resolve(key);
  const ring =
    (await readKeyFile(file)) ?? refuse("There is no key: name its file with --key, or give it in CP_IS_STORE_KEY.");
  return { protection: createContentProtection(ring, randomBytes), file };
}

/** Undefined where there is none that this key can read: then only a person knows what was sent last. */
async function notedOf(folder: string, protection: ContentProtection): Promise<StoreProgress | undefined> {
  try {
    return await readCheckpoint(checkpointFileOf(folder), protection);
  } catch (error) {
    if (isCpisError(error) && !error.retryable) return undefined;
    throw error;
  }
}

async function refuseWrongKey(store: MessageStore): Promise<void> {
  const head = await store.readAuditHead();
  const [newest] = (await store.list({}, 1)).messages;
  if (newest !== undefined) await store.readContent(newest.id);
  if (head?.isSealed === false) throw new CpisError("STORE_KEY_UNKNOWN");
}

async function heldIn(store: MessageStore): Promise<readonly StoredMessage[]> {
  const held: StoredMessage[] = [];
  let page = await store.list({ states: ["held"], errorCode: "STORE_RESTORED" }, 500);
  held.push(...page.messages);
  while (page.next !== undefined) {
    page = await store.list({ states: ["held"], errorCode: "STORE_RESTORED" }, 500, page.next);
    held.push(...page.messages);
  }
  return held.reverse();
}

/** Fails with STORE_LOCKED while a Node-RED has the folder. */
async function refuseOpen(folder: string, protection: ContentProtection): Promise<void> {
  try {
    await (await createSqliteMessageStore({ folder, protection, now: () => Date.now() })).close();
  } catch (error) {
    // A store that cannot be opened for what is wrong with it is what a restore is for.
    if (!isCpisError(error) || error.code === "STORE_LOCKED") throw error;
  }
}

function lineOf({ id, interaction, createdAt, attributes }: StoredMessage): string {
  const { fileNumber } = attributes;
  const file = typeof fileNumber === "number" ? `, file ${fileNumber}` : "";
  return `  ${id}: ${interaction}${file}, accepted ${new Date(createdAt).toISOString()}\n`;
}

export const storeRestore: Verb = {
  name: "store restore",
  summary: "puts a backup in the place of the embedded store, and holds back what may have left since",
  usage:
    "--folder <folder of the store> --from <folder of the backup> --next-number <number> [--key <file>] [--replace]",
  help: `Node-RED must be stopped. A store that is there already is only moved aside, and only with --replace.
--next-number is that of the next upload file: one more than the last one that CP-IS has, or 1 where none was ever sent. It is
refused when the file beside the store knows that it was used. It may be left out where that file knows the numbers.
Messages and files that had not been answered for when the backup was made may have left since: they are held in the message
log until a person releases or drops each, and are listed here. The audit says that the store was restored.`,
  options: {
    folder: { type: "string" },
    from: { type: "string" },
    key: { type: "string" },
    "next-number": { type: "string" },
    replace: { type: "boolean" },
  },
  async run(values, { environment }) {
    const folder = path.resolve(requiredOption(values, "folder"));
    const source = path.join(path.resolve(requiredOption(values, "from")), "messages.sqlite");
    const next = numberOption(values, "next-number");
    await inspectStoreFile(source);
    const isThere = await exists(path.join(folder, "messages.sqlite"));
    if (isThere && values["replace"] !== true) refuse("There is a store in the folder: --replace moves it aside.");
    const { protection, file } = await protectionOf(folder, textOption(values, "key"), environment);
    if (isThere) await refuseOpen(folder, protection);
    const noted = await notedOf(folder, protection);
    if (noted === undefined && next === undefined) refuse("--next-number is missing, and nothing else knows it.");

    const stage = `${folder}.restoring`;
    await fs.rm(stage, { recursive: true, force: true });
    await fs.mkdir(stage, { recursive: true, mode: 0o700 });
    await fs.copyFile(source, path.join(stage, "messages.sqlite"));
    const store = await createSqliteMessageStore({ folder: stage, protection, now: () => Date.now() });
    let held: readonly StoredMessage[];
    let progress: StoreProgress;
    try {
      await refuseWrongKey(store);
      const { numbers } = await store.readProgress();
      const known = Math.max(0, ...Object.values(numbers), ...Object.values(noted?.numbers ?? {}));
      if (next !== undefined && next <= known) {
        throw new CpisError("CPIS_UPLOAD_NUMBER_USED", { detail: `the last number was ${known}` });
      }
      await store.beginGeneration({
        numbers: noted?.numbers ?? {},
        numberFloor: (next ?? 1) - 1,
        after: noted?.identity.generation ?? 0,
        at: Date.now(),
      });
      held = await heldIn(store);
      progress = await store.readProgress();
    } finally {
      await store.close();
    }
    const aside = `${folder}.before-${new Date().toISOString().replaceAll(":", "-")}`;
    if (isThere) await fs.rename(folder, aside);
    else await fs.rm(folder, { recursive: true, force: true });
    await fs.rename(stage, folder);
    if (file !== undefined && !(await exists(keyFileOf(folder)))) {
      await fs.copyFile(file, keyFileOf(folder));
      await fs.chmod(keyFileOf(folder), 0o600);
    }
    await writeCheckpoint(checkpointFileOf(folder), protection, progress);
    const moved = isThere ? `The store that was there is in ${aside}\n` : "";
    const last = Math.max(0, ...Object.values(progress.numbers));
    const text = `Restored: the next upload file has a number above ${last}.\n${moved}Held back, since they may have left: ${held.length}\n${held.map(lineOf).join("")}`;
    const ids = held.map(({ id, messageId, interaction }) => ({ id, messageId, interaction }));
    return { exitCode: 0, text, json: { held: ids, numbers: progress.numbers, ...(isThere ? { aside } : {}) } };
  },
};
