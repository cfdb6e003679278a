// What one of several instances does is done by one, and by the next when that one has died. On a real PostgreSQL.
import assert from "node:assert/strict";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { createLeadership, type Leadership } from "../../../../nodes/adapter/stores/leadership.js";
import { startStoreUpkeep } from "../../../../nodes/adapter/stores/store-upkeep.js";
import { createManualTimer, type ManualTimer } from "../../../support/nodes/adapter/manual-timer.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";
import { acceptOne, outbound } from "../../../support/store/sample-messages.js";

interface Instance {
  readonly store: MessageStore;
  readonly leadership: Leadership;
  readonly timer: ManualTimer;
  /** What one of its upkeep's passes asked the store for. */
  readonly pruned: number[];
  pass(): Promise<void>;
}

describe("instances that share a message store", () => {
  let server: PostgresServer;
  let schema: string;
  let instances: Instance[];

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.close());
  beforeEach(() => {
    schema = server.newSchema();
    instances = [];
  });
  afterEach(() => Promise.all(instances.map(({ store }) => store.close())));

  async function start(owner: string, leaseMilliseconds: number): Promise<Instance> {
    const store = await server.openStore(schema, { now: () => Date.now(), owner });
    const timer = createManualTimer();
    const now = (): number => Date.now();
    const leadership = createLeadership(store, { owner, now, leaseMilliseconds, after: timer.after });
    const pruned: number[] = [];
    const upkeepTimer = createManualTimer();
    const counted: MessageStore = {
      ...store,
      prune: async (rules, at, limit) => {
        const outcome = await store.prune(rules, at, limit);
        pruned.push(outcome.count);
        return outcome;
      },
    };
    const upkeep = startStoreUpkeep(counted, {
      retention: [{ state: "completed", keepMilliseconds: 0 }],
      isLeader: () => leadership.isLeader(),
      now,
      warn: (text) => assert.fail(text),
      info: () => undefined,
      after: upkeepTimer.after,
    });
    const settled = async (): Promise<void> => {
      // A pass is under way until it has set its next timer.
      while (!upkeepTimer.isSet()) await new Promise((resolve) => setImmediate(resolve));
    };
    const instance: Instance = {
      store,
      leadership,
      timer,
      pruned,
      async pass(): Promise<void> {
        await upkeepTimer.goOff();
        await settled();
      },
    };
    instances.push({ ...instance, store: { ...store, close: () => upkeep.stop().then(() => store.close()) } });
    while (!timer.isSet()) await new Promise((resolve) => setImmediate(resolve));
    return instance;
  }

  async function renew({ timer }: Instance): Promise<void> {
    await timer.goOff();
    while (!timer.isSet()) await new Promise((resolve) => setImmediate(resolve));
  }

  it("have one leader, and another one at once when it has stopped", async () => {
    const one = await start("one", 60_000);
    const two = await start("two", 60_000);
    assert.deepEqual([one.leadership.isLeader(), two.leadership.isLeader()], [true, false]);
    await renew(two);
    await renew(one);
    assert.deepEqual([one.leadership.isLeader(), two.leadership.isLeader()], [true, false]);
    await one.leadership.stop();
    await renew(two);
    assert.deepEqual([one.leadership.isLeader(), two.leadership.isLeader()], [false, true]);
    await two.leadership.stop();
  });

  it("have their retention done by the leader alone, and by the next when it has died without a word", async () => {
    const one = await start("one", 1500);
    const two = await start("two", 1500);
    await acceptOne(one.store, outbound({ state: "completed", acceptedAt: Date.now() - 5000 }));
    await renew(one);
    await one.pass();
    await one.pass();
    await two.pass();
    await two.pass();
    assert.deepEqual([one.pruned, two.pruned], [[1], []]);
    await acceptOne(one.store, outbound({ state: "completed", acceptedAt: Date.now() - 5000 }));
    // Its timer goes off no more: it is dead, and its lease runs out.
    while (!two.leadership.isLeader()) await renew(two);
    assert.equal(one.leadership.isLeader(), false, "never two at once");
    await two.pass();
    await two.pass();
    assert.deepEqual(two.pruned, [1]);
  });
});
