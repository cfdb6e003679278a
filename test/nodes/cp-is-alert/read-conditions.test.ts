// What each condition reads of transports and stores, and when it says that nobody knows.
import assert from "node:assert/strict";
import { CpisError } from "../../../lib/errors.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { StoreInSight } from "../../../nodes/adapter/stores/store-registry.js";
import type { TransportState } from "../../../nodes/adapter/transports/transport-state.js";
import type { IncidentKind, TransportInSight } from "../../../nodes/adapter/transports/transport-registry.js";
import type { Condition } from "../../../nodes/cp-is-alert/alert-book.js";
import type { NodeInSight } from "../../../nodes/cp-is-alert/node-states.js";
import { ConditionReader } from "../../../nodes/cp-is-alert/read-conditions.js";
import { createFailingStore, type FailingStore } from "../../support/mhs/failing-store.js";
import { acceptNew, acceptOne, inbound, outbound, type StorePlace } from "../../support/store/sample-messages.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";

const minute = 60_000;
const now = 1000 * minute;

describe("the conditions of an alert", () => {
  let place: StorePlace;
  let store: MessageStore;
  let failing: FailingStore;
  let reader: ConditionReader;
  let state: TransportState;
  let unreached: Map<string, string>;
  let upkeepFailure: string | undefined;
  let clockDifference: number | undefined;
  let incidents: Partial<Record<IncidentKind, number>>;
  let nodes: readonly NodeInSight[];
  let unowned: { readonly channel: string; readonly count: number }[];

  beforeEach(async () => {
    place = await createSqlitePlace();
    store = await place.open();
    failing = createFailingStore(store);
    reader = new ConditionReader();
    state = { kind: "listening", port: 1 };
    unreached = new Map();
    upkeepFailure = undefined;
    clockDifference = undefined;
    incidents = {};
    nodes = [];
    unowned = [];
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  let isLeader = true;
  let isStoreOpen = true;

  it("of what is in a store that others share are for the leader to tell; its own are told by each", async () => {
    try {
      isLeader = false;
      for (const condition of ["queue-stuck", "dead-letters", "no-response", "unconfirmed-deliveries"] as const) {
        assert.deepEqual(await read(condition), [undefined, undefined], condition);
      }
      assert.deepEqual(await read("certificate-ends"), [12, undefined]);
      assert.deepEqual(await read("peer-unreachable"), [0, undefined]);
    } finally {
      isLeader = true;
    }
  });

  async function read(condition: Condition, at = now): Promise<readonly (number | string | undefined)[]> {
    const transport: TransportInSight = {
      id: "transport",
      label: "A",
      isSimulated: false,
      channel: () => "transport",
      state: () => state,
      certificates: () => [
        { owner: "own", notAfter: now + 40 * 24 * 60 * minute },
        { owner: "peer", notAfter: now + 12.5 * 24 * 60 * minute },
      ],
      incidents: (kind) => incidents[kind] ?? 0,
      unreached: () => unreached,
    };
    const inSight: StoreInSight = {
      key: "key",
      label: "S",
      store: failing.store,
      condition: () => ({ kind: "ready" }),
      upkeepFailure: () => upkeepFailure,
      clockDifference: () => clockDifference,
      isLeader: () => isLeader,
    };
    const readings = await reader.read(
      { transports: [transport], stores: isStoreOpen ? [inSight] : [], nodes, unowned, strandedBefore: ["mesh OWNED"] },
      at,
    );
    return readings.filter((reading) => reading.condition === condition).flatMap(({ value, code }) => [value, code]);
  }

  it("are well where nothing waits and everything answers", async () => {
    for (const condition of ["queue-stuck", "dead-letters", "peer-unreachable", "no-response"] as const) {
      assert.deepEqual(await read(condition), [0, undefined], condition);
    }
    assert.deepEqual(await read("certificate-ends"), [12, undefined]);
  });

  it("tell ages of what waits, each in its own unit", async () => {
    await acceptOne(store, outbound({ acceptedAt: now - 20 * minute }));
    await acceptOne(store, outbound({ acceptedAt: now - 90 * minute, state: "awaiting-response" }));
    await acceptNew(store, inbound({ acceptedAt: now - 30 * minute, state: "delivered" }));
    await acceptOne(store, outbound({ acceptedAt: 0, channel: "of another" }));
    assert.deepEqual(await read("queue-stuck"), [20, undefined]);
    assert.deepEqual(await read("no-response"), [1.5, undefined]);
    assert.deepEqual(await read("unconfirmed-deliveries"), [30, undefined]);
  });

  it("count dead letters and held messages, and no query", async () => {
    await acceptOne(store, outbound({ state: "failed", interaction: "REPC_IN000002GB01" }));
    await acceptOne(store, outbound({ state: "held" }));
    await acceptOne(store, outbound({ state: "failed", interaction: "QUPC_IN000006GB01" }));
    assert.deepEqual(await read("dead-letters"), [2, undefined]);
  });

  it("tell for how long the other side is not reached, and with which code", async () => {
    unreached.set("https://spine.example", "MESH_CONNECT_FAILED");
    assert.deepEqual(await read("peer-unreachable", now), [0, "MESH_CONNECT_FAILED"]);
    assert.deepEqual(await read("peer-unreachable", now + 7 * minute), [7, "MESH_CONNECT_FAILED"]);
    state = { kind: "opening" };
    assert.deepEqual(await read("peer-unreachable", now + 8 * minute), [undefined, undefined]);
    state = { kind: "peer-unavailable", error: new CpisError("MESH_UNAVAILABLE") };
    assert.deepEqual(await read("peer-unreachable", now + 9 * minute), [9, "MESH_UNAVAILABLE"]);
    state = { kind: "collecting" };
    assert.deepEqual(await read("peer-unreachable", now + 10 * minute), [0, undefined]);
  });

  it("tell for how long a node is red, and with which code, over a restart as well", async () => {
    nodes = [{ id: "n", label: "N", trouble: { code: "CPIS_TIMEOUT" } }];
    assert.deepEqual(await read("node-failed", now), [0, "CPIS_TIMEOUT"]);
    reader = new ConditionReader(reader.lasts);
    assert.deepEqual(await read("node-failed", now + 6 * minute), [6, "CPIS_TIMEOUT"]);
    nodes = [{ id: "n", label: "N" }];
    assert.deepEqual(await read("node-failed", now + 7 * minute), [0, undefined]);
  });

  it("count files that were not wholly loaded until somebody has dealt with them, and no query", async () => {
    const ids: MessageRowId[] = [];
    for (const outcome of ["accepted", "partly-accepted", "refused", "not-found", "failed"]) {
      const id = await acceptOne(store, outbound());
      await store.transition({ id, from: ["queued"], to: "completed", at: 1, changes: { outcome: { outcome } } });
      ids.push(id);
    }
    assert.deepEqual(await read("upload-failed"), [2, undefined]);
    await store.dealWith({ id: ids[1]!, states: ["completed"], at: 2, by: "anna" });
    assert.deepEqual(await read("upload-failed"), [1, undefined]);
  });

  it("tell for how many days an upload node has sent no file, from the first look where it never did", async () => {
    const day = 24 * 60 * minute;
    nodes = [{ id: "u", label: "U", uploadsOver: "transport" }];
    assert.deepEqual(await read("no-upload", now), [0, undefined]);
    assert.deepEqual(await read("no-upload", now + 3 * day), [3, undefined]);
    await acceptOne(store, outbound({ acceptedAt: now + 3 * day, attributes: { uploadOwner: "u" } }));
    await acceptOne(store, outbound({ acceptedAt: now + 4 * day, attributes: { uploadOwner: "another" } }));
    assert.deepEqual(await read("no-upload", now + 5 * day), [2, undefined]);
  });

  it("tell of work that no transport owns, and of who is not let in", async () => {
    unowned = [
      { channel: "mesh OLD", count: 2 },
      { channel: "mesh OLD", count: 1 },
    ];
    assert.deepEqual(await read("stranded-work"), [0, undefined, 3, undefined]);
    incidents = { "refused-peer": 7, contradiction: 1 };
    assert.deepEqual(await read("refused-peers"), [7, undefined]);
    assert.deepEqual(await read("dropped-connections"), [0, undefined]);
    assert.deepEqual(await read("contradicted"), [1, undefined]);
  });

  it("say that nobody knows what is in a store that does not answer", async () => {
    failing.fail("STORE_UNAVAILABLE");
    for (const condition of ["queue-stuck", "dead-letters", "unconfirmed-deliveries", "no-response"] as const) {
      assert.deepEqual(await read(condition), [undefined, undefined], condition);
    }
  });

  it("say that nobody knows what is in a store that is not open yet, or of a transport that has no session yet", async () => {
    await acceptOne(store, outbound({ state: "failed", interaction: "REPC_IN000002GB01" }));
    nodes = [{ id: "u", label: "U", uploadsOver: "transport" }];
    unowned = [{ channel: "mesh OLD", count: 2 }];
    const inStore = [
      ...(["queue-stuck", "dead-letters", "unconfirmed-deliveries", "no-response"] as const),
      ...(["upload-failed", "no-upload"] as const),
    ];
    const unopened: readonly TransportState[] = [
      { kind: "closed" },
      { kind: "opening" },
      { kind: "waiting-for-simulator" },
      { kind: "failed", error: new CpisError("STORE_LOCKED"), willRetry: true },
    ];
    for (const each of unopened) {
      state = each;
      for (const condition of inStore) assert.deepEqual(await read(condition), [undefined, undefined], condition);
      const isFinal = each.kind === "failed";
      assert.deepEqual(await read("stranded-work"), isFinal ? [0, undefined, 2, undefined] : [], each.kind);
    }
    // One that no node uses stays closed for ever.
    state = { kind: "closed" };
    assert.deepEqual(await read("stranded-work"), []);
    assert.deepEqual(await read("stranded-work", now + minute), [0, undefined, 2, undefined]);
    state = { kind: "listening", port: 1 };
    isStoreOpen = false;
    try {
      for (const condition of inStore) assert.deepEqual(await read(condition), [undefined, undefined], condition);
      assert.deepEqual(await read("stranded-work"), []);
    } finally {
      isStoreOpen = true;
    }
    assert.deepEqual(await read("dead-letters"), [1, undefined]);
  });

  it("tell how far the clocks are apart, and nothing before they were compared", async () => {
    assert.deepEqual(await read("clock-skew"), [undefined, undefined]);
    clockDifference = 3.4;
    assert.deepEqual(await read("clock-skew"), [3.4, undefined]);
  });

  it("tell of a store that could not be opened, and of one whose pruning fails", async () => {
    upkeepFailure = "STORE_FULL";
    assert.deepEqual(await read("pruning-failed"), [0, "STORE_FULL"]);
    assert.deepEqual(await read("pruning-failed", now + 5 * minute), [5, "STORE_FULL"]);
    state = { kind: "failed", error: new CpisError("STORE_LOCKED"), willRetry: true };
    const ofTransport = (await read("store-unavailable")).slice(0, 2);
    assert.deepEqual(ofTransport, [0, "STORE_LOCKED"]);
    assert.deepEqual(await read("peer-unreachable"), [undefined, undefined]);
  });
});
