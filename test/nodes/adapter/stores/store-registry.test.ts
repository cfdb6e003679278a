// Who looks at the message stores sees those that are open, and hears of each change.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { NewOutboundMessage } from "../../../../lib/store/message-model.js";
import type { StoreUse, StoreUser } from "../../../../nodes/adapter/stores/message-store-model.js";
import { openStores, useStore, watchStores } from "../../../../nodes/adapter/stores/store-registry.js";
import { defaultStoreSettings } from "../../../../nodes/adapter/stores/store-settings.js";

const user = (): StoreUser => ({ conditionChanged: () => undefined, warn: () => undefined, info: () => undefined });

const message: NewOutboundMessage = {
  channel: "transport",
  destination: "peer",
  isOrdered: false,
  interaction: "QUPC_IN000006GB01",
  service: "service",
  messageId: "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
  conversationId: "3F2504E0-4F89-11D3-9A0C-0305E82C3302",
  fromParty: "from",
  toParty: "to",
  content: Buffer.from("bytes"),
  acceptedAt: 1,
};

describe("the open message stores", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-stores-"));
  const changed: string[] = [];
  let uses: readonly StoreUse[] = [];
  let unwatch = (): void => undefined;

  before(async () => {
    assert.deepEqual(openStores(), []);
    unwatch = watchStores((key) => changed.push(key));
    const settings = defaultStoreSettings(folder);
    uses = [await useStore(settings, user()), await useStore(settings, user())];
  });

  after(async () => {
    unwatch();
    await Promise.all(uses.map((use) => use.release()));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("are listed once, under a key and a name that do not tell the whole place", () => {
    const [{ key, label } = { key: "", label: "" }, ...others] = openStores();
    assert.deepEqual(others, []);
    assert.match(key, /^[0-9a-f]{12}$/);
    assert.equal(label, `embedded, ${path.join("cp-is", "message-store")}`);
    assert.deepEqual(changed, [key]);
  });

  it("tell of each message that is accepted, moved on, or dealt with", async () => {
    const [found] = openStores();
    assert.ok(found !== undefined && uses[0] !== undefined);
    const heard = async (work: Promise<unknown>): Promise<boolean> => {
      changed.length = 0;
      await work;
      return changed.includes(found.key);
    };
    const { store } = uses[0];
    const accepting = store.acceptOutbound([message]);
    assert.ok(await heard(accepting));
    const id = (await accepting)[0]!;
    assert.ok(await heard(store.transition({ id, from: ["queued"], to: "failed", at: 2 })));
    assert.ok(await heard(found.store.dealWith({ id, states: ["failed"], at: 3, by: "anne" })));
    assert.ok(!(await heard(found.store.findById(id))));
  });

  it("are gone with their last user", async () => {
    await uses[0]?.release();
    assert.equal(openStores().length, 1);
    await uses[1]?.release();
    assert.deepEqual(openStores(), []);
  });
});
