// What every message store promises of its numbers: exact up to a limit, and of the span that was asked for.
import assert from "node:assert/strict";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../support/store/sample-messages.js";

export function describeMeasuring(createPlace: () => Promise<StorePlace>): void {
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

  describe("measuring", () => {
    it("counts what was accepted in a span, by state if asked, and no further than the limit", async () => {
      for (const acceptedAt of [100, 199, 200, 201]) await acceptOne(store, outbound({ acceptedAt }));
      await acceptNew(store, inbound({ acceptedAt: 150, state: "rejected" }));
      const span = { from: 100, before: 200 };
      assert.equal(await store.countAccepted(span, undefined, 100), 3);
      assert.equal(await store.countAccepted(span, "queued", 100), 2);
      assert.equal(await store.countAccepted(span, "failed", 100), 0);
      assert.equal(await store.countAccepted({ from: 0, before: 1000 }, undefined, 4), 4);
    });

    it("counts what is not finished by state, messages that wait for earlier ones included", async () => {
      for (const acceptedAt of [300, 310]) await acceptOne(store, outbound({ acceptedAt, isOrdered: true }));
      await acceptOne(store, outbound({ acceptedAt: 320 }));
      await acceptOne(store, outbound({ acceptedAt: 100, state: "held" }));
      await acceptOne(store, outbound({ acceptedAt: 50, state: "failed" }));
      await acceptNew(store, inbound({ acceptedAt: 200, state: "delivered" }));
      const totals = new Map<string, readonly [number, number]>();
      for (const { direction, state, count, oldestAt } of await store.countUnfinished()) {
        const [known, oldest] = totals.get(`${direction} ${state}`) ?? [0, oldestAt];
        totals.set(`${direction} ${state}`, [known + count, Math.min(oldest, oldestAt)]);
      }
      assert.deepEqual(
        totals,
        new Map([
          ["outbound queued", [3, 300]],
          ["outbound held", [1, 100]],
          ["inbound delivered", [1, 200]],
        ]),
      );
    });

    it("counts dead letters until a person has dealt with them", async () => {
      const failed = { state: "failed", errorCode: "X", interaction: "Q" } as const;
      const id = await acceptOne(store, outbound(failed));
      await acceptOne(store, outbound(failed));
      await acceptOne(store, outbound({ state: "expired", interaction: "R", channel: "other" }));
      await acceptNew(store, inbound({ state: "rejected" }));
      const counts = async (): Promise<readonly string[]> =>
        (await store.countDeadLetters())
          .map(({ channel, interaction, count }) => `${channel} ${interaction} ${count}`)
          .sort();
      assert.deepEqual(await counts(), ["other R 1", "transport Q 2"]);
      await store.dealWith({ id, states: ["failed"], at: 5, by: "ann" });
      assert.deepEqual(await counts(), ["other R 1", "transport Q 1"]);
    });

    it("counts each error code of a span", async () => {
      for (const errorCode of ["B", "A", "B", "C"]) await acceptOne(store, outbound({ acceptedAt: 150, errorCode }));
      await acceptOne(store, outbound({ acceptedAt: 500, errorCode: "D" }));
      await acceptOne(store, outbound({ acceptedAt: 150 }));
      const span = { from: 100, before: 200 };
      const byCode = async (limit: number): Promise<unknown> =>
        [...(await store.countErrors(span, limit))].sort((one, other) => one.code.localeCompare(other.code));
      const counts = { A: 1, B: 2, C: 1 };
      assert.deepEqual(
        await byCode(10),
        Object.entries(counts).map(([code, count]) => ({ code, count })),
      );
      assert.deepEqual(
        await byCode(1),
        ["A", "B", "C"].map((code) => ({ code, count: 1 })),
      );
    });

    it("counts each outcome of a span, and under its code what failed in the words of the business", async () => {
      const span = { from: 100, before: 200 };
      const ended = async (outcome: string, outcomeCode?: string, at = 150): Promise<void> => {
        const id = await acceptOne(store, outbound({ acceptedAt: at, state: "failed", errorCode: "EBXML_X" }));
        const changes = { outcome: outcomeCode === undefined ? { outcome } : { outcome, outcomeCode } };
        await store.transition({ id, from: ["failed"], to: "failed", at, changes });
      };
      await ended("failed", "CPIS_TIMEOUT");
      await ended("failed", "CPIS_TIMEOUT");
      await ended("found");
      await ended("failed", "CPIS_TIMEOUT", 500);
      assert.equal(await store.countFailed(span, 10), 3);
      assert.equal(await store.countFailed(span, 2), 2);
      const outcomes = [...(await store.countOutcomes(span, 10))].sort((one, other) => one.count - other.count);
      assert.deepEqual(outcomes, [
        { outcome: "found", count: 1 },
        { outcome: "failed", count: 2 },
      ]);
      const errors = [...(await store.countErrors(span, 10))].sort((one, other) => one.count - other.count);
      assert.deepEqual(errors, [
        { code: "EBXML_X", count: 1 },
        { code: "CPIS_TIMEOUT", count: 2 },
      ]);
    });

    it("gives the times of the newest messages of each interaction", async () => {
      const question = await acceptOne(store, outbound({ acceptedAt: 110, interaction: "Q" }));
      await store.transition({
        id: question,
        from: ["queued"],
        to: "awaiting-response",
        at: 115,
        changes: { acknowledgedAt: 115 },
      });
      await acceptNew(store, inbound({ acceptedAt: 130, interaction: "A", answers: { id: question } }));
      await acceptOne(store, outbound({ acceptedAt: 101, interaction: "Q" }));
      await acceptOne(store, outbound({ acceptedAt: 99, interaction: "Q" }));
      const span = { from: 100, before: 200 };
      const answered = { direction: "outbound", createdAt: 110, acknowledgedAt: 115, answeredAt: 130 };
      assert.deepEqual(await store.readTimes(span, 10), [
        { interaction: "A", messages: [{ direction: "inbound", createdAt: 130 }] },
        { interaction: "Q", messages: [answered, { direction: "outbound", createdAt: 101 }] },
      ]);
      assert.deepEqual((await store.readTimes(span, 1))[1]?.messages, [answered]);
    });
  });
}
