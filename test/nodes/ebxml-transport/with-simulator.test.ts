// The transport and the simulator node find each other in any order, and lose each other without harm.
import assert from "node:assert/strict";
import net from "node:net";
import type { NodeMessage } from "node-red";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort, isPortFree } from "../../support/ports.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";

const question = (): NodeMessage => ({ payload: "9990001014", cpis: { user: clinician } });
const listening = "ebxml-transport.status.listening";
const waiting = "ebxml-transport.status.waitingForSimulator";
const withoutSimulator = [...receivers, simulatorTransport, queryNode];
const whole = [...withoutSimulator, simulatorNode];

describe("an ebxml transport with the simulator", () => {
  let nodeRed: NodeRed;
  let blocker: net.Server;

  beforeEach(() => {
    nodeRed = new NodeRed();
    blocker = net.createServer();
  });
  afterEach(async () => {
    blocker.close();
    await nodeRed.stop();
  });

  it("waits for a simulator that is deployed later, and works with it", async () => {
    await nodeRed.start(withoutSimulator);
    await nodeRed.status("query", waiting);
    await nodeRed.deploy(whole, "nodes");
    await nodeRed.status("query", listening);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
  });

  it("waits again when the simulator goes, and takes the next one", async () => {
    await nodeRed.start(whole);
    await nodeRed.status("query", listening);
    await nodeRed.deploy(withoutSimulator, "nodes");
    await nodeRed.status("query", waiting);
    await nodeRed.deploy([...withoutSimulator, { ...simulatorNode, name: "new" }], "nodes");
    await nodeRed.status("query", listening);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
  });

  it("takes a simulator again that was deployed anew", async () => {
    await nodeRed.start(whole);
    await nodeRed.status("query", listening);
    for (const name of ["one", "two", "three"]) {
      await nodeRed.deploy([...withoutSimulator, { ...simulatorNode, name }], "nodes");
      const count = nodeRed.messages("found").length;
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found", count + 1);
    }
  });

  it("works after it was deployed anew itself, and after everything was", async () => {
    await nodeRed.start(whole);
    for (const [index, type] of (["nodes", "full", "flows"] as const).entries()) {
      const changed = { ...simulatorTransport, organisationName: `Example Hospital ${index}` };
      await nodeRed.deploy([...receivers, changed, queryNode, simulatorNode], type);
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found", index + 1);
    }
  });

  it("queries by the reliable pattern as well", async () => {
    await nodeRed.start([...receivers, { ...simulatorTransport, pattern: "reliable" }, queryNode, simulatorNode]);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    const exchange = nodeRed.messages("events").find(({ topic }) => topic === "exchange");
    assert.match(String(Reflect.get(exchange?.payload as object, "request")), /AckRequested/);
  });

  it("queries by synchronous SOAP as well, and nothing is posted to its listener", async () => {
    await nodeRed.start([...receivers, { ...simulatorTransport, pattern: "syncSoap" }, queryNode, simulatorNode]);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    const exchanges = nodeRed.messages("events").filter(({ topic }) => topic === "exchange");
    const [exchange, ...others] = exchanges.map(({ payload }) => payload as object);
    assert.deepEqual(others, []);
    assert.match(String(Reflect.get(exchange ?? {}, "request")), /^POST \/sync-service /);
    assert.match(String(Reflect.get(exchange ?? {}, "reply")), /REPC_IN000007GB01/);
  });

  it("lets two transports with parties of their own use one simulator", async () => {
    const other = {
      ...simulatorTransport,
      id: "second-transport",
      name: "second",
      partyKey: "ZT8-900146",
      asid: "200000000116",
    };
    const otherQuery = { ...queryNode, id: "other-query", transport: "second-transport" };
    await nodeRed.start([...whole, other, otherQuery]);
    nodeRed.send("query", question());
    nodeRed.send("other-query", question());
    await nodeRed.nextMessage("found", 2);
    const transports = nodeRed.messages("found").map(({ cpis }) => String(Reflect.get(cpis as object, "transport")));
    assert.deepEqual(transports.sort(), ["second", "to the simulator"]);
  });

  it("opens its listener for the first enabled user only, and closes it after the last", async () => {
    const port = await freePort();
    const transport = { ...simulatorTransport, port: String(port) };
    await nodeRed.start([...receivers, transport, simulatorNode, { ...queryNode, d: true }]);
    await nodeRed.status("simulator", "listening");
    assert.ok(await isPortFree(port));
    await nodeRed.deploy([...receivers, transport, simulatorNode, queryNode]);
    await nodeRed.status("query", listening);
    assert.ok(!(await isPortFree(port)));
    await nodeRed.deploy([...receivers, transport, simulatorNode, { ...queryNode, d: true }], "nodes");
    assert.ok(await isPortFree(port));
  });

  it("says that a port is in use, and takes it when it becomes free", async () => {
    const port = await freePort();
    await new Promise<void>((resolve) => blocker.listen(port, "127.0.0.1", resolve));
    await nodeRed.start([...receivers, { ...simulatorTransport, port: String(port) }, simulatorNode, queryNode]);
    await nodeRed.status("query", "status.portInUse");
    nodeRed.send("query", question());
    await nodeRed.until("the query's error", () =>
      nodeRed.messages("caught").some((message) => message.payload === "9990001014"),
    );
    const caught = nodeRed.messages("caught").find(({ payload }) => payload === "9990001014");
    assert.equal(caughtError(caught!).code, "CONFIG_PORT_IN_USE");
    blocker.close();
    await nodeRed.status("query", listening);
    const logged = nodeRed.logs.filter(({ level, text }) => level === 20 && text.includes("CpisError"));
    assert.equal(logged.length, 1, "the transport tells it once; the query's error went to the Catch node");
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
  });

  it("shows on both when two transports want one port", async () => {
    const port = String(await freePort());
    const transport = { ...simulatorTransport, port };
    const other = { ...transport, id: "second-transport", partyKey: "ZT8-900146" };
    await nodeRed.start([
      ...receivers,
      transport,
      other,
      simulatorNode,
      queryNode,
      { ...queryNode, id: "two", transport: "second-transport" },
    ]);
    await nodeRed.until("one listens and one does not", () => {
      const texts = [nodeRed.statusText("query"), nodeRed.statusText("two")];
      return texts.includes(listening) && texts.includes("ebxml-transport.status.portInUse");
    });
  });

  it("keeps its users by id, as Node-RED looks for them", async () => {
    await nodeRed.start(whole);
    const users: unknown = Reflect.get(nodeRed.node("transport"), "users");
    assert.deepEqual(Object.keys(users as object), ["query"]);
    assert.equal(Reflect.get(users as object, "query"), nodeRed.node("query"));
  });

  it("leaves no socket and no timer behind", async () => {
    const count = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Timeout|Pipe)/.test(name) && name !== "PipeWrap");
    const round = async (): Promise<void> => {
      await nodeRed.start(whole);
      nodeRed.send("query", question());
      await nodeRed.nextMessage("found");
      await nodeRed.stop();
      nodeRed = new NodeRed();
    };
    await round();
    const before = count().length;
    for (let times = 0; times < 3; times += 1) await round();
    await nodeRed.start(whole);
    assert.ok(count().length > before);
    await nodeRed.deploy([...receivers]);
    await nodeRed.stop();
    nodeRed = new NodeRed();
    assert.ok(count().length <= before, `${before} before, after: ${count().join()}`);
    await nodeRed.start([...receivers]);
  });
});
