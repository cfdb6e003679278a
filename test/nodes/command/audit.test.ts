// The command that verifies and exports the audit, on real stores.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createKeyRing, encodeKeyRing } from "../../../lib/crypto/key-ring.js";
import { openStore } from "../../../nodes/adapter/stores/open-store.js";
import type { StorePlace } from "../../../nodes/adapter/stores/store-settings.js";
import { runCommand } from "../../../nodes/command/command.js";
import { startPostgres } from "../../support/store/postgres-server.js";

interface Run {
  readonly exitCode: number;
  readonly printed: string;
  readonly told: string;
}

async function run(words: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  let printed = "";
  let told = "";
  const exitCode = await runCommand(["audit", ...words], {
    environment,
    print: (text) => (printed += text),
    tell: (text) => (told += text),
  });
  return { exitCode, printed, told };
}

async function fill(place: StorePlace): Promise<void> {
  const store = await openStore({ place, mode: "full", retention: [] });
  await store.appendAudit({ at: 1, event: "query-asked", userId: "ann", subject: "9912003888" });
  await store.appendAudit({ at: 2, event: "query-ended", concerns: 1, outcome: "found" });
  await store.close();
}

describe("The command cp-is-audit", () => {
  let parent: string;
  let folder: string;

  beforeEach(async () => {
    parent = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-audit-"));
    folder = path.join(parent, "store");
    await fill({ kind: "embedded", folder });
  });

  afterEach(() => fs.rm(parent, { recursive: true }));

  it("verifies the store of a folder and prints the head, with which it can be verified again", async () => {
    const first = await run(["verify", "--folder", folder]);
    assert.equal(first.exitCode, 0, first.told);
    const head = /^Intact: 2 entries\.\nHead: (2:[0-9a-f]{64})\n/.exec(first.printed)?.[1];
    assert.ok(head !== undefined, first.printed);
    assert.equal((await run(["verify", "--folder", folder, "--head", head])).exitCode, 0);
    const other = await run(["verify", "--folder", folder, "--head", `3:${"0".repeat(64)}`]);
    assert.deepEqual([other.exitCode, other.printed.startsWith("BROKEN at entry 3")], [1, true]);
  });

  it("names the entry at which the chain is broken", async () => {
    const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
    database.exec("DROP TRIGGER audit_no_update; UPDATE audit SET user_id = 'eve' WHERE number = 1");
    database.close();
    const { exitCode, printed } = await run(["verify", "--folder", folder]);
    assert.deepEqual([exitCode, printed], [1, "BROKEN at entry 1: it was changed after it was written.\n"]);
  });

  it("exports as CSV or as JSON lines", async () => {
    const csv = await run(["export", "--folder", folder]);
    assert.deepEqual([csv.exitCode, csv.printed.split("\r\n").length], [0, 4]);
    const lines = (await run(["export", "--folder", folder, "--format", "json-lines"])).printed.trim().split("\n");
    assert.equal(Reflect.get(Object(JSON.parse(lines[0] ?? "")), "userId"), "ann");
  });

  it("says what to do while the store is open elsewhere", async () => {
    const store = await openStore({ place: { kind: "embedded", folder }, mode: "full", retention: [] });
    const { exitCode, told } = await run(["verify", "--folder", folder]);
    await store.close();
    assert.equal(exitCode, 1);
    assert.match(told, /^STORE_LOCKED: .*\nStop the Node-RED that has it open, or copy the folder/);
  });

  it("makes neither a store nor a key where there is none", async () => {
    const nowhere = await run(["verify", "--folder", path.join(parent, "nowhere")]);
    assert.deepEqual([nowhere.exitCode, /no message store/.test(nowhere.told)], [2, true]);
    await fs.rm(`${folder}.key`);
    const keyless = await run(["verify", "--folder", folder]);
    assert.deepEqual([keyless.exitCode, /CP_IS_STORE_KEY/.test(keyless.told)], [2, true]);
    assert.deepEqual(await fs.readdir(parent), ["store", "store.checkpoint"]);
  });

  it("takes another key for what it is: not the one that sealed the entries", async () => {
    const key = encodeKeyRing(createKeyRing(randomBytes));
    const { exitCode, printed } = await run(["verify", "--folder", folder], { CP_IS_STORE_KEY: key });
    assert.deepEqual([exitCode, printed], [1, "BROKEN at entry 1: it was not written with this store's key.\n"]);
  });

  for (const words of [
    [],
    ["verify"],
    ["burn", "--folder", "x"],
    ["verify", "--folder", "x", "--postgres"],
    ["verify", "--verbose"],
    ["verify", "--postgres"],
  ]) {
    it(`shows how it is used when it is called as "${words.join(" ")}"`, async () => {
      const { exitCode, told } = await run(words);
      assert.deepEqual([exitCode, told.includes("Usage:")], [2, true]);
    });
  }

  it("refuses a format and a head that it does not know", async () => {
    assert.equal((await run(["export", "--folder", folder, "--format", "xls"])).exitCode, 2);
    assert.equal((await run(["verify", "--folder", folder, "--head", "last"])).exitCode, 2);
  });

  it("verifies a PostgreSQL store, named by the environment only", async () => {
    const server = await startPostgres();
    try {
      const [host, database, user, password] = (["host", "database", "user", "password"] as const).map((name) =>
        String(server.connection[name]),
      );
      assert.ok(host !== undefined && database !== undefined && user !== undefined && password !== undefined);
      const { port } = server;
      const keyRing = encodeKeyRing(createKeyRing(randomBytes));
      const address = { host, port, database, user, password, tls: false } as const;
      await fill({ kind: "PostgreSQL", address, schema: "audited", keyRing });
      const { exitCode, printed, told } = await run(["verify", "--postgres", "--schema", "audited"], {
        CP_IS_DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`,
        CP_IS_STORE_KEY: keyRing,
      });
      assert.deepEqual([exitCode, told, printed.startsWith("Intact: 2 entries.")], [0, "", true]);
    } finally {
      await server.close();
    }
  });
});
