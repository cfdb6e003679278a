// A store that was lost while Node-RED was stopped: every node that needs it is red and says why, until a person decides.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { NodeMessage } from "node-red";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";

const childNumber = "9990001014";
const question = (): NodeMessage => ({ payload: childNumber, cpis: { user: clinician } });
const storeNode = { id: "store", type: "message store", name: "" };
const flow = [...receivers, { ...simulatorTransport, messageStore: "store" }, simulatorNode, queryNode];

describe("a message store that is gone", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("stops the queries with its code, and starts anew by the decision of a person, once", async () => {
    await nodeRed.start([...flow, storeNode]);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    await nodeRed.halt();
    const folder = path.join(nodeRed.userFolder, "cp-is", "message-store");
    fs.rmSync(folder, { recursive: true });

    await nodeRed.start([...flow, storeNode]);
    await nodeRed.status("query", "ebxml-transport.status.failed");
    nodeRed.send("query", question());
    await nodeRed.until("the refusal", () => nodeRed.messages("caught").some(({ payload }) => payload === childNumber));
    const caught = nodeRed.messages("caught").find(({ payload }) => payload === childNumber);
    const { code, message } = caughtError(caught!);
    assert.equal(code, "STORE_LOST");
    const [, decisionCode = ""] = /decision code ([0-9a-f]{8})/.exec(message) ?? [];
    assert.notEqual(decisionCode, "", message);

    await nodeRed.deploy([...flow, { ...storeNode, decisionCode }], "full");
    await nodeRed.status("query", "ebxml-transport.status.listening");
    nodeRed.send("query", question());
    await nodeRed.until("an answer", () => nodeRed.messages("found").length > 0);
  });
});
