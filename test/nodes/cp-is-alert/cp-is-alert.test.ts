// The `cp-is alert` node in a real runtime: one message when a condition is raised, one when it is cleared.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import { openStore } from "../../../nodes/adapter/stores/open-store.js";
import type * as sharedStores from "../../../nodes/adapter/stores/store-registry.js";
import { defaultStoreSettings } from "../../../nodes/adapter/stores/store-settings.js";
import { outbound } from "../../support/store/sample-messages.js";
import { root } from "../../support/nodes/editor-files.js";
import { queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";

// The nodes that run are the built ones, so their stores are the built ones as well.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const stores = require(
  path.join(root, "dist", "nodes", "adapter", "stores", "store-registry.js"),
) as typeof sharedStores;

const alertNode = {
  id: "alert",
  type: "cp-is alert",
  z: "tab",
  x: 100,
  y: 100,
  name: "",
  deadLetters: "1",
  clearMinutes: "0",
  wires: [["alerts"]],
};
const flow = [
  ...receivers,
  { id: "alerts", type: "helper", z: "tab", x: 100, y: 100, wires: [] },
  simulatorNode,
  simulatorTransport,
  queryNode,
];
const subject = "9990001065";

describe("the cp-is alert node", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(() => nodeRed.stop());

  /** A dead letter of the transport, from before the start. */
  async function leaveDeadLetter(interaction: string): Promise<MessageRowId> {
    const store = await openStore(defaultStoreSettings(path.resolve(nodeRed.userFolder)));
    const [id] = await store.acceptOutbound([
      outbound({
        state: "failed",
        errorCode: "EBXML_REFUSED",
        channel: "ebxml simulator ZT7-900145",
        interaction,
        subject,
      }),
    ]);
    await store.close();
    assert.ok(id !== undefined);
    return id;
  }

  it("tells of a dead letter once, over a redeploy as well, and once more when somebody has dealt with it", async () => {
    const id = await leaveDeadLetter("CP-ISLocalAuthorityUpload");
    await nodeRed.start([...flow, alertNode]);
    const raised = await nodeRed.nextMessage("alerts");
    const payload: unknown = raised.payload;
    assert.ok(typeof payload === "object" && payload !== null);
    const { since, at, text, unit, advice, ...told } = payload as Record<string, unknown>;
    assert.deepEqual(told, {
      condition: "dead-letters",
      state: "raised",
      transport: "to the simulator",
      value: 1,
      threshold: 1,
    });
    assert.deepEqual([since, typeof text, typeof unit, typeof advice], [at, "string", "string", "string"]);
    assert.equal(JSON.stringify(raised).includes(subject), false);
    await nodeRed.deploy([...flow, alertNode]);
    await nodeRed.status("query", "listening");
    const [inSight] = stores.openStores();
    await inSight?.store.dealWith({ id, states: ["failed"], at: Date.now(), by: "ann" });
    const cleared = await nodeRed.nextMessage("alerts", 2);
    assert.equal(Reflect.get(Object(cleared.payload), "state"), "cleared");
    await nodeRed.status("alert", "status.well");
  });

  it("is content when only a query has failed, of which the flow was told", async () => {
    await leaveDeadLetter("QUPC_IN000006GB01");
    await nodeRed.start([...flow, alertNode]);
    await nodeRed.status("alert", "status.well");
    assert.deepEqual(nodeRed.messages("alerts"), []);
  });

  function told(count: number): Promise<Record<string, unknown>> {
    return nodeRed.nextMessage("alerts", count).then(({ payload }) => Object(payload) as Record<string, unknown>);
  }

  it("says that there is nothing to watch, and not that all is well", async () => {
    await nodeRed.start([...receivers, alertNode]);
    await nodeRed.status("alert", "status.nothing");
    assert.ok(nodeRed.statuses.every(({ status }) => !String(status.text).includes("status.well")));
  });

  it("tells of stored work that no transport owns, until it has an owner", async () => {
    const store = await openStore(defaultStoreSettings(path.resolve(nodeRed.userFolder)));
    const stranded = outbound({ channel: "mesh OLD0001", fromParty: "OLD0001", state: "queued", subject });
    const [id] = await store.acceptOutbound([stranded]);
    await store.close();
    await nodeRed.start([...flow, alertNode]);
    const { condition, owner, value } = await told(1);
    assert.deepEqual([condition, owner, value], ["stranded-work", "mesh OLD0001", 1]);
    const [inSight] = stores.openStores();
    assert.ok(inSight !== undefined && id !== undefined);
    await inSight.store.transition({ id, from: ["queued"], to: "failed", at: Date.now() });
    const cleared = await told(2);
    assert.deepEqual([cleared["condition"], cleared["state"]], ["stranded-work", "cleared"]);
  });

  it("is not content beside an upload node that is red", async () => {
    const upload = {
      ...{ id: "upload", type: "cp-is upload", z: "tab", x: 100, y: 200, name: "to CP-IS", over: "mesh" },
      ...{ meshTransport: "", odsCode: "998", wires: [[], []] },
    };
    const since = Date.now() - 10 * 60_000;
    const key = JSON.stringify(["node-failed", "node", "to CP-IS"]);
    const folder = path.join(nodeRed.userFolder, "cp-is-alerts");
    fs.mkdirSync(folder);
    // Red for ten minutes already when Node-RED starts again.
    fs.writeFileSync(path.join(folder, "red.json"), JSON.stringify({ raised: [], since: [[key, since]] }));
    await nodeRed.start([...flow, { ...alertNode, id: "red" }, upload]);
    const { condition, node } = await told(1);
    assert.deepEqual([condition, node], ["node-failed", "to CP-IS"]);
    await nodeRed.status("red", "status.raised");
  });

  it("refuses a threshold that is no number, and says which", async () => {
    await nodeRed.start([...flow, { ...alertNode, deadLetters: "many" }]);
    await nodeRed.status("alert", "status.failed");
    await nodeRed.logged("deadLetters");
  });
});
