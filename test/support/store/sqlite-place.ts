// Folders on disk for embedded stores under test.
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection, type StorePlace } from "./sample-messages.js";

export async function createFolder(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), "cp-is-store-"));
}

export async function createSqlitePlace(): Promise<StorePlace> {
  const folder = await createFolder();
  return {
    open: (settings = {}) =>
      createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => 0, ...settings }),
    remove: () => fs.rm(folder, { recursive: true }),
  };
}

/** An embedded store with nothing on disk; it is gone when it is closed. */
export function createMemoryStore(): Promise<MessageStore> {
  return createSqliteMessageStore({ folder: ":memory:", protection: createTestProtection(), now: () => 0 });
}
