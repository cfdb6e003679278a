// The `cp-is query` node in a real runtime, with the simulator at the other end of real sockets.
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import type { NodeMessage } from "node-red";
import { caughtError, cpisDetail, NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

const knownChild = "9990001014";
const unknownChild = "9990002304";
const flow = [...receivers, simulatorTransport, simulatorNode, queryNode];

describe("the cp-is query node", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("shows that the transport listens before it has anything of its own to tell", async () => {
    await nodeRed.start(flow);
    assert.equal(nodeRed.statusText("query"), "ebxml-transport.status.waitingForSimulator");
    await nodeRed.status("query", "ebxml-transport.status.listening");
  });

  it("sends a record found to the first output, with the ids of the exchange beside it", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: "999 000 1014", topic: "kept", cpis: { user: clinician }, bed: 7 });
    const message = await nodeRed.nextMessage("found");
    assert.equal(Reflect.get(message.payload as object, "outcome"), "found");
    assert.deepEqual([message.topic, message["bed"]], ["kept", 7]);
    assert.deepEqual(Reflect.get(message["cpis"] as object, "user"), clinician);
    assert.equal(cpisDetail(message, "interaction"), "QUPC_IN000006GB01");
    assert.equal(cpisDetail(message, "transport"), "to the simulator");
    for (const name of ["messageId", "conversationId", "hl7Id"])
      assert.match(cpisDetail(message, name), /^[0-9A-F-]{36}$/);
    assert.ok(Number(cpisDetail(message, "durationMilliseconds")) >= 0);
    await nodeRed.nextMessage("completed");
    assert.equal(nodeRed.messages("completed").length, 1);
    assert.deepEqual([nodeRed.messages("not-found").length, nodeRed.messages("caught").length], [0, 0]);
    await nodeRed.status("query", "status.found");
  });

  it("sends what is not on CP-IS to the second output", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: { nhsNumber: unknownChild }, cpis: { user: clinician } });
    const { payload } = await nodeRed.nextMessage("not-found");
    assert.equal(Reflect.get(payload as object, "outcome"), "not-found");
    assert.equal(nodeRed.messages("found").length, 0);
    await nodeRed.status("query", "status.notFound");
  });

  it("gives a failure to a Catch node with its code, and leaves the payload as it came", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: "9990002045", cpis: { user: clinician } });
    const message = await nodeRed.nextMessage("caught");
    assert.equal(caughtError(message).code, "CPIS_SOAP_FAULT");
    assert.equal(message.payload, "9990002045");
    assert.match(cpisDetail(message, "messageId"), /^[0-9A-F-]{36}$/);
    await nodeRed.status("query", "status.failed");
    assert.equal(nodeRed.messages("caught").length, 1);
    assert.equal(nodeRed.messages("completed").length, 0);
  });

  it("names what is missing in the message before anything is sent", async () => {
    await nodeRed.start(flow);
    const wrong: readonly (readonly [NodeMessage, string, RegExp])[] = [
      [{ payload: "9990001015", cpis: { user: clinician } }, "CPIS_INVALID_NHS_NUMBER", /./],
      [{ payload: {}, cpis: { user: clinician } }, "CPIS_INVALID_REQUEST", /noNumber/],
      [{ payload: knownChild }, "CPIS_INVALID_REQUEST", /msg\.cpis\.user/],
      [
        { payload: knownChild, cpis: { user: { ...clinician, role: 7 } } },
        "CPIS_INVALID_REQUEST",
        /msg\.cpis\.user\.role/,
      ],
      [{ payload: knownChild, cpis: { user: { ...clinician, activities: [] } } }, "CPIS_NOT_AUTHORISED", /./],
    ];
    for (const [index, [message, code, text]] of wrong.entries()) {
      nodeRed.send("query", message);
      const error = caughtError(await nodeRed.nextMessage("caught", index + 1));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /999/);
    }
    assert.equal(nodeRed.messages("events").length, 0);
  });

  it("drops the ids of an earlier query from a message whose own query was never sent", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: "nonsense", cpis: { user: clinician, messageId: "OLD", mine: 1 } });
    const message = await nodeRed.nextMessage("caught");
    assert.deepEqual(message["cpis"], { user: clinician, mine: 1 });
  });

  it("takes the number from where the setting says, also by JSONata", async () => {
    const byExpression = { ...queryNode, nhsNumber: "$join(parts)", nhsNumberType: "jsonata" };
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, byExpression]);
    nodeRed.send("query", { payload: "untouched", parts: ["999000", "1014"], cpis: { user: clinician } });
    await nodeRed.nextMessage("found");
    nodeRed.send("query", { payload: "untouched", parts: { no: "list" }, cpis: { user: clinician } });
    assert.equal(caughtError(await nodeRed.nextMessage("caught")).code, "CPIS_INVALID_REQUEST");
  });

  it("asks for a system with the responsible person of its settings", async () => {
    const bySystem = {
      ...queryNode,
      accessMode: "system",
      responsiblePerson: "Sam Guardian",
      roleCode: "R8003",
      roleName: "Safeguarding Lead",
    };
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, bySystem]);
    nodeRed.send("query", { payload: knownChild });
    await nodeRed.nextMessage("found");
    const request = nodeRed.messages("events").find(({ topic }) => topic === "exchange");
    const text = String(Reflect.get(request?.payload as object, "request"));
    assert.match(text, /Guardian/);
    assert.match(text, /R8003/);
  });

  it("refuses scheduled care and sends nothing in its place", async () => {
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, { ...queryNode, careSetting: "scheduled" }]);
    nodeRed.send("query", { payload: knownChild, cpis: { user: { ...clinician, activities: ["B0170"] } } });
    assert.equal(caughtError(await nodeRed.nextMessage("caught")).code, "CPIS_SILENT_READ_UNAVAILABLE");
    assert.equal(nodeRed.messages("events").length, 0);
  });

  it("ends a waiting query with an error when the flows are stopped, once", async () => {
    await nodeRed.start(flow);
    const errors: unknown[] = [];
    const node: EventEmitter = nodeRed.node("query");
    node.on("call:error", (call: { firstArg: unknown }) => errors.push(call.firstArg));
    nodeRed.send("query", { payload: "9990002096", cpis: { user: clinician } });
    await nodeRed.until("the exchange", () => nodeRed.messages("events").length > 0);
    await nodeRed.deploy([...receivers, simulatorTransport, simulatorNode], "nodes");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      errors.map((error): unknown => Reflect.get(error as object, "code")),
      ["CONFIG_CLOSED"],
    );
    assert.deepEqual(nodeRed.statuses.findLast(({ id }) => id === "query")?.status, {});
  });

  it("answers each input with what is wrong with its settings", async () => {
    const broken: readonly (readonly [object, string])[] = [
      [{ ...queryNode, transport: "" }, "CONFIG_MISSING"],
      [{ ...queryNode, transport: "simulator" }, "CONFIG_MISSING"],
      [{ ...queryNode, timeout: "soon" }, "CONFIG_INVALID"],
      [{ ...queryNode, accessMode: "system" }, "CONFIG_MISSING"],
    ];
    await nodeRed.start([...receivers, simulatorTransport, broken[0]![0]]);
    for (const [index, [node, code]] of broken.entries()) {
      if (index > 0) await nodeRed.deploy([...receivers, simulatorTransport, node]);
      assert.equal(nodeRed.statuses.findLast(({ id }) => id === "query")?.status.fill, "red");
      nodeRed.send("query", { payload: knownChild, cpis: { user: clinician } });
      await nodeRed.until("the error", () => nodeRed.messages("caught").length === index + 1);
      assert.equal(caughtError(nodeRed.messages("caught")[index]!).code, code);
    }
  });
});
