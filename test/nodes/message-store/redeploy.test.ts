// A deploy in the middle of traffic: every message ends once, and the store holds nothing unfinished.
import assert from "node:assert/strict";
import { isFinished } from "../../../lib/store/message-model.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed, type Completion } from "../../support/nodes/node-red.js";
import { allMessages } from "../../support/nodes/message-store/stored.js";

const count = 100;
const others = [...receivers, simulatorNode];
const flow = [...others, simulatorTransport, queryNode];

describe("a deploy in the middle of a hundred queries", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  async function check(): Promise<void> {
    const ended = (): Completion[] => nodeRed.completions.filter(({ id }) => id === "query");
    await nodeRed.until("the end of every query", () => ended().length >= count);
    const topics = ended().map(({ message }) => Number(message.topic));
    assert.deepEqual(
      topics.sort((one, other) => one - other),
      Array.from({ length: count }, (_, index) => index),
    );
    const codes = new Set(ended().map(({ code }) => code));
    assert.ok(codes.has("CONFIG_CLOSED"), "the deploy came in the middle");
    assert.deepEqual(
      [...codes].filter((code) => code !== undefined && code !== "CONFIG_CLOSED"),
      [],
    );
    await nodeRed.halt();
    await checkStore(ended().filter(({ code }) => code === undefined).length);
  }

  /** An answer that came in the last moment, for a query that was ended, has a time at which it is set aside. */
  async function checkStore(answered: number): Promise<void> {
    const messages = await allMessages(nodeRed.userFolder);
    const queries = messages.filter(({ direction }) => direction === "outbound");
    assert.ok(queries.filter(({ state }) => state === "completed").length >= answered);
    for (const { id, state, attempts } of queries) {
      assert.ok(isFinished(state), `${id} is ${state}`);
      assert.ok(attempts <= 1, `${id} was sent ${attempts} times`);
    }
    for (const { id, state, nextAttemptAt } of messages.filter(({ direction }) => direction === "inbound")) {
      assert.ok(isFinished(state) || (nextAttemptAt ?? Infinity) < Date.now() + 120_000, `${id} is ${state}`);
    }
  }

  for (const type of ["full", "nodes", "flows"] as const) {
    it(`loses and repeats nothing (${type})`, async () => {
      await nodeRed.start(flow);
      for (let index = 0; index < count; index += 1) {
        nodeRed.send("query", { payload: "9990001014", topic: `${index}`, cpis: { user: clinician } });
      }
      await nodeRed.nextMessage("found", 5);
      const changed = { ...simulatorTransport, organisationName: "Example Hospital, renamed" };
      await nodeRed.deploy([...others, changed, queryNode], type);
      await check();
    });
  }

  it("leaves the transport working", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: "9990001014", cpis: { user: clinician } });
    await nodeRed.nextMessage("found");
    for (let times = 2; times <= 4; times += 1) {
      await nodeRed.deploy([...others, { ...simulatorTransport, name: `${times}` }, queryNode], "nodes");
      nodeRed.send("query", { payload: "9990001014", cpis: { user: clinician } });
      await nodeRed.nextMessage("found", times);
    }
  });
});
