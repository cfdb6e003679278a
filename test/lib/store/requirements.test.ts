// Holds what a store says when the program it needs is not there.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { registerHooks } from "node:module";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import { createTestProtection } from "../../support/store/sample-messages.js";
import { createFolder } from "../../support/store/sqlite-place.js";
import { startStoreProcess } from "../../support/store/start-store-process.js";

describe("what a message store needs", () => {
  it("is named when this Node.js has no SQLite", async function () {
    if (process.platform === "win32") this.skip();
    const folder = await createFolder();
    const running = startStoreProcess("hold", folder, "", ["env", "NODE_OPTIONS=--no-experimental-sqlite"]);
    await running.ended;
    assert.deepEqual(running.lines, ["failed STORE_NODE_VERSION"]);
    await fs.rm(folder, { recursive: true });
  });

  it("is named when the package pg is not installed", async () => {
    const hooks = registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "pg") throw new Error("Cannot find package 'pg'");
        return next(specifier, context);
      },
    });
    try {
      const options = { host: "127.0.0.1", database: "none", user: "none", protection: createTestProtection() };
      await assert.rejects(createPostgresMessageStore(options), { code: "STORE_DRIVER_MISSING", retryable: false });
    } finally {
      hooks.deregister();
    }
  });
});
