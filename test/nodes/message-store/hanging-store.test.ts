// A store that neither works nor fails: the editor stays usable, and queries fail with their code in their own time.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NodeMessage } from "node-red";
import { createKeyRing, encodeKeyRing } from "../../../lib/crypto/key-ring.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { openHangingProxy, type HangingProxy } from "../../support/store/hanging-proxy.js";
import { startPostgres, type PostgresServer } from "../../support/store/postgres-server.js";

const question = (): NodeMessage => ({ payload: "9990001014", cpis: { user: clinician } });
const listening = "ebxml-transport.status.listening";
const query = { ...queryNode, timeout: "2" };

async function codeOfQuery(nodeRed: NodeRed): Promise<string> {
  const count = nodeRed.completions.length;
  nodeRed.send("query", question());
  const newest = () => nodeRed.completions.slice(count).find(({ id }) => id === "query");
  await nodeRed.until("the end of the query", () => newest() !== undefined);
  return newest()?.code ?? "answered";
}

/** How often the simulator was asked. */
function asked(nodeRed: NodeRed): number {
  const kinds = nodeRed.messages("events").map(({ payload }) => Reflect.get(Object(payload), "kind") as unknown);
  return kinds.filter((kind) => kind === "request").length;
}

describe("a message store on a PostgreSQL that hangs", () => {
  const encryptionKey = encodeKeyRing(createKeyRing(randomBytes));
  let server: PostgresServer;
  let proxy: HangingProxy;
  let nodeRed: NodeRed;

  before(async () => {
    server = await startPostgres();
  });
  after(async () => {
    await server.close();
  });
  beforeEach(async () => {
    proxy = await openHangingProxy(server.port);
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
    await proxy.close();
  });

  const flowOn = (schema: string): readonly object[] => [
    ...receivers,
    simulatorNode,
    { id: "store", type: "message store", name: "", kind: "PostgreSQL", schema },
    { ...simulatorTransport, messageStore: "store" },
    query,
  ];

  function credentials(): object {
    const { user, password, host, database } = server.connection;
    const secret = encodeURIComponent(String(password));
    const databaseUrl = `postgres://${user}:${secret}@${host}:${proxy.port}/${database}?sslmode=disable`;
    return { store: { databaseUrl, encryptionKey } };
  }

  it("lets queries fail in their time, pages answer, and flows be deployed; and goes on when it goes on", async () => {
    const flow = flowOn(server.newSchema());
    await nodeRed.start(flow, credentials());
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(nodeRed), "answered");
    const before = asked(nodeRed);
    proxy.hang();
    const failed = codeOfQuery(nodeRed);
    assert.equal((await nodeRed.get("/cp-is/metrics")).status, 200);
    assert.equal(await failed, "STORE_UNAVAILABLE");
    assert.equal(await codeOfQuery(nodeRed), "STORE_UNAVAILABLE");
    await nodeRed.status("query", "status.failed");
    await nodeRed.deploy(flow, "full", credentials());
    assert.ok(!nodeRed.logs.some(({ text }) => /close timed out|stopping-error/i.test(text)));
    assert.equal(asked(nodeRed), before, "nothing was sent");
    proxy.goOn();
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(nodeRed), "answered");
  });

  it("does not keep the flows from starting", async () => {
    proxy.hang();
    await nodeRed.start(flowOn(server.newSchema()), credentials());
    assert.match(await codeOfQuery(nodeRed), /^(STORE_UNAVAILABLE|CONFIG_CLOSED)$/);
    proxy.goOn();
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(nodeRed), "answered");
  });
});

describe("an embedded message store whose file another program holds", () => {
  const nodeRed = new NodeRed();

  after(async () => {
    await nodeRed.stop();
  });

  it("lets queries fail with its code while all else goes on, and works when it is let go", async () => {
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, query]);
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(nodeRed), "answered");
    const before = asked(nodeRed);
    const other = new DatabaseSync(path.join(nodeRed.userFolder, "cp-is", "message-store", "messages.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 20);
    const failed = codeOfQuery(nodeRed);
    assert.equal((await nodeRed.get("/cp-is/metrics")).status, 200);
    assert.equal(await failed, "STORE_UNAVAILABLE");
    clearInterval(counting);
    // A wait for the file on the event loop would let none of them through.
    assert.ok(turns >= 10, `${turns} turns`);
    assert.equal(asked(nodeRed), before, "nothing was sent");
    other.exec("COMMIT");
    other.close();
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(nodeRed), "answered");
  });
});
