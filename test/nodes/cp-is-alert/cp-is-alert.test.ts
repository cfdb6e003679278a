// The `cp-is alert` node in a real runtime: one message when a condition is raised, one when it is cleared.
import assert from "node:assert/strict";
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

  it("refuses a threshold that is no number, and says which", async () => {
    await nodeRed.start([...flow, { ...alertNode, deadLetters: "many" }]);
    await nodeRed.status("alert", "status.failed");
    await nodeRed.logged("deadLetters");
  });
});
