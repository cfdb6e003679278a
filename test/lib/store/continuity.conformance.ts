// What every message store promises of its identity, its numbers, and the rights that one instance has at a time.
import assert from "node:assert/strict";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptOne, outbound, type StorePlace } from "../../support/store/sample-messages.js";

export function describeContinuity(createPlace: () => Promise<StorePlace>): void {
  let place: StorePlace;
  let store: MessageStore;

  beforeEach(async () => {
    place = await createPlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  describe("being one and the same", () => {
    it("has an identity that no other store has, and one generation", async () => {
      const other = await createPlace();
      const second = await other.open();
      const [mine, its] = [await store.readIdentity(), await second.readIdentity()];
      await second.close();
      await other.remove();
      assert.match(mine.id, /^[0-9a-f]{12}$/);
      assert.equal(mine.generation, 1);
      assert.notEqual(mine.id, its.id);
      assert.deepEqual(await store.readIdentity(), mine);
    });

    it("tells how far it has come", async () => {
      const empty = await store.readProgress();
      assert.deepEqual([empty.lastRowId, empty.auditHead.number, empty.numbers], [0, 0, {}]);
      await store.nextNumber("a");
      await store.takeNumber("b", 7);
      const id = await acceptOne(store, outbound({ state: "completed", acceptedAt: 1 }));
      await store.appendAudit({ at: 1, event: "query-asked" });
      const [entry] = await store.readAudit(0, 1);
      const { identity, ...progress } = await store.readProgress();
      const auditHead = { number: 1, hash: entry?.hash };
      assert.deepEqual(progress, { numbers: { a: 1, b: 7 }, lastRowId: Number(id), auditHead });
      assert.deepEqual(identity, await store.readIdentity());
      // What retention removes was there.
      await store.prune([{ state: "completed", keepMilliseconds: 0 }], 5000, 10);
      assert.equal((await store.readProgress()).lastRowId, id);
    });

    it("begins a generation under another identity, and gives no number that was given before", async () => {
      await store.takeNumber("a", 5);
      await store.takeNumber("b", 9);
      const { id } = await store.readIdentity();
      await store.beginGeneration({ numbers: { a: 7, c: 3 }, numberFloor: 4, after: 6, at: 1 });
      const identity = await store.readIdentity();
      assert.notEqual(identity.id, id);
      assert.equal(identity.generation, 7);
      const next: number[] = [];
      for (const name of ["a", "b", "c", "never heard of"]) next.push(await store.nextNumber(name));
      assert.deepEqual(next, [8, 10, 5, 5]);
      assert.deepEqual(
        [
          await store.takeNumber("another", 4),
          await store.takeNumber("another", 5),
          await store.lastNumber("yet another"),
        ],
        [false, true, 4],
      );
    });

    it("holds what may have left when a generation begins, each with its line in the history", async () => {
      const states = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response", "failed"] as const;
      const ids = await store.acceptOutbound(states.map((state) => outbound({ state, isOrdered: true })));
      assert.equal(await store.beginGeneration({ numbers: {}, at: 9 }), 3);
      const found = await Promise.all(ids.map((id) => store.findById(id)));
      assert.deepEqual(
        found.map((message) => message?.state),
        ["held", "held", "held", "awaiting-response", "failed"],
      );
      const history = await store.history(ids[1] ?? assert.fail());
      assert.deepEqual(history.at(-1), { at: 9, state: "held", code: "STORE_RESTORED" });
    });
  });

  describe("leases of a name", () => {
    const lease = { name: "leader", milliseconds: 60_000, now: 1000 };

    it("are held by one owner, who may renew, until they are given back", async () => {
      assert.equal(await store.holdLease({ ...lease, owner: "one" }), true);
      assert.equal(await store.holdLease({ ...lease, owner: "two" }), false);
      assert.equal(await store.holdLease({ ...lease, owner: "one" }), true);
      assert.equal(await store.holdLease({ ...lease, name: "another", owner: "two" }), true);
      await store.endLease({ name: "leader", owner: "two" });
      assert.equal(await store.holdLease({ ...lease, owner: "two" }), false);
      await store.endLease({ name: "leader", owner: "one" });
      assert.equal(await store.holdLease({ ...lease, owner: "two" }), true);
    });

    it("go to one of many that ask at once", async () => {
      const owners = Array.from({ length: 12 }, (_, index) => `owner ${index}`);
      const held = await Promise.all(owners.map((owner) => store.holdLease({ ...lease, owner })));
      assert.equal(held.filter(Boolean).length, 1);
    });
  });

  it("notes the clocks of instances", async () => {
    const note = { withinMilliseconds: 60_000, now: 1000 };
    await store.noteClock({ owner: "one", skewMilliseconds: 5, ...note });
    await store.noteClock({ owner: "two", skewMilliseconds: -3.4, ...note });
    assert.deepEqual(await store.noteClock({ owner: "one", skewMilliseconds: 7, ...note }), [
      { owner: "one", skewMilliseconds: 7 },
      { owner: "two", skewMilliseconds: -3 },
    ]);
  });
}
