// Many queries at once through one transport: each answer comes back to its own message.
import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

const count = 100;
const numbers = ["9990001014", "9990001022", "9990001030", "9990001049", "9990002304"];
const flow = [...receivers, simulatorTransport, simulatorNode, queryNode];

function numberOf(index: number): string {
  return numbers[index % numbers.length]!;
}

describe("a hundred queries at once", () => {
  let nodeRed: NodeRed;

  beforeEach(async () => {
    nodeRed = new NodeRed();
    await nodeRed.start(flow);
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  function askAll(): void {
    for (let index = 0; index < count; index += 1) {
      nodeRed.send("query", { payload: numberOf(index), topic: `${index}`, cpis: { user: clinician } });
    }
  }

  function answers(): NodeMessage[] {
    return [...nodeRed.messages("found"), ...nodeRed.messages("not-found")];
  }

  async function checkAll(): Promise<void> {
    await nodeRed.until("all answers", () => answers().length + nodeRed.messages("caught").length >= count);
    assert.equal(nodeRed.messages("caught").length, 0);
    assert.deepEqual(
      answers()
        .map(({ topic }) => Number(topic))
        .sort((one, other) => one - other),
      Array.from({ length: count }, (_, index) => index),
    );
    for (const { topic, payload } of answers()) {
      const asked = numberOf(Number(topic));
      assert.equal(Reflect.get(payload as object, "nhsNumber"), asked);
      assert.equal(Reflect.get(payload as object, "outcome"), asked === "9990002304" ? "not-found" : "found");
    }
    const ids = answers().map(({ cpis }) => String(Reflect.get(cpis as object, "messageId")));
    assert.equal(new Set(ids).size, count);
  }

  it("come back each to its own message", async () => {
    askAll();
    await checkAll();
  });

  it("come back each to its own message when the answers are sent in reverse order", async () => {
    nodeRed.send("simulator", { payload: { command: "holdAnswers" } });
    await nodeRed.nextMessage("events");
    askAll();
    const requests = (): number => nodeRed.messages("events").filter(({ topic }) => topic === "exchange").length;
    await nodeRed.until("all requests", () => requests() >= count);
    nodeRed.send("simulator", { payload: { command: "releaseAnswers", order: "reverse" } });
    await checkAll();
    const firstTopics = answers()
      .slice(0, 3)
      .map(({ topic }) => Number(topic));
    assert.ok(
      firstTopics.some((topic) => topic >= count / 2),
      firstTopics.join(),
    );
  });

  it("come back each to its own message when the answers are sent before the replies", async () => {
    nodeRed.send("simulator", { payload: { command: "injectFault", fault: { kind: "answerBeforeReply" } } });
    await nodeRed.nextMessage("events");
    askAll();
    await checkAll();
  });

  it("shows how many are waiting", async () => {
    nodeRed.send("simulator", { payload: { command: "holdAnswers" } });
    await nodeRed.nextMessage("events");
    askAll();
    await nodeRed.status("query", "status.waiting");
  });
});
