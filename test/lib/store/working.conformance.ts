// What every message store promises of work: leases, order, and transitions that compare before they set.
import assert from "node:assert/strict";
import type { MessageRowId, MessageState } from "../../../lib/store/message-model.js";
import type { MessageStore, StoreEvent, TransitionOutcome } from "../../../lib/store/message-store.js";
import {
  acceptNew,
  acceptOne,
  claimIds,
  inbound,
  noSuchId,
  outbound,
  type StorePlace,
} from "../../support/store/sample-messages.js";

export function describeWorking(createPlace: () => Promise<StorePlace>): void {
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

  async function move(id: MessageRowId, from: MessageState, to: MessageState): Promise<TransitionOutcome> {
    return store.transition({ id, from: [from], to, at: 2000 });
  }

  describe("claiming", () => {
    it("leases each message to one owner, until the lease ends", async () => {
      const id = await acceptOne(store, outbound());
      assert.deepEqual(await claimIds(store, { owner: "one", now: 2000 }), [id]);
      assert.deepEqual(await claimIds(store, { owner: "two", now: 2999 }), []);
      assert.deepEqual(await claimIds(store, { owner: "two", now: 3000 }), [id]);
      const row = await store.findById(id);
      assert.deepEqual([row?.state, row?.leaseOwner, row?.leaseUntil], ["queued", "two", 4000]);
    });

    it("gives only what is asked for: channel, direction and states", async () => {
      const id = await acceptOne(store, outbound({ state: "awaiting-acknowledgement" }));
      await acceptOne(store, outbound({ channel: "another" }));
      await acceptOne(store, outbound({ state: "held" }));
      await acceptNew(store, inbound());
      assert.deepEqual(await claimIds(store, { states: ["sending", "awaiting-acknowledgement"] }), [id]);
      assert.deepEqual(await claimIds(store, { states: [] }), []);
    });

    it("gives what has been due longest first, up to the limit, over all states asked for", async () => {
      const late = await acceptOne(store, outbound({ nextAttemptAt: 1500 }));
      const early = await acceptOne(store, outbound({ nextAttemptAt: 100, state: "sending" }));
      const middle = await acceptOne(store, outbound({ nextAttemptAt: 700 }));
      const states = ["queued", "sending"] as const;
      assert.deepEqual(await claimIds(store, { states, limit: 2 }), [early, middle]);
      assert.deepEqual(await claimIds(store, { states, limit: 2 }), [late]);
    });

    it("waits for the next attempt's time", async () => {
      const id = await acceptOne(store, outbound({ nextAttemptAt: 5000 }));
      assert.deepEqual(await claimIds(store, { now: 4999 }), []);
      assert.equal(await store.nextDueAt({ channel: "transport", direction: "outbound", states: ["queued"] }), 5000);
      assert.deepEqual(await claimIds(store, { now: 5000 }), [id]);
    });

    it("says when the next work is due, counting a lease by its end", async () => {
      const request = { channel: "transport", direction: "outbound", states: ["queued", "sending"] } as const;
      assert.equal(await store.nextDueAt(request), undefined);
      await acceptOne(store, outbound({ acceptedAt: 1000 }));
      assert.equal(await store.nextDueAt(request), 1000);
      await claimIds(store, { now: 2000, leaseMilliseconds: 500 });
      assert.equal(await store.nextDueAt(request), 2500);
    });

    it("never gives one message to two that claim at once", async () => {
      const ids = await store.acceptOutbound(Array.from({ length: 40 }, () => outbound()));
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, index) => claimIds(store, { owner: `owner ${index}`, limit: 7 })),
      );
      const claimed = [...claims.flat(), ...(await claimIds(store, { owner: "last", limit: 40 }))];
      assert.deepEqual(
        [...claimed].sort((one, other) => one - other),
        ids,
      );
    });

    it("leaves to its acceptor what was accepted with a lease", async () => {
      const lease = { owner: "acceptor", until: 5000 };
      const id = await acceptOne(store, outbound({ state: "sending", lease }));
      assert.deepEqual(await claimIds(store, { states: ["sending"], now: 4999 }), []);
      assert.deepEqual(await claimIds(store, { states: ["sending"], now: 5000 }), [id]);
    });
  });

  describe("a lease", () => {
    it("is prolonged and given back by its owner only", async () => {
      const id = await acceptOne(store, outbound());
      await claimIds(store, { owner: "one" });
      assert.equal(await store.renewLease({ id, owner: "two", until: 9000 }), "lease-lost");
      assert.equal(await store.releaseLease({ id, owner: "two" }), "lease-lost");
      assert.equal(await store.renewLease({ id, owner: "one", until: 9000 }), "done");
      assert.deepEqual(await claimIds(store, { owner: "two", now: 8999 }), []);
      assert.equal(await store.releaseLease({ id, owner: "one" }), "done");
      assert.deepEqual(await claimIds(store, { owner: "two", now: 2000 }), [id]);
      assert.equal(await store.renewLease({ id: noSuchId, owner: "one", until: 1 }), "lease-lost");
    });

    it("is given back with a time before which nobody gets the work", async () => {
      const id = await acceptOne(store, outbound());
      await claimIds(store, { owner: "one" });
      await store.releaseLease({ id, owner: "one", nextAttemptAt: 7000 });
      assert.deepEqual(await claimIds(store, { now: 6999 }), []);
      assert.deepEqual(await claimIds(store, { now: 7000 }), [id]);
    });
  });

  describe("order", () => {
    it("lets only the first unfinished message of a destination be claimed", async () => {
      const ids = await store.acceptOutbound([1, 2, 3].map(() => outbound({ isOrdered: true })));
      const [first, second, third] = ids;
      assert.deepEqual(await claimIds(store), [first]);
      await move(first!, "queued", "awaiting-acknowledgement");
      assert.deepEqual(await claimIds(store), []);
      await move(first!, "awaiting-acknowledgement", "completed");
      assert.deepEqual(await claimIds(store), [second]);
      await move(second!, "queued", "failed");
      assert.deepEqual(await claimIds(store), [third]);
    });

    it("does not let destinations, channels, directions or unordered messages wait for each other", async () => {
      await acceptOne(store, outbound({ isOrdered: true }));
      await acceptOne(store, outbound({ isOrdered: true, destination: "another" }));
      await acceptOne(store, outbound({ isOrdered: false }));
      await acceptNew(store, inbound({ isOrdered: true, destination: "spine" }));
      await acceptOne(store, outbound({ isOrdered: true, channel: "another" }));
      assert.equal((await claimIds(store)).length, 3);
      assert.equal((await claimIds(store, { direction: "inbound", states: ["received"] })).length, 1);
      assert.equal((await claimIds(store, { channel: "another" })).length, 1);
    });

    it("holds back what comes after a held message", async () => {
      const [first, second] = await store.acceptOutbound([1, 2].map(() => outbound({ isOrdered: true })));
      await move(first!, "queued", "held");
      assert.deepEqual(await claimIds(store), []);
      await move(first!, "held", "expired");
      assert.deepEqual(await claimIds(store), [second]);
    });

    it("goes on when the head has reached the peer and awaits no more than its response", async () => {
      const [first, second] = await store.acceptOutbound([1, 2].map(() => outbound({ isOrdered: true })));
      await move(first!, "queued", "awaiting-response");
      const third = await acceptOne(store, outbound({ isOrdered: true }));
      assert.deepEqual(await claimIds(store), [second]);
      await move(first!, "awaiting-response", "completed");
      assert.deepEqual(await claimIds(store), []);
      await move(second!, "queued", "awaiting-response");
      assert.deepEqual(await claimIds(store), [third]);
    });

    it("keeps the head when a later message of the destination is finished out of turn", async () => {
      const [first, second, third] = await store.acceptOutbound([1, 2, 3].map(() => outbound({ isOrdered: true })));
      await move(second!, "queued", "failed");
      assert.deepEqual(await claimIds(store), [first]);
      await move(first!, "queued", "completed");
      assert.deepEqual(await claimIds(store), [third]);
    });

    it("goes on when an answer finishes the head", async () => {
      const [first, second] = await store.acceptOutbound([1, 2].map(() => outbound({ isOrdered: true })));
      await acceptNew(store, inbound({ answers: { id: first! } }));
      assert.deepEqual(await claimIds(store), [second]);
    });
  });

  describe("a transition", () => {
    it("sets the state, the changes and one line of history, and ends the lease", async () => {
      const id = await acceptOne(store, outbound({ nextAttemptAt: 1, deadline: 5, errorCode: "OLD" }));
      await claimIds(store, { owner: "one" });
      const changes = { attempts: 3, nextAttemptAt: 4000, deadline: null, acknowledgedAt: 2500, errorCode: null };
      const attributes = { contentType: "text/xml" };
      const outcome = await store.transition({
        id,
        from: ["held", "queued"],
        to: "awaiting-acknowledgement",
        at: 3000,
        owner: "one",
        code: "acknowledgement-missing",
        changes: { ...changes, attributes },
      });
      assert.equal(outcome, "done");
      const row = await store.findById(id);
      assert.ok(row !== undefined);
      assert.deepEqual(
        [row.state, row.updatedAt, row.attempts, row.nextAttemptAt, row.acknowledgedAt, row.attributes],
        ["awaiting-acknowledgement", 3000, 3, 4000, 2500, attributes],
      );
      assert.deepEqual([row.deadline, row.errorCode, row.leaseOwner, row.leaseUntil], Array(4).fill(undefined));
      assert.deepEqual((await store.history(id)).at(-1), {
        at: 3000,
        state: "awaiting-acknowledgement",
        code: "acknowledgement-missing",
      });
    });

    it("keeps the lease when asked to, but not that of a finished message", async () => {
      const id = await acceptOne(store, outbound());
      await claimIds(store, { owner: "one" });
      const common = { id, at: 2000, owner: "one", keepLease: true } as const;
      await store.transition({ ...common, from: ["queued"], to: "sending" });
      assert.equal((await store.findById(id))?.leaseOwner, "one");
      await store.transition({ ...common, from: ["sending"], to: "completed" });
      assert.equal((await store.findById(id))?.leaseOwner, undefined);
    });

    it("says why nothing was done, and does nothing", async () => {
      const id = await acceptOne(store, outbound());
      await claimIds(store, { owner: "one" });
      const before = [await store.findById(id), await store.history(id)];
      assert.equal(await move(noSuchId, "queued", "sending"), "unknown");
      assert.equal(await move(id, "held", "sending"), "not-in-state");
      const stolen = await store.transition({ id, from: ["queued"], to: "sending", at: 2000, owner: "two" });
      assert.equal(stolen, "lease-lost");
      assert.deepEqual([await store.findById(id), await store.history(id)], before);
    });

    it("never makes a finished message unfinished, but lets one end become another", async () => {
      const id = await acceptOne(store, outbound({ state: "expired" }));
      assert.equal(await move(id, "expired", "queued"), "not-in-state");
      assert.equal(await move(id, "expired", "completed"), "done");
    });

    it("is done once when many try it at once", async () => {
      const id = await acceptOne(store, outbound());
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => move(id, "queued", "sending")));
      assert.deepEqual(outcomes.sort(), ["done", ...Array<string>(5).fill("not-in-state")]);
      assert.equal((await store.history(id)).length, 2);
    });
  });

  describe("what a person does", () => {
    it("stands in the history with the person's name", async () => {
      const id = await acceptOne(store, outbound({ state: "held", errorCode: "STORE_KEY_UNKNOWN", by: "anna" }));
      const released = { id, from: ["held"], to: "queued", at: 7, code: "released", by: "ben" } as const;
      assert.equal(await store.transition(released), "done");
      assert.deepEqual(await store.history(id), [
        { at: 1000, state: "held", code: "STORE_KEY_UNKNOWN", by: "anna" },
        { at: 7, state: "queued", code: "released", by: "ben" },
      ]);
    });

    it("to a dead letter is done once, and changes nothing else of it", async () => {
      const id = await acceptOne(store, outbound({ state: "failed", errorCode: "CPIS_TIMEOUT" }));
      const before = await store.findById(id);
      const acts = ["anna", "ben", "cleo"].map((by) => store.dealWith({ id, states: ["failed"], at: 5, by }));
      assert.deepEqual((await Promise.all(acts)).sort(), ["already-done", "already-done", "done"]);
      assert.deepEqual(await store.findById(id), { ...before, dealtWithAt: 5 });
      const [, line, ...more] = await store.history(id);
      assert.deepEqual([line?.state, line?.code, more], ["failed", "dealt-with", []]);
    });

    it("is refused where there is nothing to deal with", async () => {
      const id = await acceptOne(store, outbound());
      assert.equal(await store.dealWith({ id, states: ["failed"], at: 5, by: "anna" }), "not-in-state");
      assert.equal(await store.dealWith({ id: noSuchId, states: ["failed"], at: 5, by: "anna" }), "unknown");
      assert.equal((await store.findById(id))?.dealtWithAt, undefined);
    });
  });

  describe("a listener", () => {
    /** Events come in order, so once that of a marker is heard there are no more before it. */
    async function passMarker(): Promise<void> {
      const heard = new Promise<void>((resolve) => {
        const end = store.subscribe((event) => {
          if (event.kind !== "work" || event.channel !== "marker") return;
          end();
          resolve();
        });
      });
      await acceptOne(store, outbound({ channel: "marker" }));
      await heard;
    }

    async function eventsOf(act: () => Promise<unknown>): Promise<readonly StoreEvent[]> {
      const events: StoreEvent[] = [];
      await passMarker();
      const end = store.subscribe((event) => events.push(event));
      await act();
      await passMarker();
      end();
      return events.filter((event) => event.kind === "resumed" || event.channel !== "marker");
    }

    const work = { kind: "work", channel: "transport", direction: "outbound" } as const;

    it("hears of new work in both directions", async () => {
      assert.deepEqual(await eventsOf(() => acceptOne(store, outbound())), [work]);
      assert.deepEqual(await eventsOf(() => acceptNew(store, inbound())), [{ ...work, direction: "inbound" }]);
    });

    it("hears of work that has become free: released, unblocked, let go by a person", async () => {
      const [first, second] = await store.acceptOutbound([1, 2].map(() => outbound({ isOrdered: true })));
      await claimIds(store, { owner: "one" });
      assert.deepEqual(await eventsOf(() => store.releaseLease({ id: first!, owner: "one" })), [work]);
      assert.deepEqual(await eventsOf(() => move(first!, "queued", "completed")), [work]);
      await move(second!, "queued", "held");
      assert.deepEqual(await eventsOf(() => move(second!, "held", "queued")), [work]);
    });

    it("hears which message was answered", async () => {
      const message = outbound({ state: "awaiting-response" });
      const id = await acceptOne(store, message);
      const events = await eventsOf(() => acceptNew(store, inbound({ answers: { id } })));
      const { channel, messageId } = message;
      assert.deepEqual(
        events.filter(({ kind }) => kind === "answered"),
        [{ kind: "answered", channel, messageId, id }],
      );
    });

    it("hears nothing of what was not done", async () => {
      const known = outbound();
      const id = await acceptOne(store, known);
      const events = await eventsOf(async () => {
        await assert.rejects(store.acceptOutbound([outbound(), known]));
        await move(id, "held", "queued");
      });
      assert.deepEqual(events, []);
    });
  });
}
