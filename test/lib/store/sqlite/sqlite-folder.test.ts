// Holds the folder of the embedded store: one owner, never a stale lock, and private files.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../../../lib/store/sqlite/sqlite-message-store.js";
import { acceptOne, createTestProtection, outbound } from "../../../support/store/sample-messages.js";
import { createFolder } from "../../../support/store/sqlite-place.js";
import { startStoreProcess } from "../../../support/store/start-store-process.js";

describe("the folder of the embedded store", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await createFolder();
  });

  afterEach(() => fs.rm(folder, { recursive: true }));

  const open = (): Promise<MessageStore> =>
    createSqliteMessageStore({ folder, protection: createTestProtection(), now: () => Date.UTC(2026, 0, 2) });

  it("is refused a second time in the same process, and the first goes on", async () => {
    const store = await open();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await assert.rejects(open(), {
        code: "STORE_LOCKED",
        detail: `process ${process.pid} since 2026-01-02T00:00:00.000Z`,
      });
    }
    await acceptOne(store, outbound());
    await store.close();
    await (await open()).close();
  });

  it("is refused while another process has it, also after attempts of this one", async () => {
    const other = startStoreProcess("hold", folder);
    await other.when((lines) => lines.includes("opened"));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await assert.rejects(open(), {
        code: "STORE_LOCKED",
        detail: new RegExp(`^process ${String(other.child.pid)} `),
      });
    }
    other.child.stdin?.end();
    await other.ended;
    await (await open()).close();
  });

  it("is free at once when its process was killed, though the owner's file names a process that lives", async () => {
    const other = startStoreProcess("hold", folder);
    await other.when((lines) => lines.includes("opened"));
    await other.kill();
    await fs.writeFile(path.join(folder, "owner.txt"), `process ${process.ppid} since 2026-01-01T00:00:00.000Z`);
    await (await open()).close();
  });

  it("goes to exactly one of several processes that start at once", async () => {
    const processes = Array.from({ length: 3 }, () => startStoreProcess("hold", folder));
    const first = await Promise.all(processes.map((running) => running.when((lines) => lines.length > 0)));
    assert.deepEqual(first.flat().sort(), ["failed STORE_LOCKED", "failed STORE_LOCKED", "opened"]);
    await Promise.all(processes.map((running) => running.kill()));
  });

  it("and its files are for their owner only", async function () {
    if (process.platform === "win32") this.skip();
    const store = await open();
    await acceptOne(store, outbound());
    for (const file of await fs.readdir(folder)) {
      assert.equal((await fs.stat(path.join(folder, file))).mode & 0o777, 0o600, file);
    }
    await store.close();
  });

  it("is refused with a code when it cannot be made", async () => {
    const file = path.join(folder, "file");
    await fs.writeFile(file, "");
    await assert.rejects(
      createSqliteMessageStore({ folder: path.join(file, "below"), protection: createTestProtection(), now: () => 0 }),
      { code: "STORE_UNAVAILABLE" },
    );
  });
});
