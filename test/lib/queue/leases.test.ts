// A lease holds as long as its owner works: two instances on one store never deliver the same message at once.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { business } from "../../support/mhs/consuming.js";
import { until, useDurableScene } from "../../support/mhs/durable-exchange.js";
import { createMemoryStore } from "../../support/store/sqlite-place.js";

describe("The leases of two instances on one store", () => {
  const scene = useDurableScene();
  let store: MessageStore;

  beforeEach(async () => {
    store = await createMemoryStore();
  });

  after(() => store.close());

  async function deliverAll(count: number, leaseMilliseconds: number, deliveryMilliseconds: number) {
    const delivered: string[] = [];
    const instances = [
      await scene.start({ store, settings: { leaseMilliseconds } }),
      await scene.start({ store, settings: { leaseMilliseconds } }),
    ];
    for (const { mhs } of instances) {
      mhs.consume({
        confirm: "on-handover",
        inOrder: "none",
        maximumDeliveries: 1_000,
        maximumDeliveryMilliseconds: 60_000,
        async deliver({ message }): Promise<void> {
          delivered.push(message.header.messageId);
          await wait(deliveryMilliseconds);
        },
      });
    }
    for (let index = 0; index < count; index += 1) await instances[index % 2]?.post({ message: business("<one/>") });
    const isAllConfirmed = async (): Promise<boolean> =>
      (await store.list({ direction: "inbound", states: ["confirmed"] }, 100)).messages.length === count;
    await until(isAllConfirmed);
    return delivered;
  }

  it("deliver each of many messages once", async () => {
    const delivered = await deliverAll(30, 30_000, 100);
    assert.equal(delivered.length, 30);
    assert.equal(new Set(delivered).size, 30);
  });

  it("are renewed while a delivery takes longer than one of them", async () => {
    const delivered = await deliverAll(2, 3_000, 5_000);
    assert.equal(delivered.length, 2);
  });
});
