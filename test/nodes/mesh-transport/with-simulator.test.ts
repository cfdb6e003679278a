// The transport and the simulator node find each other in any order; an ODS code is all that the transport is told.
import assert from "node:assert/strict";
import path from "node:path";
import type * as simulatorLink from "../../../nodes/adapter/transports/simulator-link.js";
import { root } from "../../support/nodes/editor-files.js";
import { receivers, simulatorNode } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { MailboxUser, upload, user } from "../../support/nodes/mesh-transport/mailbox-user.js";

// The nodes that run are the built ones, so their link is the built one as well.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const link = require(
  path.join(root, "dist", "nodes", "adapter", "transports", "simulator-link.js"),
) as typeof simulatorLink;

const status = "mesh-transport.status.";
const transport = { id: "mesh", type: "mesh transport", environment: "simulator", odsCode: "999", pollSeconds: "1" };
const withoutSimulator = [...receivers, user, transport];
const whole = [...withoutSimulator, simulatorNode];

function currentSimulator(): simulatorLink.SpineSimulator {
  let found: simulatorLink.SpineSimulator | undefined;
  link.watchSimulator((simulator) => (found = simulator))();
  assert.ok(found !== undefined);
  return found;
}

function notify(): void {
  const { mesh } = currentSimulator();
  mesh.deliver({
    from: mesh.cpisMailbox,
    to: mesh.findMailbox("999")?.mailbox ?? "",
    workflowId: mesh.workflowIds.accessNotification,
    content: Buffer.from('<CP-ISAccessToServiceNotification xmlns="urn:hl7-org:v3"/>'),
  });
}

describe("a mesh transport with the simulator", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  it("sends a file to CP-IS, and brings back what CP-IS says of it, and notifications", async () => {
    await nodeRed.start(whole);
    const mailbox = new MailboxUser(nodeRed);
    await mailbox.consume();
    await nodeRed.status("user", `${status}lastSuccess`);
    const { exchange, store, channel } = await mailbox.open();
    assert.equal(channel, "mesh simulated 999OT001");
    const id = await exchange.send(upload(42));
    assert.equal((await store.findById(id))?.channel, channel);
    await mailbox.untilReceived(1);
    assert.ok(["upload-response", "report"].includes(mailbox.received[0]?.kind ?? ""));
    notify();
    await mailbox.untilReceived(2);
    assert.equal(mailbox.received[1]?.kind, "access-notification");
  });

  it("waits for a simulator that is deployed later, and for the next one when that goes", async () => {
    await nodeRed.start(withoutSimulator);
    new MailboxUser(nodeRed);
    await nodeRed.status("user", `${status}waitingForSimulator`);
    await nodeRed.deploy(whole, "nodes");
    await nodeRed.status("user", `${status}lastSuccess`);
    await nodeRed.deploy(withoutSimulator, "nodes");
    new MailboxUser(nodeRed);
    await nodeRed.status("user", `${status}waitingForSimulator`);
    await nodeRed.deploy([...withoutSimulator, { ...simulatorNode, name: "new" }], "nodes");
    await nodeRed.status("user", `${status}lastSuccess`);
  });

  it("opens for its first user, keeps users by id as Node-RED looks for them, and closes after the last", async () => {
    const other = { ...user, id: "other" };
    await nodeRed.start([...whole, other]);
    const users = (): string[] => Object.keys(Reflect.get(nodeRed.node("mesh"), "users") as object);
    await nodeRed.status("simulator", "listening");
    assert.equal(currentSimulator().mesh.findMailbox("999"), undefined);
    const first = new MailboxUser(nodeRed);
    const second = new MailboxUser(nodeRed, "other");
    await nodeRed.status("user", `${status}lastSuccess`);
    await nodeRed.status("other", `${status}lastSuccess`);
    assert.deepEqual(users(), ["user", "other"]);
    await first.leave();
    await second.open();
    await second.leave();
    assert.deepEqual(users(), []);
    await assert.rejects(second.open(), { code: "CONFIG_CLOSED" });
  });

  it("keeps a notification that nobody takes yet, over a restart, and gives it out once", async () => {
    await nodeRed.start(whole);
    const early = new MailboxUser(nodeRed);
    await nodeRed.status("user", `${status}lastSuccess`);
    notify();
    await nodeRed.logged("received");
    await early.leave();
    await nodeRed.deploy([...whole, { ...user, id: "late" }], "full");
    const late = new MailboxUser(nodeRed, "late");
    await late.consume();
    await late.untilReceived(1);
    notify();
    await late.untilReceived(2);
    assert.equal(new Set(late.received.map(({ file }) => file.messageId)).size, 2);
  });

  it("leaves no socket and no timer behind", async () => {
    const count = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Timeout|Pipe)/.test(name) && name !== "PipeWrap");
    const round = async (): Promise<void> => {
      await nodeRed.start(whole);
      const mailbox = new MailboxUser(nodeRed);
      await mailbox.consume();
      await nodeRed.status("user", `${status}collects`);
      await nodeRed.stop();
      nodeRed = new NodeRed();
    };
    await round();
    const before = count().length;
    for (let times = 0; times < 2; times += 1) await round();
    assert.ok(count().length <= before, `${before} before, after: ${count().join()}`);
    await nodeRed.start([...receivers]);
  });
});
