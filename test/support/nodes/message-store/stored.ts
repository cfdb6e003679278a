// What lies in an embedded store while no Node-RED has it open.
import fs from "node:fs";
import path from "node:path";
import type { StoredMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { openStore } from "../../../../nodes/adapter/stores/open-store.js";
import { defaultStoreSettings } from "../../../../nodes/adapter/stores/store-settings.js";

/** The store that is made without asking. */
export async function withDefaultStore<Result>(
  userFolder: string,
  look: (store: MessageStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(defaultStoreSettings(userFolder));
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

export function allMessages(userFolder: string): Promise<readonly StoredMessage[]> {
  return withDefaultStore(userFolder, async (store) => (await store.list({}, 1000)).messages);
}

/** Every file below the user directory, as one text with one character a byte. */
export function allBytes(userFolder: string): string {
  const files = fs.readdirSync(userFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => fs.readFileSync(path.join(file.parentPath, file.name), "latin1")).join("\n");
}
