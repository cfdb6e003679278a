// A transport that names no store keeps its messages all the same, and nobody can read them from the disk.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { NodeMessage } from "node-red";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { caughtError, cpisDetail, NodeRed } from "../../support/nodes/node-red.js";
import { allBytes, allMessages, withDefaultStore } from "../../support/nodes/message-store/stored.js";

const childNumber = "9990001014";
const question = (): NodeMessage => ({ payload: childNumber, cpis: { user: clinician } });
const flow = [...receivers, simulatorTransport, simulatorNode, queryNode];
const storeNode = { id: "store", type: "message store", name: "" };
const withStore = { ...simulatorTransport, messageStore: "store" };
const secondTransport = { ...withStore, id: "second-transport", partyKey: "ZT8-900146", asid: "200000000116" };
const secondQuery = { ...queryNode, id: "second-query", transport: "second-transport" };

describe("a transport's message store", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("is made on first use, private, with a key beside it that only its owner can read", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    const folder = path.join(nodeRed.userFolder, "cp-is", "message-store");
    const rights = (file: string): number => fs.statSync(file).mode & 0o777;
    assert.equal(rights(folder), 0o700);
    assert.equal(rights(path.join(folder, "messages.sqlite")), 0o600);
    assert.equal(rights(`${folder}.key`), 0o600);
  });

  it("is not made while nobody uses the transport", async () => {
    await nodeRed.start([...receivers, simulatorTransport, simulatorNode, { ...queryNode, d: true }]);
    await nodeRed.status("simulator", "listening");
    assert.ok(!fs.existsSync(path.join(nodeRed.userFolder, "cp-is", "message-store")));
  });

  it("holds a query and its answer, finished, found by the child's number and sealed", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", question());
    const found = await nodeRed.nextMessage("found");
    const messageId = cpisDetail(found, "messageId");
    await nodeRed.halt();
    await withDefaultStore(nodeRed.userFolder, async (store) => {
      const query = await store.findByMessageId("outbound", messageId);
      assert.ok(query?.answeredBy !== undefined);
      assert.deepEqual([query.state, query.channel], ["completed", "ebxml simulator ZT7-900145"]);
      assert.notEqual(query.subjectHash, undefined);
      const { messages } = await store.list({ subject: "999 000 1014", direction: "outbound" }, 10);
      assert.deepEqual(
        messages.map(({ id }) => id),
        [query.id],
      );
      const answer = await store.findById(query.answeredBy);
      assert.equal(answer?.state, "confirmed");
      for (const id of [query.id, query.answeredBy]) {
        const content = await store.readContent(id);
        assert.ok(content.kind === "content" && content.bytes.includes(childNumber));
      }
    });
    const bytes = allBytes(nodeRed.userFolder);
    assert.ok(bytes.includes(messageId), "the search sees the rows");
    for (const marker of [childNumber, "urn:hl7-org:v3", "MCCI_IN010000UK13", "Anne"]) {
      assert.ok(!bytes.includes(marker), marker);
    }
  });

  it("drops the content of finished messages when only metadata is wanted", async () => {
    await nodeRed.start([
      ...flow.filter((node) => node !== simulatorTransport),
      withStore,
      { ...storeNode, mode: "metadata-only" },
    ]);
    nodeRed.send("query", question());
    await nodeRed.nextMessage("found");
    await nodeRed.halt();
    await withDefaultStore(nodeRed.userFolder, async (store) => {
      const { messages } = await store.list({}, 10);
      assert.equal(messages.length, 2);
      for (const { id } of messages) assert.equal((await store.readContent(id)).kind, "dropped");
    });
  });

  it("is one for two transports, and for two nodes with the same settings", async () => {
    const twin = { ...storeNode, id: "twin" };
    const other = { ...secondTransport, messageStore: "twin" };
    await nodeRed.start([...receivers, simulatorNode, storeNode, twin, withStore, other, queryNode, secondQuery]);
    nodeRed.send("query", question());
    nodeRed.send("second-query", question());
    await nodeRed.nextMessage("found", 2);
    // The second one goes on when the first is gone.
    await nodeRed.deploy([...receivers, simulatorNode, twin, other, secondQuery], "nodes");
    nodeRed.send("second-query", question());
    await nodeRed.nextMessage("found", 3);
    await nodeRed.halt();
    const channels = (await allMessages(nodeRed.userFolder)).map(({ channel }) => channel);
    const expected = ["ebxml simulator ZT7-900145", "ebxml simulator ZT8-900146"].flatMap((channel, index) =>
      Array<string>(index === 0 ? 2 : 4).fill(channel),
    );
    assert.deepEqual(channels.sort(), expected);
  });

  it("is refused to a second node with other settings for the same folder", async () => {
    const other = { ...storeNode, id: "other", mode: "metadata-only" };
    const second = { ...secondTransport, messageStore: "other" };
    await nodeRed.start([...receivers, simulatorNode, storeNode, other, withStore, second, queryNode, secondQuery]);
    await nodeRed.until("one listens and one is refused", () => {
      const texts = [nodeRed.statusText("query"), nodeRed.statusText("second-query")];
      return texts.includes("ebxml-transport.status.listening") && texts.includes("ebxml-transport.status.failed");
    });
    const refused = nodeRed.statusText("query") === "ebxml-transport.status.failed" ? "query" : "second-query";
    nodeRed.send(refused, question());
    await nodeRed.until("the refusal", () => nodeRed.messages("caught").some(({ payload }) => payload === childNumber));
    const caught = nodeRed.messages("caught").find(({ payload }) => payload === childNumber);
    assert.equal(caughtError(caught!).code, "CONFIG_INVALID");
    assert.match(caughtError(caught!).message, /other settings/);
    const gone = refused === "query" ? secondQuery : queryNode;
    const all = [...receivers, simulatorNode, storeNode, other, withStore, second, queryNode, secondQuery];
    await nodeRed.deploy(
      all.map((node) => (node === gone ? { ...node, d: true } : node)),
      "nodes",
    );
    await nodeRed.status(refused, "ebxml-transport.status.listening");
  });

  it("is missing when the node that the transport names is not there", async () => {
    await nodeRed.start([...receivers, simulatorNode, withStore, queryNode]);
    await nodeRed.status("query", "status.failed");
    nodeRed.send("query", question());
    await nodeRed.until("the refusal", () => nodeRed.messages("caught").some(({ payload }) => payload === childNumber));
    const caught = nodeRed.messages("caught").find(({ payload }) => payload === childNumber);
    assert.equal(caughtError(caught!).code, "CONFIG_MISSING");
  });
});
