// The `spine simulator` node: its commands, its events, and what it refuses.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { clinician, queryNode, receivers, simulatorNode, simulatorTransport } from "../../support/nodes/flows.js";
import { freePort, isPortFree } from "../../support/ports.js";
import { readEditorFiles, root } from "../../support/nodes/editor-files.js";
import { specialUploadNumbers } from "../../../lib/simulator/index.js";
import type * as simulatorLink from "../../../nodes/adapter/transports/simulator-link.js";

// The nodes that run are the built ones, so their link is the built one as well.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const link = require(
  path.join(root, "dist", "nodes", "adapter", "transports", "simulator-link.js"),
) as typeof simulatorLink;

function currentSimulator(): simulatorLink.SpineSimulator {
  let found: simulatorLink.SpineSimulator | undefined;
  link.watchSimulator((simulator) => (found = simulator))();
  assert.ok(found !== undefined);
  return found;
}

const flow = [...receivers, simulatorTransport, simulatorNode, queryNode];

describe("the spine simulator node", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("carries out a command and sends the message on with the outcome", async () => {
    await nodeRed.start(flow);
    const record = { nhsNumber: "9990000093", plans: [{ planType: "looked-after-child", startDate: "2026-03-02" }] };
    nodeRed.send("simulator", { payload: { command: "addRecord", record }, mine: 1 });
    const outcome = await nodeRed.nextMessage("events");
    assert.deepEqual([outcome.topic, outcome["mine"]], ["command", 1]);
    nodeRed.send("query", { payload: "9990000093", cpis: { user: clinician } });
    const { payload } = await nodeRed.nextMessage("found");
    assert.equal(Reflect.get(payload as object, "outcome"), "found");
  });

  it("gives a command that is wrong to a Catch node, and nothing else", async () => {
    await nodeRed.start(flow);
    for (const payload of [undefined, "reset", { command: "fly" }, { command: "addRecord", record: {} }]) {
      const count = nodeRed.messages("caught").length;
      nodeRed.send("simulator", { payload });
      assert.equal(caughtError(await nodeRed.nextMessage("caught", count + 1)).code, "CONFIG_INVALID");
    }
    assert.equal(nodeRed.messages("events").length, 0);
  });

  it("sends a message for each thing that happened, the conversation in full", async () => {
    await nodeRed.start(flow);
    nodeRed.send("query", { payload: "9990001022", cpis: { user: clinician } });
    const topics = (): (string | undefined)[] => nodeRed.messages("events").map(({ topic }) => topic);
    await nodeRed.until("every kind of event", () =>
      ["exchange", "access", "acknowledged"].every((topic) => topics().includes(topic)),
    );
    await nodeRed.until("both exchanges", () => topics().filter((topic) => topic === "exchange").length === 2);
    const [request] = nodeRed.messages("events").filter(({ topic }) => topic === "exchange");
    assert.match(String(Reflect.get(request?.payload as object, "request")), /^POST .*QUPC_IN000006GB01/s);
    await nodeRed.status("simulator", "spine-simulator.status.listening");
  });

  it("tells of uploads and notifications, and takes commands about local authorities", async () => {
    await nodeRed.start([...receivers, simulatorNode]);
    await nodeRed.status("simulator", "listening");
    const { mesh } = currentSimulator();
    const { mailbox } = mesh.openMailbox({ odsCode: "999" });
    const content = Buffer.from("<Folder/>");
    mesh.deliver({ from: mailbox, to: mesh.cpisMailbox, workflowId: mesh.workflowIds.upload, content });
    const upload = await nodeRed.nextMessage("events");
    const { topic, payload } = upload as { topic?: string; payload: Record<string, unknown> };
    assert.deepEqual([topic, payload["by"], payload["fileCode"]], ["upload", "mesh", "CPF01"]);
    nodeRed.send("simulator", { payload: { command: "inactivate", nhsNumber: "9990001014" } });
    await nodeRed.until("notification and outcome", () => nodeRed.messages("events").length === 3);
    const [, notification, outcome] = nodeRed.messages("events");
    assert.equal(notification?.topic, "notification");
    assert.equal(Reflect.get(notification.payload as object, "kind"), "inactive");
    assert.equal(Reflect.get(outcome?.payload as object, "notifications"), 1);
    assert.deepEqual(
      mesh.inbox(mailbox).map(({ messageType, workflowId }) => [messageType, workflowId]),
      [
        ["REPORT", mesh.workflowIds.upload],
        ["DATA", mesh.workflowIds.inactiveNotification],
      ],
    );
  });

  it("lists in its help each number that an upload is refused for", () => {
    const { help } = readEditorFiles("spine-simulator");
    const rows = [...help.matchAll(/^\| ([0-9, ]+) \| (CPR0[1-7])/gm)];
    const listed = rows.flatMap(([, numbers = "", code]) => numbers.split(", ").map((number) => `${number} ${code}`));
    assert.deepEqual(
      listed,
      specialUploadNumbers.map(({ nhsNumber, code }) => `${nhsNumber} ${code}`),
    );
  });

  it("keeps its authority in a folder of the user directory, and uses it again", async () => {
    await nodeRed.start(flow);
    await nodeRed.status("simulator", "listening");
    const file = path.join(nodeRed.userFolder, "cp-is-simulator", "authority-certificate.pem");
    const first = fs.readFileSync(file, "utf8");
    await nodeRed.deploy(flow, "full");
    nodeRed.send("query", { payload: "9990001014", cpis: { user: clinician } });
    await nodeRed.nextMessage("found");
    assert.equal(fs.readFileSync(file, "utf8"), first);
  });

  it("lets only one run: the second shows red, and takes over when the first goes", async () => {
    const second = { ...simulatorNode, id: "second" };
    await nodeRed.start([...receivers, simulatorNode, second]);
    await nodeRed.status("simulator", "listening");
    const { status } = nodeRed.statuses.find(({ id }) => id === "second")!;
    assert.deepEqual([status.fill, status.text], ["red", "spine-simulator.status.second"]);
    nodeRed.send("second", { payload: { command: "reset" } });
    assert.equal(caughtError(await nodeRed.nextMessage("caught")).code, "CONFIG_INVALID");
    await nodeRed.deploy([...receivers, second], "nodes");
    await nodeRed.status("second", "listening");
  });

  it("frees its port when it is removed or disabled", async () => {
    const port = await freePort();
    const simulator = { ...simulatorNode, port: String(port) };
    await nodeRed.start([...receivers, simulator]);
    await nodeRed.status("simulator", "listening");
    const meshPort = currentSimulator().mesh.port;
    await nodeRed.deploy([...receivers, { ...simulator, d: true }], "nodes");
    assert.ok(await isPortFree(port));
    assert.ok(await isPortFree(meshPort));
  });

  const broken: readonly (readonly [setting: string, value: string])[] = [
    ["host", "0.0.0.0"],
    ["host", "192.168.1.10"],
    ["port", "70000"],
    ["answerDelay", "-1"],
    ["meshPort", "70000"],
  ];
  for (const [setting, value] of broken) {
    it(`refuses ${value} as ${setting} with a red ring and an error for each command`, async () => {
      await nodeRed.start([...receivers, { ...simulatorNode, [setting]: value }]);
      assert.equal(nodeRed.statuses.find(({ id }) => id === "simulator")?.status.fill, "red");
      nodeRed.send("simulator", { payload: { command: "reset" } });
      assert.equal(caughtError(await nodeRed.nextMessage("caught")).code, "CONFIG_INVALID");
    });
  }

  it("says when its port is taken, and does not stop Node-RED", async () => {
    const port = await freePort();
    const first = { ...simulatorNode, port: String(port) };
    const server = (await import("node:net")).createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await nodeRed.start([...receivers, first]);
    await nodeRed.status("simulator", "spine-simulator.status.failed");
    server.close();
    nodeRed.send("simulator", { payload: { command: "reset" } });
    assert.equal(caughtError(await nodeRed.nextMessage("caught")).code, "CONFIG_PORT_IN_USE");
  });
});
