// What every message store promises of its audit: one chain, never changed, never removed, nobody named.
import assert from "node:assert/strict";
import { auditHash, firstAuditHash, type NewAuditEntry } from "../../../lib/store/audit-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptOne, createTestProtection, outbound, type StorePlace } from "../../support/store/sample-messages.js";

const asked: NewAuditEntry = {
  at: 1000,
  event: "query-asked",
  userId: "555021935107",
  roleProfileId: "555021937108",
  role: "S8000:G8000:R8001",
  organisation: "RX1",
  subject: "9912003888",
  interaction: "QUPA_IN000006GB01",
  messageId: "M-1",
  conversationId: "C-1",
  applicationId: "A-1",
};

export function describeAuditing(createPlace: () => Promise<StorePlace>): void {
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

  describe("auditing", () => {
    it("keeps who asked, when and with which ids, and only a keyed hash of whom it was about", async () => {
      assert.equal(await store.appendAudit(asked), 1);
      const [entry] = await store.readAudit(0, 10);
      const { subject, ...rest } = asked;
      const subjectHash = createTestProtection().hash(subject ?? "");
      assert.deepEqual(
        { ...entry, hash: "" },
        { ...rest, number: 1, subjectHash, previousHash: firstAuditHash, hash: "", isSealed: true },
      );
      assert.equal(JSON.stringify(entry).includes("9912003888"), false);
    });

    it("finds a subject in the audit by the hash under which its messages are stored", async () => {
      await store.appendAudit(asked);
      const id = await acceptOne(store, outbound({ subject: "9912003888" }));
      const [entry] = await store.readAudit(0, 1);
      assert.equal(entry?.subjectHash, (await store.findById(id))?.subjectHash);
    });

    it("keeps the outcome of a query with its message, and of a query that was never stored nowhere else", async () => {
      const id = await acceptOne(store, outbound({ messageId: "M-1" }));
      await store.appendAudit(asked);
      assert.equal((await store.findById(id))?.outcome, undefined);
      await store.appendAudit({ ...asked, event: "query-ended", outcome: "failed", code: "CPIS_APPLICATION_ERROR" });
      await store.appendAudit({ ...asked, event: "query-ended", outcome: "found", messageId: "M-2" });
      const row = await store.findById(id);
      assert.deepEqual([row?.outcome, row?.outcomeCode], ["failed", "CPIS_APPLICATION_ERROR"]);
    });

    it("binds each entry to the one before, also of many that are written at the same time", async () => {
      const numbers = await Promise.all(Array.from({ length: 40 }, (_, at) => store.appendAudit({ ...asked, at })));
      const entries = await store.readAudit(0, 100);
      assert.deepEqual(
        [...numbers].sort((one, other) => one - other),
        entries.map(({ number }) => number),
      );
      let previousHash = firstAuditHash;
      for (const [index, entry] of entries.entries()) {
        const { hash, isSealed, ...content } = entry;
        assert.deepEqual([entry.number, entry.previousHash, isSealed], [index + 1, previousHash, true]);
        assert.equal(hash, auditHash(content));
        previousHash = hash;
      }
    });

    it("gives entries in pages, in order", async () => {
      for (let at = 1; at <= 5; at += 1) await store.appendAudit({ ...asked, at });
      const times = async (after: number): Promise<readonly number[]> =>
        (await store.readAudit(after, 2)).map(({ at }) => at);
      assert.deepEqual([await times(0), await times(2), await times(4), await times(5)], [[1, 2], [3, 4], [5], []]);
    });

    it("keeps an entry whose texts are long, cut, and one with nothing but its event", async () => {
      await store.appendAudit({ at: 1, event: "query-refused", userId: "u".repeat(1000), role: "" });
      await store.appendAudit({ at: 2, event: "query-ended", concerns: 1, outcome: "failed", code: "CPIS_TIMEOUT" });
      const [first, second] = await store.readAudit(0, 10);
      assert.deepEqual([first?.userId?.length, first?.role], [250, undefined]);
      assert.deepEqual([second?.concerns, second?.outcome, second?.code], [1, "failed", "CPIS_TIMEOUT"]);
    });

    it("shows an entry that was sealed with another secret as not sealed", async () => {
      await store.appendAudit(asked);
      await store.close();
      const protection = createTestProtection();
      store = await place.open({
        protection: { ...protection, hash: (subject) => `other ${protection.hash(subject)}` },
      });
      assert.deepEqual(
        (await store.readAudit(0, 10)).map(({ isSealed }) => isSealed),
        [false],
      );
    });

    it("goes on with its chain after it was opened anew, and no retention ends it", async () => {
      await store.appendAudit(asked);
      await store.close();
      store = await place.open();
      const states = ["completed", "failed", "expired", "confirmed", "rejected"] as const;
      await store.prune(
        states.map((state) => ({ state, keepMilliseconds: 0 })),
        Number.MAX_SAFE_INTEGER,
        1000,
      );
      assert.equal(await store.appendAudit(asked), 2);
      const entries = await store.readAudit(0, 10);
      assert.equal(entries[1]?.previousHash, entries[0]?.hash);
    });
  });
}
