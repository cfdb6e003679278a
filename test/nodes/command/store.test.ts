// The command on a store of its own: backed up while it works, put back without sending or numbering anything twice.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { parseKeyRing } from "../../../lib/crypto/key-ring.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { openStore } from "../../../nodes/adapter/stores/open-store.js";
import { runCommand } from "../../../nodes/command/command.js";
import { verbs } from "../../../nodes/command/verbs.js";
import { acceptOne, outbound } from "../../support/store/sample-messages.js";
import { createFolder } from "../../support/store/sqlite-place.js";

const root = path.resolve(__dirname, "../../..");

describe("the command cp-is", () => {
  let parent: string;
  let folder: string;
  let opened: MessageStore[];

  beforeEach(async () => {
    parent = await createFolder();
    folder = path.join(parent, "store");
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await fs.rm(parent, { recursive: true });
  });

  async function open(): Promise<MessageStore> {
    const store = await openStore({ place: { kind: "embedded", folder }, mode: "full", retention: [] });
    opened.push(store);
    return store;
  }

  async function run(...words: readonly string[]) {
    let printed = "";
    let told = "";
    const print = (text: string): string => (printed += text);
    const tell = (text: string): string => (told += text);
    const exitCode = await runCommand(words, { environment: {}, print, tell });
    return { exitCode, printed, told };
  }

  async function json(...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { exitCode, printed, told } = await run(...words, "--json");
    assert.equal(exitCode, 0, told);
    assert.equal(printed.split("\n").length, 2, "one line");
    return JSON.parse(printed) as Readonly<Record<string, unknown>>;
  }

  const file = (...names: readonly string[]): string => path.join(parent, ...names);

  it("lists its verbs, and tells of each how it is called, and what must be stopped", async () => {
    const general = await run("--help");
    assert.equal(general.exitCode, 0);
    for (const { name, summary, usage } of verbs) {
      assert.ok(general.printed.includes(`${name} `) && general.printed.includes(summary), name);
      const own = await run(...name.split(" "), "--help");
      assert.equal(own.exitCode, 0, name);
      assert.ok(own.printed.includes(`Usage: cp-is ${name} ${usage}`), name);
      assert.match(own.printed, /stop|may be in use/, name);
      assert.match(own.printed, /Exit codes: 0 /, name);
      const wrong = await run(...name.split(" "), "--no-such-option");
      assert.deepEqual([wrong.exitCode, wrong.printed], [2, ""], name);
    }
    for (const words of [[], ["store"], ["store", "burn"], ["check store"]]) {
      assert.equal((await run(...words)).exitCode, 2, words.join(" "));
    }
  });

  it("ends quietly when who reads its output has gone", async () => {
    const store = await open();
    for (let at = 0; at < 3000; at += 1) await store.appendAudit({ at, event: "query-asked", userId: "u".repeat(200) });
    await store.close();
    const bin = path.join(root, "nodes/command/cp-is.ts");
    const child = spawn(process.execPath, ["--require", "tsx/cjs", bin, "audit", "export", "--folder", folder], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let told = "";
    child.stderr.on("data", (data: Buffer) => (told += data.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual([exitCode, told], [0, ""]);
  });

  it("backs a store up while it is written to, its key apart, as one moment of it", async () => {
    const store = await open();
    const done = new AbortController();
    const writing = (async (): Promise<void> => {
      while (!done.signal.aborted) await acceptOne(store, outbound({ content: Buffer.alloc(2000, 1) }));
    })();
    while ((await store.list({}, 30)).messages.length < 20) await new Promise((resolve) => setImmediate(resolve));
    // The store is open in this process, so the copy is made by another one, as in life.
    const bin = path.join(root, "nodes/command/cp-is.ts");
    const words = ["store", "backup", "--folder", folder, "--to", file("copy"), "--key-to", file("kept.key"), "--json"];
    const child = spawn(process.execPath, ["--require", "tsx/cjs", bin, ...words], { cwd: root, stdio: "pipe" });
    let printed = "";
    child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    done.abort();
    await writing;
    assert.equal(exitCode, 0);
    const { messages } = JSON.parse(printed) as { messages: number };
    assert.ok(messages >= 20);
    assert.deepEqual(await fs.readdir(file("copy")), ["messages.sqlite"]);
    assert.equal((await fs.stat(file("copy", "messages.sqlite"))).mode & 0o777, 0o600);
    assert.equal((await fs.stat(file("kept.key"))).mode & 0o777, 0o600);
    await store.close();

    // Put back in another place, it holds every message of its moment, whole.
    const elsewhere = file("elsewhere");
    const restored = await json(
      ...["store", "restore", "--folder", elsewhere, "--from", file("copy")],
      ...["--key", file("kept.key"), "--next-number", "1"],
    );
    assert.equal((restored["held"] as readonly unknown[]).length, messages);
    folder = elsewhere;
    const second = await open();
    for (const { id } of (await second.list({}, 1000)).messages) {
      assert.equal((await second.readContent(id)).kind, "content");
    }
  });

  it("refuses to put the key into the copy, and to overwrite anything", async () => {
    await (await open()).close();
    const backup = ["store", "backup", "--folder", folder, "--to", file("copy")];
    assert.equal((await run(...backup, "--key-to", file("copy", "key"))).exitCode, 2);
    await assert.rejects(fs.stat(file("copy")), { code: "ENOENT" });
    assert.equal((await run(...backup)).exitCode, 0);
    assert.equal((await run(...backup)).exitCode, 2);
  });

  it("puts a backup back without a number that was used, holds back what may have left, and says so", async () => {
    const store = await open();
    await store.takeNumber("RX1", 3);
    const id = await acceptOne(store, outbound({ state: "sending", attributes: { fileNumber: 3 } }));
    await store.close();
    await json("store", "backup", "--folder", folder, "--to", file("copy"));
    const later = await open();
    await later.takeNumber("RX1", 5);
    await later.close();

    const restore = ["store", "restore", "--folder", folder, "--from", file("copy")];
    assert.match((await run(...restore)).told, /--replace moves it aside/);
    const used = await run(...restore, "--replace", "--next-number", "5");
    assert.deepEqual([used.exitCode, /CPIS_UPLOAD_NUMBER_USED.*the last number was 5/.test(used.told)], [1, true]);
    const busy = await open();
    assert.match((await run(...restore, "--replace", "--next-number", "6")).told, /^STORE_LOCKED/);
    await busy.close();

    const { exitCode, printed } = await run(...restore, "--replace");
    assert.equal(exitCode, 0);
    assert.match(printed, /Held back, since they may have left: 1\n {2}1: .*, file 3, accepted /);
    const restored = await open();
    assert.equal((await restored.findById(id))?.state, "held");
    assert.equal(await restored.nextNumber("RX1"), 6);
    const events = (await restored.readAudit(0, 10)).map(({ event }) => event);
    assert.deepEqual(events, ["store-restarted"]);
    assert.equal((await fs.readdir(parent)).filter((name) => name.startsWith("store.before-")).length, 1);
  });

  it("takes no backup that is damaged, is no store, or is sealed with another key", async () => {
    await acceptOne(await open(), outbound());
    await opened[0]?.close();
    await json("store", "backup", "--folder", folder, "--to", file("copy"), "--key-to", file("kept.key"));
    folder = file("other");
    await (await open()).close();
    const restore = (from: string, key: string) =>
      run("store", "restore", "--folder", file("third"), "--from", from, "--key", key, "--next-number", "1");
    assert.match((await restore(file("nowhere"), file("kept.key"))).told, /^STORE_UNAVAILABLE/);
    assert.match((await restore(file("copy"), file("other.key"))).told, /^STORE_KEY_UNKNOWN/);
    await fs.mkdir(file("damaged"));
    const bytes = await fs.readFile(file("copy", "messages.sqlite"));
    await fs.writeFile(file("damaged", "messages.sqlite"), bytes.fill(7, 8192, 20_000));
    assert.match((await restore(file("damaged"), file("kept.key"))).told, /^STORE_CORRUPT/);
    await assert.rejects(fs.stat(file("third")), { code: "ENOENT" });
    assert.equal((await restore(file("copy"), file("kept.key"))).exitCode, 0);
  });

  it("checks a store, whether it is in use or not", async () => {
    const store = await open();
    await store.nextNumber("RX1");
    // Its own process must not open the file a second time, so the check of a store in use is another's.
    await store.close();
    const found = await json("store", "check", "--folder", folder);
    assert.deepEqual([found["isOpenElsewhere"], found["numbers"]], [false, { RX1: 1 }]);
    await fs.copyFile(path.join(folder, "messages.sqlite"), file("old"));
    const later = await open();
    await later.nextNumber("RX1");
    await later.close();
    await fs.copyFile(file("old"), path.join(folder, "messages.sqlite"));
    const behind = await run("store", "check", "--folder", folder);
    assert.deepEqual([behind.exitCode, behind.told.startsWith("STORE_RESTORED")], [1, true]);
    const [, code = ""] = /decision code ([0-9a-f]{8})/.exec(behind.told) ?? [];
    assert.match((await run("store", "accept", "--folder", folder, "--code", "00000000")).told, /^STORE_RESTORED/);
    assert.equal((await run("store", "accept", "--folder", folder, "--code", code)).exitCode, 0);
    assert.equal(await (await open()).nextNumber("RX1"), 3);
  });

  it("gives a store a new key under which all is sealed again, and the old one opens nothing any more", async () => {
    const store = await open();
    const ids = [];
    for (let count = 0; count < 250; count += 1) {
      ids.push(await acceptOne(store, outbound({ context: Buffer.from("kept"), subject: "9449305552" })));
    }
    await store.appendAudit({ at: 1, event: "query-asked" });
    await store.close();
    const old = await fs.readFile(`${folder}.key`, "utf8");
    const { resealed, retired } = await json("keys", "rotate", "--folder", folder);
    assert.deepEqual([resealed, retired], [250, 1]);
    const ring = parseKeyRing(await fs.readFile(`${folder}.key`, "utf8"));
    assert.equal(ring.keys.length, 1);
    assert.notEqual(ring.keys[0].id, parseKeyRing(old).keys[0].id);
    assert.equal((await fs.stat(`${folder}.key`)).mode & 0o777, 0o600);
    const rotated = await open();
    for (const id of ids) assert.equal((await rotated.readContent(id)).kind, "content");
    assert.equal((await rotated.list({ subject: "9449305552" }, 1)).messages.length, 1);
    await rotated.close();
    assert.equal((await run("audit", "verify", "--folder", folder)).exitCode, 0);
    await fs.writeFile(`${folder}.key`, old);
    await assert.rejects(open(), { code: "STORE_KEY_LOST" });
    const unchecked = { place: { kind: "embedded", folder }, mode: "full", retention: [] } as const;
    const blind = await openStore(unchecked, { isUnchecked: true });
    opened.push(blind);
    for (const id of ids.slice(0, 3)) await assert.rejects(blind.readContent(id), { code: "STORE_KEY_UNKNOWN" });
  });
});
