// Who owns stored messages is the party key in its environment: one transport has it at a time, whatever the id of its node.
import assert from "node:assert/strict";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";

const question = { payload: "9990001014", cpis: { user: clinician } };
const other = { ...queryNode, id: "other", transport: "second", wires: [["unknown-child"], ["not-found"]] };
const second = { ...simulatorTransport, id: "second", name: "the copy" };
const outOfOther = { ...receivers.find(({ id }) => id === "found"), id: "unknown-child" };

describe("the party key of an ebxml transport", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("is one transport's at a time: a second refuses in words, and has it when the first is gone", async () => {
    const rest = [...receivers, outOfOther, simulatorNode];
    await nodeRed.start([...rest, simulatorTransport, queryNode]);
    await nodeRed.status("query", "status.listening");
    await nodeRed.deploy([...rest, simulatorTransport, queryNode, second, other], "nodes");
    await nodeRed.status("other", "ebxml-transport.status.identityInUse");
    nodeRed.send("other", question);
    const caught = await nodeRed.nextMessage("caught");
    assert.match(caughtError(caught).message, /party key ZT7-900145 in the environment simulator, which the transport/);
    nodeRed.send("query", question);
    await nodeRed.nextMessage("found");
    await nodeRed.deploy([...rest, second, other], "nodes");
    await nodeRed.status("other", "status.listening");
    nodeRed.send("other", question);
    await nodeRed.nextMessage("unknown-child");
  });

  it("leaves transports with another party key alone", async () => {
    const twin = { ...second, partyKey: "ZT7-900999" };
    await nodeRed.start([...receivers, outOfOther, simulatorNode, simulatorTransport, queryNode, twin, other]);
    await nodeRed.status("query", "status.listening");
    await nodeRed.status("other", "status.listening");
  });
});
