// The metrics and the audit of queries in a real runtime, from nought.
import assert from "node:assert/strict";
import path from "node:path";
import { verifyAudit } from "../../lib/services/audit.js";
import type { AuditEntry } from "../../lib/store/audit-model.js";
import { openStore } from "../../nodes/adapter/stores/open-store.js";
import { defaultStoreSettings } from "../../nodes/adapter/stores/store-settings.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../support/nodes/flows.js";
import { NodeRed } from "../support/nodes/node-red.js";

const transportName = "measured here";
const flow = [...receivers, simulatorNode, { ...simulatorTransport, name: transportName }, queryNode];
const known = "9990001065";

describe("Metrics and audit", () => {
  let nodeRed: NodeRed;

  beforeEach(async () => {
    nodeRed = new NodeRed();
    await nodeRed.start(flow);
    await nodeRed.status("query", "listening");
  });
  afterEach(() => nodeRed.stop());

  function ask(nhsNumber: string): void {
    nodeRed.send("query", { payload: nhsNumber, cpis: { user: clinician } });
  }

  /** Sample lines of this transport. */
  async function samples(): Promise<ReadonlyMap<string, number>> {
    const { status, text } = await nodeRed.get("/cp-is/metrics");
    assert.equal(status, 200);
    const lines = text.split("\n").filter((line) => line.includes(`transport="${transportName}"`));
    return new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(" ");
        return [line.slice(0, end).replace(`transport="${transportName}"`, "T"), Number(line.slice(end + 1))];
      }),
    );
  }

  async function audited(): Promise<readonly AuditEntry[]> {
    await nodeRed.halt();
    const store = await openStore(defaultStoreSettings(path.resolve(nodeRed.userFolder)));
    try {
      assert.equal((await verifyAudit(store)).kind, "intact");
      return await store.readAudit(0, 100);
    } finally {
      await store.close();
    }
  }

  it("are there at nought before anything has happened, and then count", async () => {
    const before = await samples();
    const answered = 'cp_is_queries_total{T,outcome="answered",code=""}';
    const refused = 'cp_is_queries_total{T,outcome="failed",code="CPIS_INVALID_NHS_NUMBER"}';
    const duration = 'cp_is_query_duration_seconds_count{T,outcome="answered"}';
    const sent = 'cp_is_messages_sent_total{T,interaction="QUPC_IN000006GB01"}';
    const names = [answered, refused, duration, sent, "cp_is_queue_depth{T}", "cp_is_peer_outages_total{T}"];
    assert.deepEqual(
      names.map((name) => before.get(name)),
      names.map(() => 0),
    );
    ask(known);
    await nodeRed.nextMessage("found");
    ask("9990001066");
    await nodeRed.nextMessage("caught");
    const after = await samples();
    assert.deepEqual(
      [answered, refused, duration, sent].map((name) => after.get(name)),
      [1, 1, 1, 1],
    );
    assert.ok((after.get('cp_is_certificate_days_left{T,owner="own"}') ?? 0) > 0);
  });

  it("hold no patient, no clinician and no id of a message", async () => {
    ask(known);
    const message = await nodeRed.nextMessage("found");
    const { text, type } = await nodeRed.get("/cp-is/metrics");
    assert.equal(type, "text/plain");
    const detail: unknown = message["cpis"];
    assert.ok(typeof detail === "object" && detail !== null);
    const markers = [known, clinician.userId, "messageId", "conversationId"].map((name) =>
      String(Reflect.get(detail, name) ?? name),
    );
    // Which message answered, and what it was, tells whether there is a record.
    markers.push("REPC_IN000007GB01", "QUQI_IN010000UK14", '"found"', '"not-found"');
    for (const marker of markers) assert.equal(text.includes(marker), false, marker);
    assert.match(text, /cp_is_messages_received_total\{[^}]*interaction="answer to a query",outcome="answer"\} [1-9]/);
  });

  it("of a query are kept together: who asked is in the audit, and how it ended", async () => {
    ask(known);
    await nodeRed.nextMessage("found");
    ask("9990001066");
    await nodeRed.nextMessage("caught");
    const entries = await audited();
    assert.deepEqual(
      entries.map(({ event, userId, outcome, code }) => [event, userId, outcome, code]),
      [
        ["query-asked", clinician.userId, undefined, undefined],
        ["query-ended", clinician.userId, "found", undefined],
        ["query-refused", clinician.userId, "failed", "CPIS_INVALID_NHS_NUMBER"],
      ],
    );
    assert.equal(JSON.stringify(entries).includes(known), false);
  });
});
