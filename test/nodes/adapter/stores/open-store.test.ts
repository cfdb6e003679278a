// A store that is gone, cut or older than it was says so, and works again only once a person has decided.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError } from "../../../../lib/errors.js";
import type { StoreDecision } from "../../../../lib/store/checkpoint.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { openStore } from "../../../../nodes/adapter/stores/open-store.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";
import { createFolder } from "../../../support/store/sqlite-place.js";

describe("the opening of an embedded store", () => {
  let root: string;
  let folder: string;
  let warnings: string[];
  let opened: MessageStore[];

  beforeEach(async () => {
    root = await createFolder();
    folder = path.join(root, "messages");
    warnings = [];
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await fs.rm(root, { recursive: true });
  });

  async function open(decision?: StoreDecision): Promise<MessageStore> {
    const place = { kind: "embedded", folder, ...(decision === undefined ? {} : { decision }) } as const;
    const settings = { place, mode: "full", retention: [] } as const;
    const store = await openStore(settings, { now: () => 5000, warn: (text) => warnings.push(text) });
    opened.push(store);
    return store;
  }

  async function refusal(code: string, decision?: StoreDecision): Promise<{ text: string; decision: string }> {
    try {
      await open(decision);
    } catch (error) {
      assert.ok(error instanceof CpisError);
      assert.equal(error.code, code);
      const [, found = ""] = /decision code ([0-9a-f]{8})/.exec(error.message) ?? [];
      assert.notEqual(found, "", error.message);
      return { text: error.message, decision: found };
    }
    return assert.fail("it was opened");
  }

  const file = (name: string): string => path.join(folder, name);
  const sides = ["messages.sqlite-wal", "messages.sqlite-shm"];

  async function removeStore(): Promise<void> {
    for (const name of ["messages.sqlite", ...sides]) await fs.rm(file(name), { force: true });
  }

  /** Three file numbers, an entry of the audit, and four messages in as many states. */
  async function fill(store: MessageStore): Promise<void> {
    for (let number = 1; number <= 3; number += 1) assert.equal(await store.nextNumber("RX1"), number);
    await store.appendAudit({ at: 1, event: "query-asked" });
    for (const state of ["queued", "sending", "awaiting-response", "completed"] as const) {
      await acceptOne(store, outbound({ state, messageId: `M-${state}` }));
    }
    await acceptOne(store, outbound({ state: "sending", messageId: "M-asked", attributes: { isAwaited: true } }));
  }

  /** Copies what a backup of the folder holds while the store is closed. */
  async function backUp(): Promise<string> {
    const copy = path.join(root, `copy-${Math.random()}`);
    await fs.cp(folder, copy, { recursive: true });
    return copy;
  }

  async function restore(copy: string): Promise<void> {
    await fs.rm(folder, { recursive: true });
    await fs.cp(copy, folder, { recursive: true });
  }

  it("makes the key and the checkpoint beside a new store, for their owner only", async () => {
    await open();
    for (const end of ["key", "checkpoint"]) {
      assert.equal((await fs.stat(`${folder}.${end}`)).mode & 0o777, 0o600, end);
    }
  });

  it("makes no key for a store that cannot be made", async () => {
    await fs.mkdir(folder);
    await fs.writeFile(file("messages.sqlite"), "not a database".repeat(1000));
    await assert.rejects(open(), { code: "STORE_CORRUPT" });
    await assert.rejects(fs.stat(`${folder}.key`), { code: "ENOENT" });
  });

  for (const [what, harm] of [
    ["its file is removed", removeStore],
    [
      "its file is cut to nothing",
      async (): Promise<void> => {
        await removeStore();
        await fs.writeFile(file("messages.sqlite"), "");
      },
    ],
    ["its folder is removed", () => fs.rm(folder, { recursive: true })],
  ] as const) {
    it(`is refused when ${what}, until a person has decided, and then no number comes again`, async () => {
      const store = await open();
      await fill(store);
      const before = await store.readIdentity();
      await store.close();
      await harm();
      const first = await refusal("STORE_LOST");
      assert.match(first.text, /last upload file had number 3/);
      assert.deepEqual(await refusal("STORE_LOST"), first, "asking again decides nothing");
      await refusal("STORE_LOST", { code: "00000000" });

      const anew = await open({ code: first.decision });
      assert.equal(await anew.nextNumber("RX1"), 4);
      const identity = await anew.readIdentity();
      assert.notEqual(identity.id, before.id);
      assert.equal(identity.generation, before.generation + 1);
      await anew.close();
      await harm();
      const second = await refusal("STORE_LOST", { code: first.decision });
      assert.notEqual(second.decision, first.decision, "a decision counts for one loss");
    });
  }

  it("is refused when its checkpoint is gone as well, and then asks for the number to go on with", async () => {
    await fill(await open());
    await opened[0]?.close();
    await removeStore();
    await fs.rm(`${folder}.checkpoint`);
    const { decision } = await refusal("STORE_LOST");
    assert.match((await refusal("STORE_LOST", { code: decision })).text, /number of the next upload file is missing/);
    const store = await open({ code: decision, nextNumber: 8 });
    assert.equal(await store.lastNumber("RX1"), 7);
    assert.equal(await store.takeNumber("RX1", 7), false);
    assert.equal(await store.nextNumber("RX1"), 8);
    assert.equal(await store.nextNumber("another"), 8);
  });

  it("is refused when the write-ahead log is lost after a crash", async () => {
    const store = await open();
    await fill(store);
    // As a crash leaves them: the file of messages with its log beside it, which holds all of it.
    const copy = path.join(root, "crashed");
    await fs.cp(folder, copy, { recursive: true });
    await store.close();
    await restore(copy);
    await (await open()).close();
    await restore(copy);
    for (const name of sides) await fs.rm(file(name));
    const { text } = await refusal("STORE_LOST");
    assert.match(text, /last upload file had number 3/);
  });

  it("is refused when it is an older copy; what may have left is held, what is only waited for is not", async () => {
    const store = await open();
    await fill(store);
    await store.close();
    const copy = await backUp();
    const later = await open();
    assert.equal(await later.nextNumber("RX1"), 4);
    await later.close();
    await restore(copy);
    const { text, decision } = await refusal("STORE_RESTORED");
    assert.match(text, /last upload file had number 4/);

    const restored = await open({ code: decision });
    assert.equal(await restored.nextNumber("RX1"), 5);
    const { messages } = await restored.list({ direction: "outbound" }, 10);
    assert.deepEqual(Object.fromEntries(messages.map(({ messageId, state }) => [messageId, state])), {
      "M-QUEUED": "held",
      "M-SENDING": "held",
      "M-AWAITING-RESPONSE": "awaiting-response",
      "M-COMPLETED": "completed",
      "M-ASKED": "sending",
    });
    const held = messages.find(({ messageId }) => messageId === "M-QUEUED");
    assert.ok(held !== undefined);
    assert.equal(held.errorCode, "STORE_RESTORED");
    assert.deepEqual(
      (await restored.history(held.id)).map(({ state, code }) => [state, code]),
      [
        ["queued", undefined],
        ["held", "STORE_RESTORED"],
      ],
    );
    const audit = await restored.readAudit(0, 10);
    assert.deepEqual(
      audit.map(({ event }) => event),
      ["query-asked", "store-restarted"],
    );
    await restored.close();
    await (await open({ code: decision })).close();
    await open();
  });

  for (const [what, work] of [
    ["a message", (store: MessageStore) => acceptOne(store, outbound()).then(() => undefined)],
    ["an entry of the audit", (store: MessageStore) => store.appendAudit({ at: 2, event: "query-asked" })],
  ] as const) {
    it(`is refused when only ${what} is missing in the older copy`, async () => {
      await fill(await open());
      await opened[0]?.close();
      const copy = await backUp();
      const later = await open();
      await work(later);
      await later.close();
      await restore(copy);
      await refusal("STORE_RESTORED");
    });
  }

  it("is refused without its key file, and makes no new one, until a person has decided", async () => {
    const store = await open();
    await fill(store);
    await store.close();
    const key = await fs.readFile(`${folder}.key`);
    await fs.rm(`${folder}.key`);
    const { decision } = await refusal("STORE_KEY_LOST");
    await refusal("STORE_KEY_LOST");
    await assert.rejects(fs.stat(`${folder}.key`), { code: "ENOENT" });

    await fs.writeFile(`${folder}.key`, key, { mode: 0o600 });
    const again = await open();
    assert.equal((await again.readAuditHead())?.isSealed, true);
    await again.close();

    await fs.rm(`${folder}.key`);
    const anew = await open({ code: decision });
    assert.equal(await anew.nextNumber("RX1"), 4);
    const [message] = (await anew.list({ states: ["completed"] }, 1)).messages;
    assert.ok(message !== undefined);
    await assert.rejects(anew.readContent(message.id), { code: "STORE_KEY_UNKNOWN" });
    await anew.close();
    await (await open()).close();
    await fs.rm(`${folder}.key`);
    assert.notEqual((await refusal("STORE_KEY_LOST", { code: decision })).decision, decision);
  });

  it("is refused with another key than the one that sealed its checkpoint", async () => {
    await fill(await open());
    await opened[0]?.close();
    const other = path.join(root, "other");
    const place = { kind: "embedded", folder: other } as const;
    await (await openStore({ place, mode: "full", retention: [] })).close();
    await fs.copyFile(`${other}.key`, `${folder}.key`);
    const { decision } = await refusal("STORE_KEY_LOST");
    await open({ code: decision });
  });

  it("is refused while others may read the key file, with what to do", async function () {
    if (process.platform === "win32") this.skip();
    await (await open()).close();
    for (const mode of [0o640, 0o604, 0o666]) {
      await fs.chmod(`${folder}.key`, mode);
      await assert.rejects(open(), { code: "STORE_KEY_EXPOSED", detail: `its rights are ${mode.toString(8)}` });
    }
    await fs.chmod(`${folder}.key`, 0o400);
    await open();
  });

  it("warns of a checkpoint that another hand has changed, and makes it anew", async () => {
    await fill(await open());
    await opened[0]?.close();
    const bytes = await fs.readFile(`${folder}.checkpoint`);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await fs.writeFile(`${folder}.checkpoint`, bytes);
    await (await open()).close();
    assert.match(warnings.join(), /^STORE_CONTENT_TAMPERED: the checkpoint file/);
    await open();
    assert.equal(warnings.length, 1);
  });

  it("knows a number in its second place before it is given", async () => {
    const store = await open();
    const before = await fs.readFile(`${folder}.checkpoint`);
    await store.nextNumber("RX1");
    assert.notDeepEqual(await fs.readFile(`${folder}.checkpoint`), before);
    // A folder in its place: the second place cannot be written.
    await fs.rm(`${folder}.checkpoint`);
    await fs.mkdir(`${folder}.checkpoint`);
    await assert.rejects(store.nextNumber("RX1"), { code: "STORE_UNAVAILABLE", retryable: true });
    await fs.rmdir(`${folder}.checkpoint`);
    assert.equal(await store.nextNumber("RX1"), 3);
  });
});
