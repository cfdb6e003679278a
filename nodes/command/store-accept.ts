// The verb `store accept`: a person's decision about a store that was lost, cut or put back, where no node can take it.
import { definedOnly } from "../../lib/defined-only.js";
import path from "node:path";
import { openStore } from "../adapter/stores/open-store.js";
import type { StorePlace } from "../adapter/stores/store-settings.js";
import { settingsOf } from "./store-place.js";
import { numberOption, refuse, requiredOption, type Verb } from "./verb.js";

export const storeAccept: Verb = {
  name: "store accept",
  summary: "goes on after a loss: takes the decision code that STORE_LOST, STORE_RESTORED or STORE_KEY_LOST has named",
  usage: "--folder <folder of the store> --code <decision code> [--next-number <number>]",
  help: `Node-RED must be stopped. First put back what can be put back: a backup of the store, or the key file. The code
counts for the one loss that named it. --next-number is that of the next upload file, and is needed where the file beside the
store is gone as well. What may have left is held in the message log. With a database the code goes into the message store node.`,
  options: { folder: { type: "string" }, code: { type: "string" }, "next-number": { type: "string" } },
  async run(values, surroundings) {
    const code = requiredOption(values, "code");
    if (!/^[0-9a-f]{8}$/.test(code)) refuse("--code is the eight digits and letters that the refusal named.");
    const nextNumber = numberOption(values, "next-number");
    const keyRing = surroundings.environment["CP_IS_STORE_KEY"];
    const place: StorePlace = {
      kind: "embedded",
      folder: path.resolve(requiredOption(values, "folder")),
      decision: { code, ...definedOnly({ nextNumber }) },
      ...(keyRing === undefined || keyRing === "" ? {} : { keyRing }),
    };
    const store = await openStore(settingsOf(place), { warn: (text) => void surroundings.tell(`${text}\n`) });
    try {
      const { id, generation } = await store.readIdentity();
      const text = `The store works: it is ${id}, generation ${generation}.\n`;
      return { exitCode: 0, text, json: { id, generation } };
    } finally {
      await store.close();
    }
  },
};
