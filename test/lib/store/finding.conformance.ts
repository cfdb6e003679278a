// What every message store promises of finding, numbering, retention and its own life.
import assert from "node:assert/strict";
import type { MessageStore, PagePosition, RetentionRule } from "../../../lib/store/message-store.js";
import type { MessageOutcome, MessageRowId } from "../../../lib/store/message-model.js";
import {
  acceptNew,
  acceptOne,
  createTestProtection,
  inbound,
  noSuchId,
  outbound,
  type StorePlace,
} from "../../support/store/sample-messages.js";

async function keepOutcome(store: MessageStore, id: MessageRowId, outcome: MessageOutcome): Promise<void> {
  await store.transition({ id, from: ["queued"], to: "queued", at: 1, changes: { outcome } });
}

export function describeFinding(createPlace: () => Promise<StorePlace>): void {
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

  async function reopen(settings: Parameters<StorePlace["open"]>[0]): Promise<void> {
    await store.close();
    store = await place.open(settings);
  }

  describe("finding", () => {
    it("finds by id, by message id in any case, and by conversation", async () => {
      const question = outbound({ conversationId: "C" });
      const id = await acceptOne(store, question);
      const answerId = await acceptNew(store, inbound({ conversationId: "C", messageId: question.messageId }));
      assert.equal((await store.findByMessageId("outbound", question.messageId.toLowerCase()))?.id, id);
      assert.equal((await store.findByMessageId("inbound", question.messageId))?.id, answerId);
      assert.deepEqual(
        (await store.findByConversation("C")).map((row) => row.id),
        [id, answerId],
      );
    });

    it("says plainly what it does not have", async () => {
      assert.equal(await store.findById(noSuchId), undefined);
      assert.equal(await store.findByMessageId("outbound", "X"), undefined);
      assert.deepEqual(await store.findByConversation("X"), []);
      assert.deepEqual(await store.readContent(noSuchId), { kind: "unknown" });
      assert.deepEqual(await store.history(noSuchId), []);
      assert.deepEqual(await store.list({}, 10), { messages: [] });
    });

    it("lists by every filter and by their combinations, newest first", async () => {
      const about = { subject: "9449305552", acceptedAt: 100 };
      const a = await acceptOne(store, outbound({ ...about, state: "failed", errorCode: "CPIS_TIMEOUT" }));
      const b = await acceptOne(store, outbound({ acceptedAt: 200, interaction: "OTHER", channel: "second" }));
      const c = await acceptNew(store, inbound({ ...about, acceptedAt: 300 }));
      const d = await acceptOne(store, outbound({ acceptedAt: 300, subject: "9449305560" }));
      await keepOutcome(store, b, { outcome: "found" });
      await keepOutcome(store, d, { outcome: "failed", outcomeCode: "CPIS_APPLICATION_ERROR" });
      const cases: readonly (readonly [Parameters<MessageStore["list"]>[0], readonly MessageRowId[]])[] = [
        [{}, [d, c, b, a]],
        [{ from: 200 }, [d, c, b]],
        [{ from: 200, before: 300 }, [b]],
        [{ direction: "outbound" }, [d, b, a]],
        [{ direction: "inbound" }, [c]],
        [{ states: ["queued", "failed"] }, [d, b, a]],
        [{ states: ["received"], direction: "outbound" }, []],
        [{ states: ["received", "failed"], direction: "outbound" }, [a]],
        [{ states: [] }, []],
        [{ interaction: "OTHER" }, [b]],
        [{ channel: "second" }, [b]],
        [{ channel: "transport" }, [d, c, a]],
        [{ channel: "transport", states: ["received", "queued"] }, [d, c]],
        [{ errorCode: "CPIS_TIMEOUT" }, [a]],
        [{ outcomes: ["found"] }, [b]],
        [{ outcomes: ["failed"] }, [d, a]],
        [{ outcomes: ["failed", "found"] }, [d, b, a]],
        [{ outcomes: ["failed"], errorCode: "CPIS_APPLICATION_ERROR" }, [d]],
        [{ outcomes: ["failed"], direction: "outbound", states: ["failed"] }, [a]],
        [{ errorCode: "CPIS_APPLICATION_ERROR" }, [d]],
        [{ errorCode: "CPIS_APPLICATION_ERROR", subject: "9449305560" }, [d]],
        [{ errorCode: "CPIS_APPLICATION_ERROR", subject: "9449305552" }, []],
        [{ subject: "9449305552" }, [c, a]],
        [{ subject: "9449305552", direction: "inbound" }, [c]],
        [{ subject: "9449305552", channel: "second" }, []],
        [
          { subject: "9449305552", states: ["failed"], channel: "transport", errorCode: "CPIS_TIMEOUT", before: 101 },
          [a],
        ],
      ];
      for (const [filter, expected] of cases) {
        const { messages } = await store.list(filter, 10);
        assert.deepEqual(
          messages.map(({ id }) => id),
          expected,
          JSON.stringify(filter),
        );
      }
    });

    it("gives every message once over all pages, also those of one millisecond", async () => {
      const times = [5, 5, 5, 7, 7, 1, 9];
      const ids = await store.acceptOutbound(times.map((acceptedAt) => outbound({ acceptedAt })));
      for (const filter of [{}, { channel: "transport" }, { direction: "outbound" }] as const) {
        const seen: MessageRowId[] = [];
        let after: PagePosition | undefined;
        do {
          const page = await store.list(filter, 2, after);
          seen.push(...page.messages.map(({ id }) => id));
          after = page.next;
        } while (after !== undefined && seen.length < 20);
        assert.deepEqual(
          [...seen].sort((one, other) => one - other),
          ids,
        );
      }
    });

    it("counts by channel and state, following transitions and removals", async () => {
      const [first] = await store.acceptOutbound([outbound(), outbound(), outbound({ channel: "second" })]);
      await store.transition({ id: first!, from: ["queued"], to: "failed", at: 2000 });
      const counts = async (): Promise<readonly string[]> =>
        (await store.countByState()).map(({ channel, state, count }) => `${channel} ${state} ${count}`).sort();
      assert.deepEqual(await counts(), ["second queued 1", "transport failed 1", "transport queued 1"]);
      await store.prune([{ state: "failed", keepMilliseconds: 0 }], 3000, 10);
      assert.deepEqual(await counts(), ["second queued 1", "transport queued 1"]);
    });

    it("gives the oldest unfinished message of each channel and direction", async () => {
      await store.acceptOutbound([
        outbound({ acceptedAt: 50, state: "completed" }),
        outbound({ acceptedAt: 100, state: "held" }),
        outbound({ acceptedAt: 90, channel: "second" }),
        outbound({ acceptedAt: 200 }),
      ]);
      await acceptNew(store, inbound({ acceptedAt: 70 }));
      const oldest = (await store.oldestUnfinished()).map(({ channel, direction, createdAt }) => [
        channel,
        direction,
        createdAt,
      ]);
      assert.deepEqual(oldest.sort(), [
        ["second", "outbound", 90],
        ["transport", "inbound", 70],
        ["transport", "outbound", 100],
      ]);
    });
  });

  describe("owners", () => {
    it("are counted with what they have to do, by channel and by the name that is their own", async () => {
      await store.acceptOutbound([
        outbound({ acceptedAt: 50, state: "completed", fromParty: "ONE" }),
        outbound({ acceptedAt: 100, fromParty: "ONE" }),
        outbound({ acceptedAt: 90, fromParty: "ONE", isOrdered: true, destination: "d" }),
        outbound({ acceptedAt: 95, fromParty: "ONE", isOrdered: true, destination: "d" }),
        outbound({ acceptedAt: 80, fromParty: "TWO", channel: "second" }),
      ]);
      await acceptNew(store, inbound({ acceptedAt: 70, fromParty: "CPIS", toParty: "ONE" }));
      const owners = [...(await store.countOwners())].sort((one, other) => one.count - other.count);
      assert.deepEqual(owners, [
        { channel: "second", party: "TWO", count: 1, oldestAt: 80 },
        { channel: "transport", party: "ONE", count: 4, oldestAt: 70 },
      ]);
    });

    it("give their messages to another channel, batch by batch, and keep those of another name", async () => {
      const ids = await store.acceptOutbound([
        outbound({ fromParty: "ONE" }),
        outbound({ fromParty: "ONE" }),
        outbound({ fromParty: "TWO" }),
        outbound({ fromParty: "ONE", state: "completed" }),
      ]);
      const given = { from: "transport", to: "mesh ONE", party: "ONE", limit: 1 } as const;
      assert.deepEqual(await store.reassign({ ...given, isFinished: false }), { count: 1, hasMore: true });
      assert.deepEqual(await store.reassign({ ...given, isFinished: false, limit: 9 }), { count: 1, hasMore: false });
      assert.deepEqual(await store.reassign({ ...given, isFinished: true, limit: 9 }), { count: 1, hasMore: false });
      const channels = await Promise.all(ids.map(async (id) => (await store.findById(id))?.channel));
      assert.deepEqual(channels, ["mesh ONE", "mesh ONE", "transport", "mesh ONE"]);
      const claim = { direction: "outbound", states: ["queued"], owner: "o", leaseMilliseconds: 1 } as const;
      const claimed = await store.claim({ ...claim, channel: "mesh ONE", limit: 9, now: 10_000_000_000_000 });
      assert.equal(claimed.length, 2);
    });
  });

  describe("numbers", () => {
    it("are given once each, by name, also to many at once and after a restart", async () => {
      const numbers = await Promise.all(Array.from({ length: 20 }, () => store.nextNumber("upload")));
      assert.equal(new Set(numbers).size, 20);
      assert.equal(await store.nextNumber("another"), 1);
      await reopen({});
      assert.ok((await store.nextNumber("upload")) > Math.max(...numbers));
    });

    it("takes a number of the caller's own only when it is higher than all before", async () => {
      assert.equal(await store.lastNumber("own"), 0);
      assert.equal(await store.takeNumber("own", 41), true);
      assert.equal(await store.nextNumber("own"), 42);
      assert.deepEqual([await store.takeNumber("own", 42), await store.takeNumber("own", 7)], [false, false]);
      assert.equal(await store.takeNumber("own", 100), true);
      assert.equal(await store.lastNumber("own"), 100);
      const taken = await Promise.all(Array.from({ length: 10 }, () => store.takeNumber("own", 200)));
      assert.equal(taken.filter(Boolean).length, 1);
    });
  });

  describe("retention", () => {
    it("removes what is finished and old enough by its last transition, in batches, with content and history", async () => {
      const ids = await store.acceptOutbound([1, 2, 3, 4].map(() => outbound({ acceptedAt: 0 })));
      for (const [index, id] of ids.entries()) {
        await store.transition({ id, from: ["queued"], to: "completed", at: index === 3 ? 600 : 500 });
      }
      const rules = [{ state: "completed", keepMilliseconds: 400 }] as const;
      assert.deepEqual(await store.prune(rules, 900, 2), { count: 0, hasMore: false });
      assert.deepEqual(await store.prune(rules, 901, 2), { count: 2, hasMore: true });
      assert.deepEqual(await store.prune(rules, 901, 2), { count: 1, hasMore: false });
      assert.deepEqual(await store.readContent(ids[0]!), { kind: "unknown" });
      assert.deepEqual(await store.history(ids[0]!), []);
      assert.equal((await store.findById(ids[3]!))?.state, "completed");
    });

    it("never touches unfinished work, nor states without a rule", async () => {
      const states = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response", "held", "failed"] as const;
      const ids = await store.acceptOutbound(states.map((state) => outbound({ state, acceptedAt: 0 })));
      const inboundIds = [
        await acceptNew(store, inbound({ acceptedAt: 0 })),
        await acceptNew(store, inbound({ acceptedAt: 0, state: "delivered" })),
      ];
      const rules = (["completed", "expired", "confirmed", "rejected"] as const).map((state) => ({
        state,
        keepMilliseconds: 0,
      }));
      await store.prune(rules, 50_000, 100);
      // Not even by a rule of its own, as from another hand.
      const unfinished = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response", "held"] as const;
      const wrong = [...unfinished, "received", "delivered"].map((state) => ({ state, keepMilliseconds: 0 }));
      assert.equal((await store.prune(wrong as unknown as RetentionRule[], 50_000, 100)).count, 0);
      for (const id of [...ids, ...inboundIds]) assert.ok((await store.findById(id)) !== undefined);
    });

    it("sets aside what nobody took for long, with its code, and keeps what somebody works on or what only waits", async () => {
      const taken = await acceptNew(store, inbound({ acceptedAt: 0 }));
      const request = { channel: "transport", direction: "inbound", states: ["received"], limit: 1 } as const;
      await store.claim({ ...request, owner: "one", leaseMilliseconds: 100_000, now: 1 });
      const tried = await acceptNew(store, inbound({ acceptedAt: 0 }));
      const changes = { attempts: 1 };
      await store.transition({ id: tried, from: ["received"], to: "received", at: 1, changes });
      const ordered = { isOrdered: true, destination: "ordered" };
      const unclaimed = await acceptNew(store, inbound({ acceptedAt: 0, ...ordered }));
      const behind = await acceptNew(store, inbound({ acceptedAt: 0, ...ordered }));
      const young = await acceptNew(store, inbound({ acceptedAt: 900 }));
      const old = { acceptedBefore: 500, now: 1000, limit: 10 };
      assert.deepEqual(await store.setAsideUnclaimed(old), { count: 1, hasMore: false });
      const found = await store.findById(unclaimed);
      assert.deepEqual([found?.state, found?.errorCode], ["rejected", "STORE_UNCLAIMED"]);
      assert.deepEqual((await store.history(unclaimed)).at(-1), {
        at: 1000,
        state: "rejected",
        code: "STORE_UNCLAIMED",
      });
      for (const id of [taken, tried, behind, young]) assert.equal((await store.findById(id))?.state, "received");
      assert.deepEqual(await store.setAsideUnclaimed(old), { count: 1, hasMore: false });
      assert.equal((await store.findById(behind))?.state, "rejected", "the one before it is finished");
    });

    it("still recognises a repetition of a message that is gone, to the end of its window", async () => {
      const message = inbound({ acceptedAt: 0, state: "confirmed", duplicateUntil: 10_000 });
      const id = await acceptNew(store, message);
      await store.prune([{ state: "confirmed", keepMilliseconds: 0 }], 9999, 10);
      assert.equal(await store.findById(id), undefined);
      const again = await store.acceptInbound({ ...message, acceptedAt: 9999 });
      assert.deepEqual(again, { kind: "duplicate", reply: message.reply, isSameBody: true });
      assert.equal((await store.prune([], 10_000, 10)).count, 1);
    });
  });

  describe("metadata-only storage", () => {
    beforeEach(() => reopen({ mode: "metadata-only" }));

    it("keeps the bytes while the message is unfinished, and drops them when it is finished", async () => {
      const message = outbound();
      const id = await acceptOne(store, message);
      await store.transition({ id, from: ["queued"], to: "sending", at: 2000 });
      assert.deepEqual(await store.readContent(id), { kind: "content", bytes: message.content });
      await store.transition({ id, from: ["sending"], to: "completed", at: 2000 });
      assert.deepEqual(await store.readContent(id), { kind: "dropped" });
    });

    it("keeps and drops the context with the bytes", async () => {
      const id = await acceptOne(store, outbound({ context: Buffer.from("kept") }));
      assert.deepEqual(await store.readContext(id), Buffer.from("kept"));
      await store.transition({ id, from: ["queued"], to: "completed", at: 2000 });
      assert.equal(await store.readContext(id), undefined);
    });

    it("drops the bytes of a message that an answer finishes", async () => {
      const id = await acceptOne(store, outbound({ state: "awaiting-response" }));
      const answer = await acceptNew(store, inbound({ answers: { id }, state: "confirmed" }));
      assert.deepEqual(await store.readContent(id), { kind: "dropped" });
      assert.deepEqual(await store.readContent(answer), { kind: "dropped" });
    });

    it("keeps the reply for repetitions", async () => {
      const message = inbound({ state: "confirmed" });
      await acceptNew(store, message);
      const again = await store.acceptInbound(message);
      assert.deepEqual(again.kind === "duplicate" && again.reply, message.reply);
    });
  });

  describe("content under a new key", () => {
    it("is sealed again in batches, after which the old key is not needed", async () => {
      const messages = [outbound(), outbound({ context: Buffer.from("kept") }), outbound()];
      const ids = await store.acceptOutbound(messages);
      const known = inbound();
      await acceptNew(store, known);
      await reopen({ protection: createTestProtection("k2") });
      const batches = [await store.reseal(3), await store.reseal(3), await store.reseal(3)];
      assert.deepEqual(
        batches.map(({ count }) => count),
        [3, 2, 0],
      );
      assert.deepEqual(
        batches.map(({ hasMore }) => hasMore),
        [true, false, false],
      );
      const second = createTestProtection("k2");
      const strict = (sealed: Uint8Array, identity: string): Buffer => {
        assert.equal(Buffer.from(sealed.subarray(0, 2)).toString(), "k2");
        return second.open(sealed, identity);
      };
      await reopen({ protection: { ...second, open: strict } });
      assert.deepEqual(await store.readContent(ids[1]!), { kind: "content", bytes: messages[1]!.content });
      assert.deepEqual(await store.readContext(ids[1]!), Buffer.from("kept"));
      assert.equal(await store.readContext(ids[0]!), undefined);
      const again = await store.acceptInbound(known);
      assert.deepEqual(again.kind === "duplicate" && again.reply, known.reply);
    });
  });

  describe("the store itself", () => {
    it("is ready, and says so after a real write", async () => {
      assert.deepEqual(await store.health(), { kind: "ready" });
    });

    it("finishes what is under way when it is closed, and refuses what comes after", async () => {
      const message = outbound();
      const accepted = store.acceptOutbound([message]);
      const closed = store.close();
      const [id] = await accepted;
      await closed;
      await store.close();
      await assert.rejects(store.findById(id!), { code: "STORE_CLOSED" });
      assert.deepEqual(await store.health(), {
        kind: "unavailable",
        code: "STORE_CLOSED",
        message: "The message store is closed",
      });
      store = await place.open();
      assert.equal((await store.findById(id!))?.messageId, message.messageId);
    });
  });
}
