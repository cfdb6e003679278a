// The connection check of a transport whose message store was given the organisation's own schemas.
import assert from "node:assert/strict";
import fs from "node:fs";
import { checkConnection } from "../../../lib/services/connection-check/connection-check.js";
import { isEbxmlTransportNode } from "../../../nodes/adapter/transports/transport-model.js";
import { queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { querySchemas, writeSchemas } from "../../support/schema/sample-schemas.js";

describe("the connection check of an ebxml transport with schemas", () => {
  const nodeRed = new NodeRed();
  const schemas = writeSchemas(querySchemas);

  after(async () => {
    await nodeRed.stop();
    fs.rmSync(schemas, { recursive: true });
  });

  it("says what they say of a question, and no child is asked about", async () => {
    const store = { id: "store", type: "message store", name: "", kind: "embedded", schemas };
    const transport = { ...simulatorTransport, messageStore: "store" };
    await nodeRed.start([...receivers, simulatorNode, store, transport, queryNode]);
    await nodeRed.status("query", "ebxml-transport.status.listening");
    const node = nodeRed.node("transport");
    assert.ok(isEbxmlTransportNode(node));
    const { check } = await node.transport.whenOpen(AbortSignal.timeout(120_000));
    const effects = { now: () => Date.now(), newUuid: () => crypto.randomUUID().toUpperCase() };
    const steps: string[] = [];
    for await (const { name, result } of checkConnection(check, { effects })) steps.push(`${name} ${result}`);
    assert.equal(steps.at(-1), "schemas warn");
    assert.ok(!nodeRed.messages("events").some(({ topic }) => topic === "exchange"));
  });
});
