// Opens the message store of the crash test, in the process that is killed as in the one that looks afterwards.
import { randomBytes } from "node:crypto";
import { createContentProtection } from "../../../lib/crypto/content-protection.js";
import { parseKeyRing } from "../../../lib/crypto/key-ring.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import type { ChildSettings } from "./child-messages.js";

export function openStore({ store, keyRing }: Pick<ChildSettings, "store" | "keyRing">): Promise<MessageStore> {
  const protection = createContentProtection(parseKeyRing(keyRing), randomBytes);
  switch (store.kind) {
    case "sqlite":
      return createSqliteMessageStore({ folder: store.folder, protection, now: () => Date.now() });
    case "postgres": {
      const { host, port, database, user, password, schema } = store;
      const connection = { host, port, database, user, password, tls: false } as const;
      return createPostgresMessageStore({ ...connection, schema, maximumConnections: 4, protection });
    }
  }
}
