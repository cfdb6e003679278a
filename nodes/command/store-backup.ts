// The verb `store backup`: a copy of the embedded store of one moment, and of its key, which belongs elsewhere.
import { definedOnly } from "../../lib/defined-only.js";
import { constants } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { backUpStore } from "../../lib/store/sqlite/sqlite-backup.js";
import { keyFileOf } from "../adapter/stores/open-store.js";
import { exists, readFolder } from "./store-place.js";
import { refuse, requiredOption, textOption, type Verb } from "./verb.js";

export const storeBackup: Verb = {
  name: "store backup",
  summary: "copies the embedded store while it is in use, and its key to another place",
  usage: "--folder <folder of the store> --to <new folder> [--key-to <new file>]",
  help: `Nothing need be stopped. --to is a folder that is not there yet; the copy in it is one moment of the store, checked
after it was written. Keep the key apart from it: whoever has both can read every message. --key-to copies the key file.
For PostgreSQL use the tools of the database, as pg_dump or a base backup.`,
  options: { folder: { type: "string" }, to: { type: "string" }, "key-to": { type: "string" } },
  async run(values, { environment }) {
    const target = path.resolve(requiredOption(values, "to"));
    const { folder } = await readFolder(values, environment);
    const keyTarget = textOption(values, "key-to");
    const key = keyTarget === undefined ? undefined : path.resolve(keyTarget);
    if (key !== undefined && !path.relative(target, key).startsWith("..")) {
      refuse("--key-to lies in the folder of the copy: keep the key apart from it.");
    }
    if (await exists(target)) refuse("--to is there already.");
    if (key !== undefined && (await exists(key))) refuse("--key-to is there already.");
    await fs.mkdir(target, { recursive: true, mode: 0o700 });
    const copy = await backUpStore(folder, path.join(target, "messages.sqlite"));
    if (key !== undefined) {
      await fs.copyFile(keyFileOf(folder), key, constants.COPYFILE_EXCL);
      await fs.chmod(key, 0o600);
    }
    const text = `${copy.messages} messages and ${copy.lastAuditNumber} entries of the audit are in ${target}\n${
      key === undefined ? `Its key is not: it is in ${keyFileOf(folder)}, or in the settings.` : `Its key is in ${key}`
    }\n`;
    return { exitCode: 0, text, json: { ...copy, folder: target, ...definedOnly({ key }) } };
  },
};
