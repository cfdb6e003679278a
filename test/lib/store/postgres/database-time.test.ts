// Holds instances whose clocks are wrong, and differ, to the one time of their database.
import assert from "node:assert/strict";
import type { ClockReport } from "../../../../lib/store/postgres/database-time.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";
import { acceptNew, acceptOne, claimIds, inbound, outbound } from "../../../support/store/sample-messages.js";

/** A program's clock that is wrong, and that somebody sets. */
interface WrongClock {
  ahead: number;
  now(): number;
}

function wrongClock(ahead: number): WrongClock {
  const clock = { ahead, now: () => Date.now() + clock.ahead };
  return clock;
}

describe("instances whose clocks differ, on one PostgreSQL", () => {
  let server: PostgresServer;
  let schema: string;
  let stores: MessageStore[];

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  beforeEach(() => {
    schema = server.newSchema();
    stores = [];
  });

  afterEach(() => Promise.all(stores.map((store) => store.close())));

  async function open(clock: WrongClock, owner: string, reports: ClockReport[] = []): Promise<MessageStore> {
    const store = await server.openStore(schema, {
      now: () => clock.now(),
      owner,
      clockMeasured: (report) => reports.push(report),
    });
    stores.push(store);
    return store;
  }

  const soon = { leaseMilliseconds: 60_000 };

  it("leave a lease alone until the database says that it has ended, though one of them is far ahead", async () => {
    const [true_, ahead] = [wrongClock(0), wrongClock(8000)];
    const asker = await open(true_, "asker");
    const other = await open(ahead, "other");
    // A query of five seconds, with its lease, as its asker writes it down.
    const until = true_.now() + 5000;
    const id = await acceptOne(
      asker,
      outbound({ acceptedAt: true_.now(), deadline: until, lease: { owner: "asker", until } }),
    );
    assert.deepEqual(await claimIds(other, { ...soon, owner: "other", now: ahead.now() }), []);
    const dueAt = await other.nextDueAt({ channel: "transport", direction: "outbound", states: ["queued"] });
    assert.ok(dueAt !== undefined && dueAt > ahead.now() + 3000, "it is due in the other's own time when it is due");
    const { deadline } = (await other.findById(id)) ?? {};
    assert.ok(deadline !== undefined && Math.abs(deadline - until - 8000) < 1000);
  });

  it("find work due at the same moment, though one of them is far behind", async () => {
    const [true_, behind] = [wrongClock(0), wrongClock(-9000)];
    const asker = await open(true_, "asker");
    const other = await open(behind, "other");
    const id = await acceptOne(asker, outbound({ acceptedAt: true_.now() - 500 }));
    assert.deepEqual(await claimIds(other, { ...soon, owner: "other", now: behind.now() }), [id]);
    // And its lease is not over for the one whose clock is later.
    assert.deepEqual(await claimIds(asker, { ...soon, owner: "asker", now: true_.now() }), []);
  });

  it("keep what was agreed while a clock is set in the middle", async () => {
    const clock = wrongClock(0);
    const store = await open(clock, "one");
    const other = await open(wrongClock(0), "two");
    const start = clock.now();
    const lease = { owner: "one", until: start + 10_000 };
    const id = await acceptOne(store, outbound({ acceptedAt: start, deadline: start + 30_000, lease }));
    clock.ahead = 20_000;
    const read = await store.findById(id);
    const left = (read?.deadline ?? 0) - clock.now();
    assert.ok(left > 25_000 && left <= 30_100, `${left} ms are left`);
    assert.deepEqual(await claimIds(other, { owner: "two", now: Date.now() }), []);
    assert.equal(await store.renewLease({ id, owner: "one", until: clock.now() + 10_000 }), "done");
    const renewed = (await other.findById(id))?.leaseUntil ?? 0;
    assert.ok(Math.abs(renewed - Date.now() - 10_000) < 2000);
  });

  it("write each time as the database's, and show each as the program's own", async () => {
    const clock = wrongClock(-7000);
    const store = await open(clock, "one");
    const at = clock.now();
    const id = await acceptOne(store, outbound({ acceptedAt: at, state: "sending" }));
    const changes = { acknowledgedAt: at + 10, nextAttemptAt: at + 2000, deadline: null };
    await store.transition({ id, from: ["sending"], to: "awaiting-response", at: at + 20, changes });
    await acceptNew(store, inbound({ acceptedAt: at + 30, duplicateUntil: at + 5000, answers: { id } }));
    await store.appendAudit({ at, event: "query-asked" });
    const row = await store.findById(id);
    const own = [row?.createdAt, row?.acknowledgedAt, row?.nextAttemptAt, row?.answeredAt];
    for (const [index, offset] of [0, 10, 2000, 30].entries()) {
      assert.ok(Math.abs((own[index] ?? 0) - at - offset) < 500, `${index}`);
    }
    const stored = await server.query(
      `SELECT created_at, acknowledged_at, next_attempt_at, answered_at, (SELECT at FROM ${schema}.audit) AS audited,
        (SELECT duplicate_until FROM ${schema}.inbound_reply) AS until FROM ${schema}.message WHERE id = $1`,
      [id],
    );
    const expected = {
      created_at: 0,
      acknowledged_at: 10,
      next_attempt_at: 2000,
      answered_at: 30,
      audited: 0,
      until: 5000,
    };
    for (const [column, offset] of Object.entries(expected)) {
      assert.ok(Math.abs(Number(stored[0]?.[column]) - at - 7000 - offset) < 500, column);
    }
    const page = await store.list({ from: at - 500, before: at + 500 }, 10);
    assert.equal(page.messages.length, 2);
    const [times] = await store.readTimes({ from: at - 500, before: at + 500 }, 10);
    assert.ok(Math.abs((times?.messages[0]?.createdAt ?? 0) - at) < 600);
    assert.ok((await store.history(id)).every((entry) => Math.abs(entry.at - at) < 600));
  });

  it("take no work of others while they are off by more than ten seconds, and say so; their own is stored", async () => {
    const clock = wrongClock(11_000);
    const store = await open(clock, "one");
    const id = await acceptOne(store, outbound({ acceptedAt: clock.now() }));
    await assert.rejects(claimIds(store, { ...soon, now: clock.now() }), {
      code: "STORE_CLOCK_SKEW",
      detail: "11 s ahead of the database's",
    });
    clock.ahead = -12_000;
    await assert.rejects(claimIds(store, { ...soon, now: clock.now() }), {
      code: "STORE_CLOCK_SKEW",
      detail: "12 s behind the database's",
    });
    clock.ahead = 9000;
    assert.deepEqual(await claimIds(store, { ...soon, now: clock.now() }), [id]);
  });

  it("measure how far they are from the database and from each other", async () => {
    const reports: ClockReport[] = [];
    await open(wrongClock(1500), "ahead");
    // The comparison of the first has been noted before that of the second is looked at.
    for (;;) {
      const rows = await server.query(`SELECT skew FROM ${schema}.instance WHERE owner = 'ahead'`);
      if (rows.length > 0) break;
    }
    const told = Promise.withResolvers<ClockReport>();
    const store = await server.openStore(schema, {
      now: () => Date.now() - 1500,
      owner: "behind",
      clockMeasured: (report) => told.resolve(report),
    });
    stores.push(store);
    const { skewMilliseconds, spreadMilliseconds } = await told.promise;
    assert.ok(Math.abs(skewMilliseconds + 1500) < 400, `${skewMilliseconds}`);
    assert.ok(Math.abs(spreadMilliseconds - 3000) < 800, `${spreadMilliseconds}`);
    assert.equal(reports.length, 0);
  });

  it("give a lease to one of them, whatever their clocks say, and to the next when it has died", async () => {
    const ahead = await open(wrongClock(9000), "ahead");
    const behind = await open(wrongClock(-9000), "behind");
    const ask = (store: MessageStore, owner: string, now: number, milliseconds: number): Promise<boolean> =>
      store.holdLease({ name: "upkeep", owner, milliseconds, now });
    assert.equal(await ask(behind, "behind", Date.now() - 9000, 300), true);
    const taken: boolean[] = [];
    // Nobody renews it: it is the other's once it has run out, and not before.
    const start = performance.now();
    while (taken.at(-1) !== true) taken.push(await ask(ahead, "ahead", Date.now() + 9000, 60_000));
    assert.ok(performance.now() - start >= 250, "not before");
    assert.equal(await ask(behind, "behind", Date.now() - 9000, 300), false);
    await ahead.endLease({ name: "upkeep", owner: "ahead" });
    assert.equal(await ask(behind, "behind", Date.now(), 300), true);
  });
});
