// The verb `store check`: whether a store is whole, is the newest that there was, and is nobody else's to read.
import path from "node:path";
import { isCpisError } from "../../lib/errors.js";
import { inspectStoreFile, type StoreCopy } from "../../lib/store/sqlite/sqlite-backup.js";
import { openStore } from "../adapter/stores/open-store.js";
import { placeOptions, placeUsage, readPlace, settingsOf } from "./store-place.js";
import type { Verb } from "./verb.js";

function linesOf({ schemaVersion, messages, unfinished, lastAuditNumber, bytes }: StoreCopy): string {
  return `Whole: schema ${schemaVersion}, ${messages} messages, ${unfinished} of them not finished, ${lastAuditNumber} entries of the audit, ${bytes} bytes.\n`;
}

export const storeCheck: Verb = {
  name: "store check",
  summary: "tells whether a store is whole, the newest there was, and readable with its key",
  usage: placeUsage,
  help: `Nothing need be stopped: while Node-RED has the embedded store open, its file alone is checked. Of a store that
nobody has open the key, its rights and the file beside the store are looked at as well; an older version of it is brought up
to date by that, as the start of Node-RED would do.`,
  options: placeOptions,
  async run(values, { environment }) {
    const place = await readPlace(values, environment);
    const file =
      place.kind === "embedded" ? await inspectStoreFile(path.join(place.folder, "messages.sqlite")) : undefined;
    const whole = file === undefined ? "" : linesOf(file);
    try {
      const store = await openStore(settingsOf(place));
      try {
        const { identity, numbers, auditHead } = await store.readProgress();
        const given = Object.entries(numbers).filter(([name]) => name !== "");
        const last = given.map(([name, number]) => `The last number of ${name} is ${number}.\n`).join("");
        const text = `${whole}Store ${identity.id}, generation ${identity.generation}: it is not behind what was noted of it.\n${last}`;
        return { exitCode: 0, text, json: { file, identity, numbers, auditHead, isOpenElsewhere: false } };
      } finally {
        await store.close();
      }
    } catch (error) {
      if (!isCpisError(error) || error.code !== "STORE_LOCKED") throw error;
      const text = `${whole}Node-RED has it open, so nothing but its file was checked.\n`;
      return { exitCode: 0, text, json: { file, isOpenElsewhere: true } };
    }
  },
};
