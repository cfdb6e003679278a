// A second answer to a query says the opposite of the first, through a real Node-RED and real sockets.
import assert from "node:assert/strict";
import { withDefaultStore } from "../../support/nodes/message-store/stored.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

/** The record comes first, then an answer that there is none. */
const contradicted = "9990002150";
/** The other way round: somebody has been told that there is none. */
const recordAfterNone = "9990002428";
/** The same answer is sent twice. */
const repeated = "9990002142";

describe("a second answer to a query", () => {
  let nodeRed: NodeRed;

  beforeEach(async () => {
    nodeRed = new NodeRed();
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, queryNode]);
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  for (const { number, output, order } of [
    { number: contradicted, output: "found", order: "none after a record" },
    { number: recordAfterNone, output: "not-found", order: "a record after none" },
  ]) {
    it(`that contradicts the first, ${order}, is an error of its own for the Catch node, with the ids and nothing of either`, async () => {
      nodeRed.send("query", { payload: number, cpis: { user: clinician } });
      await nodeRed.until("the first answer and the error", () => {
        return nodeRed.messages(output).length > 0 && nodeRed.messages("caught").length > 0;
      });
      const [answer] = nodeRed.messages(output);
      const [caught] = nodeRed.messages("caught");
      assert.ok(answer !== undefined && caught !== undefined);
      assert.equal(caughtError(caught).code, "CPIS_CONTRADICTORY_ANSWER");
      const told = caught["cpis"] as Record<string, unknown>;
      const asked = answer["cpis"] as Record<string, unknown>;
      assert.deepEqual(
        [told["messageId"], told["conversationId"], told["hl7Id"], told["transport"]],
        [asked["messageId"], asked["conversationId"], asked["hl7Id"], asked["transport"]],
      );
      assert.equal(caught.payload, undefined);
      const text = JSON.stringify({ ...caught, error: caughtError(caught).message });
      for (const secret of [number, "not-found", "REPC_IN", "QUQI_IN"]) assert.ok(!text.includes(secret), secret);

      await nodeRed.halt();
      const waiting = await withDefaultStore(nodeRed.userFolder, (store) => store.list({ needsPerson: true }, 10));
      assert.deepEqual(
        waiting.messages.map(({ direction, state, errorCode }) => [direction, state, errorCode]),
        [["inbound", "rejected", "EBXML_CONFLICTING_ANSWER"]],
      );
    });
  }

  it("that says the same is not told", async () => {
    nodeRed.send("query", { payload: repeated, cpis: { user: clinician } });
    nodeRed.send("query", { payload: contradicted, cpis: { user: clinician } });
    // The contradiction comes after the repetition would have.
    await nodeRed.until("both answers and the error", () => {
      return nodeRed.messages("found").length === 2 && nodeRed.messages("caught").length > 0;
    });
    assert.equal(nodeRed.messages("caught").length, 1);
  });
});
