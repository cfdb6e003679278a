// The overview tells numbers that the store holds, and says where it tells less than all.
import assert from "node:assert/strict";
import { countLimit, readOverview, sampleLimit, type OverviewStore } from "../../../lib/services/overview.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";

const minute = 60_000;
const now = Date.UTC(2026, 10, 22, 10, 17);

describe("The overview", () => {
  let place: StorePlace;
  let store: MessageStore;

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  it("of an empty store has all its buckets, at nought", async () => {
    const { at, hour, day, queues } = await readOverview(store, now);
    assert.deepEqual([at, hour.buckets.length, day.buckets.length, queues], [now, 12, 24, []]);
    assert.ok([...hour.buckets, ...day.buckets].every(({ accepted, failed }) => accepted === 0 && failed === 0));
    assert.equal(hour.before, Date.UTC(2026, 10, 22, 10, 20));
    assert.equal(day.from, Date.UTC(2026, 10, 21, 11));
  });

  it("counts each message in the bucket of its acceptance, and those that failed again", async () => {
    await acceptOne(store, outbound({ acceptedAt: now }));
    await acceptOne(store, outbound({ acceptedAt: now - 1, state: "failed", errorCode: "EBXML_REFUSED" }));
    await acceptNew(store, inbound({ acceptedAt: now - 20 * minute, state: "rejected", errorCode: "A" }));
    await acceptOne(store, outbound({ acceptedAt: now - 20 * minute, state: "expired", errorCode: "A" }));
    await acceptOne(store, outbound({ acceptedAt: now - 70 * minute }));
    await acceptOne(store, outbound({ acceptedAt: now - 25 * 60 * minute, state: "failed", errorCode: "OLD" }));
    const { hour, day } = await readOverview(store, now);
    const filled = (buckets: typeof hour.buckets): unknown =>
      buckets.filter(({ accepted }) => accepted > 0).map(({ from, accepted, failed }) => [from, accepted, failed]);
    assert.deepEqual(filled(hour.buckets), [
      [Date.UTC(2026, 10, 22, 9, 55), 2, 2],
      [Date.UTC(2026, 10, 22, 10, 15), 2, 1],
    ]);
    assert.deepEqual(filled(day.buckets), [
      [Date.UTC(2026, 10, 22, 9), 3, 2],
      [Date.UTC(2026, 10, 22, 10), 2, 1],
    ]);
    assert.deepEqual(day.errors, [
      { code: "A", count: 2, isAtLeast: false },
      { code: "EBXML_REFUSED", count: 1, isAtLeast: false },
    ]);
  });

  it("tells percentiles of the times to acknowledgment and answer, by interaction", async () => {
    for (let number = 1; number <= 100; number += 1) {
      const id = await acceptOne(store, outbound({ acceptedAt: now - minute, interaction: "Q" }));
      const at = now - minute + number;
      await store.transition({
        id,
        from: ["queued"],
        to: "awaiting-response",
        at,
        changes: { acknowledgedAt: at },
      });
      if (number > 50) {
        await acceptNew(store, inbound({ acceptedAt: at + 1000, interaction: "R", answers: { id } }));
      }
    }
    const { hour } = await readOverview(store, now);
    assert.deepEqual(hour.latencies, [
      {
        interaction: "Q",
        direction: "outbound",
        isSampled: false,
        acknowledged: { p50: 50, p95: 95, p99: 99, samples: 100 },
        answered: { p50: 1075, p95: 1098, p99: 1100, samples: 50 },
      },
    ]);
  });

  it("tells how much waits in each channel, and since when", async () => {
    await acceptOne(store, outbound({ acceptedAt: 500, channel: "a" }));
    await acceptNew(store, inbound({ acceptedAt: 400, channel: "a" }));
    await acceptOne(store, outbound({ acceptedAt: 300, channel: "b", state: "held" }));
    await acceptOne(store, outbound({ acceptedAt: 200, channel: "c", state: "failed", errorCode: "X" }));
    const { queues } = await readOverview(store, now);
    assert.deepEqual(queues, [
      { channel: "a", waiting: 2, held: 0, oldestAt: 400 },
      { channel: "b", waiting: 0, held: 1 },
    ]);
  });

  it("says where it counted no further, and where it computed of a sample", async () => {
    const endless: OverviewStore = {
      countAccepted: (_span, _state, limit) => Promise.resolve(limit),
      countFailed: (_span, limit) => Promise.resolve(limit),
      countOutcomes: (_span, limit) => Promise.resolve([{ outcome: "found", count: limit }]),
      countErrors: (_span, limit) => Promise.resolve([{ code: "X", count: limit }]),
      readTimes: ({ from }, limit) => {
        const message = { direction: "outbound", createdAt: from, acknowledgedAt: from + 5 } as const;
        return Promise.resolve([{ interaction: "Q", messages: Array.from({ length: limit }, () => message) }]);
      },
      countUnfinished: () => Promise.resolve([]),
    };
    const { hour } = await readOverview(endless, now);
    assert.deepEqual([hour.buckets[0]?.accepted, hour.buckets[0]?.isAtLeast], [countLimit, true]);
    assert.deepEqual(hour.outcomes, [{ outcome: "found", count: countLimit, isAtLeast: true }]);
    assert.deepEqual(hour.errors, [{ code: "X", count: countLimit, isAtLeast: true }]);
    assert.deepEqual([hour.latencies[0]?.acknowledged?.samples, hour.latencies[0]?.isSampled], [sampleLimit, true]);
  });
});
