// Node-RED with a message store on a real PostgreSQL: shared, lost, and back.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { NodeMessage } from "node-red";
import { createKeyRing, encodeKeyRing } from "../../../lib/crypto/key-ring.js";
import { startPostgres, type PostgresServer } from "../../support/store/postgres-server.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";

const childNumber = "9990001014";
const question = (): NodeMessage => ({ payload: childNumber, cpis: { user: clinician } });
const listening = "ebxml-transport.status.listening";
const encryptionKey = encodeKeyRing(createKeyRing(randomBytes));
const storeNode = { id: "store", type: "message store", name: "", kind: "PostgreSQL" };
const transport = { ...simulatorTransport, messageStore: "store" };

describe("a message store on PostgreSQL", () => {
  let server: PostgresServer;
  let nodeRed: NodeRed;

  before(async () => {
    server = await startPostgres();
  });
  after(async () => {
    await server.close();
  });
  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  function credentials(password = server.connection.password): object {
    const { user, host, port, database } = server.connection;
    const secret = typeof password === "string" ? encodeURIComponent(password) : "";
    const databaseUrl = `postgres://${user}:${secret}@${host}:${port}/${database}?sslmode=disable`;
    return { store: { databaseUrl, encryptionKey } };
  }

  async function start(schema: string, secrets = credentials()): Promise<void> {
    await nodeRed.start([...receivers, simulatorNode, { ...storeNode, schema }, transport, queryNode], secrets);
  }

  async function codeOfQuery(): Promise<string> {
    const count = nodeRed.completions.length;
    nodeRed.send("query", question());
    const newest = () => nodeRed.completions.slice(count).find(({ id }) => id === "query");
    await nodeRed.until("the end of the query", () => newest() !== undefined);
    return newest()?.code ?? "answered";
  }

  it("keeps queries sealed, and no number or name in any column", async () => {
    const schema = server.newSchema();
    await start(schema);
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
    await nodeRed.halt();
    const rows = await server.query(`SELECT direction, state FROM ${schema}.message ORDER BY id`);
    assert.deepEqual(rows, [
      { direction: "outbound", state: "completed" },
      { direction: "inbound", state: "confirmed" },
    ]);
    const tables = await server.query("SELECT table_name FROM information_schema.tables WHERE table_schema = $1", [
      schema,
    ]);
    assert.ok(tables.length >= 5);
    for (const { table_name: table } of tables) {
      const contents = await server.query(
        `SELECT encode(convert_to(t::text, 'UTF8'), 'escape') AS row FROM ${schema}.${String(table)} t`,
      );
      const text = contents.map(({ row }) => String(row)).join("\n");
      const marks = [
        childNumber,
        "Anne",
        Buffer.from(childNumber).toString("hex"),
        Buffer.from("urn:hl7-org").toString("hex"),
      ];
      for (const mark of marks) assert.ok(!text.includes(mark), `${mark} in ${String(table)}`);
    }
  });

  it("is an alert while the clock of another instance on it is wrong, until that is set", async () => {
    const schema = server.newSchema();
    const clock = { ahead: 5000 };
    const noted = Promise.withResolvers<number>();
    const other = await server.openStore(schema, {
      owner: "other",
      now: () => Date.now() + clock.ahead,
      clockMeasured: ({ skewMilliseconds }) => noted.resolve(skewMilliseconds),
    });
    /** What the transport of an earlier test of this process met is told first. */
    async function alertOf(condition: string, state: string): Promise<Record<string, unknown>> {
      for (let number = 1; ; number += 1) {
        const payload = (await nodeRed.nextMessage("alerts", number)).payload as Record<string, unknown>;
        if (payload["condition"] === condition && payload["state"] === state) return payload;
      }
    }
    try {
      await noted.promise;
      const alerts = { id: "alerts", type: "helper", z: "tab", x: 100, y: 300, wires: [] };
      const watch = { id: "watch", type: "cp-is alert", z: "tab", x: 100, y: 400, name: "", clearMinutes: "0" };
      const parts = [simulatorNode, { ...storeNode, schema }, transport, queryNode];
      const flow = [...receivers, ...parts, alerts, { ...watch, wires: [["alerts"]] }];
      await nodeRed.start(flow, credentials());
      const raised = await alertOf("clock-skew", "raised");
      assert.equal(raised["threshold"], 2);
      assert.ok(Math.abs(Number(raised["value"]) - 5) < 1, String(raised["value"]));
      clock.ahead = 0;
      await other.noteClock({ owner: "other", skewMilliseconds: 0, withinMilliseconds: 60_000, now: Date.now() });
      await alertOf("clock-skew", "cleared");
    } finally {
      await other.close();
    }
  });

  it("is red while this machine's clock is far off, though a query that was under way is answered in its time", async () => {
    await start(server.newSchema());
    await nodeRed.status("query", listening);
    const real = Date.now.bind(Date);
    try {
      const ended = codeOfQuery();
      Date.now = () => real() + 20_000;
      assert.equal(await ended, "answered");
      await nodeRed.status("query", "ebxml-transport.status.failed");
    } finally {
      Date.now = real;
    }
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("refuses while the server is gone, in red, and works again when it is back", async () => {
    await start(server.newSchema());
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
    await server.halt();
    try {
      const exchanges = nodeRed.messages("events").length;
      assert.match(await codeOfQuery(), /^STORE_(UNAVAILABLE|OUTCOME_UNKNOWN)$/);
      assert.equal(await codeOfQuery(), "STORE_UNAVAILABLE");
      await nodeRed.status("query", "status.failed");
      assert.equal(nodeRed.statuses.findLast(({ id }) => id === "query")?.status.fill, "red");
      assert.equal(nodeRed.messages("events").length, exchanges, "nothing was sent");
    } finally {
      await server.resume();
    }
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("starts while the server is gone, and works when it comes", async () => {
    const schema = server.newSchema();
    await server.halt();
    try {
      await start(schema);
      await nodeRed.status("query", "status.");
      assert.equal(await codeOfQuery(), "STORE_UNAVAILABLE");
    } finally {
      await server.resume();
    }
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("lets the flows be deployed while the server is gone: its nodes close by themselves", async () => {
    const schema = server.newSchema();
    await start(schema);
    assert.equal(await codeOfQuery(), "answered");
    await server.halt();
    try {
      assert.match(await codeOfQuery(), /^STORE_/);
      await nodeRed.deploy(
        [...receivers, simulatorNode, { ...storeNode, schema }, transport, queryNode],
        "full",
        credentials(),
      );
      assert.ok(!nodeRed.logs.some(({ text }) => /close timed out|stopping-error/i.test(text)));
    } finally {
      await server.resume();
    }
    await nodeRed.status("query", listening);
    assert.equal(await codeOfQuery(), "answered");
  });

  it("refuses a wrong password with a code, and tells it nowhere", async () => {
    await start(server.newSchema(), credentials("a wrong secret"));
    await nodeRed.status("query", "ebxml-transport.status.failed");
    assert.equal(await codeOfQuery(), "STORE_ACCESS_DENIED");
    for (const { text } of nodeRed.logs) assert.ok(!/wrong secret|wrong%20secret/.test(text), text);
  });

  it("asks for a key and a URL", async () => {
    await start(server.newSchema(), {});
    assert.equal(await codeOfQuery(), "CONFIG_MISSING");
  });
});
