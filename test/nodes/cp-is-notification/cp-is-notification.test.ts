// The `cp-is notification` and `cp-is confirm` nodes in a real runtime: a hospital looks, a local authority is told.
import assert from "node:assert/strict";
import path from "node:path";
import type { NodeMessage } from "node-red";
import type * as simulatorLink from "../../../nodes/adapter/transports/simulator-link.js";
import { confirmNode, notificationNode, surroundings, uploadNode, ways } from "../../support/nodes/authority-flows.js";
import { root } from "../../support/nodes/editor-files.js";
import { clinician } from "../../support/nodes/flows.js";
import { caughtError, cpisDetail, NodeRed } from "../../support/nodes/node-red.js";

// The nodes that run are the built ones, so their link is the built one as well.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const link = require(
  path.join(root, "dist", "nodes", "adapter", "transports", "simulator-link.js"),
) as typeof simulatorLink;

/** A sample child of the simulated register that belongs to this authority. */
const child = "9990001065";

function told(message: NodeMessage, name: string): unknown {
  return Reflect.get(message.payload as object, name);
}

function partsOf(message: NodeMessage): { readonly id: string; readonly index: number; readonly count: number } {
  return Reflect.get(message, "parts") as { id: string; index: number; count: number };
}

for (const way of ways) {
  describe(`the cp-is notification node over ${way}`, () => {
    let nodeRed: NodeRed;

    beforeEach(() => {
      nodeRed = new NodeRed();
    });
    afterEach(async () => {
      await nodeRed.stop();
    });

    async function start(...nodes: readonly object[]): Promise<void> {
      await nodeRed.start([...surroundings, ...nodes]);
      await nodeRed.status("notification", way === "mesh" ? "lastSuccess" : "listening");
      await nodeRed.status("query", "listening");
    }

    /** A hospital asks so many times. */
    async function look(times: number): Promise<void> {
      const before = nodeRed.messages("found").length;
      for (let count = 0; count < times; count += 1) {
        nodeRed.send("query", { payload: child, cpis: { user: clinician } });
      }
      await nodeRed.nextMessage("found", before + times);
    }

    function command(payload: object): void {
      nodeRed.send("simulator", { payload });
    }

    it("gives each access to its first output, and each inactive number to its second", async () => {
      await start(notificationNode(way));
      await look(1);
      const access = await nodeRed.nextMessage("access");
      assert.deepEqual([access.topic, told(access, "nhsNumber")], ["access", child]);
      const author = told(access, "author") as { readonly name: { readonly family: string } };
      assert.equal(author.name.family, "Example");
      assert.deepEqual([cpisDetail(access, "kind"), cpisDetail(access, "delivery")], ["access", "1"]);
      assert.equal(cpisDetail(access, "confirm"), "undefined");
      assert.deepEqual([partsOf(access).index, partsOf(access).count], [0, 1]);
      command({ command: "inactivate", nhsNumber: child, replacedBy: ["9990000069"] });
      const inactive = await nodeRed.nextMessage("inactive");
      assert.deepEqual([told(inactive, "nhsNumber"), told(inactive, "replacedBy")], [child, ["9990000069"]]);
      assert.equal(nodeRed.messages("caught").length + nodeRed.messages("unknown").length, 0);
    });

    it("shows a notification that nothing happened, and sends nothing for it", async () => {
      await start(notificationNode(way));
      command({ command: "notify-accesses", localAuthority: "998" });
      await nodeRed.status("notification", "status.empty");
      assert.equal(nodeRed.messages("access").length, 0);
    });
  });
}

describe("the cp-is notification node", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  function deliver(content: string): void {
    let simulator: simulatorLink.SpineSimulator | undefined;
    link.watchSimulator((offered) => (simulator = offered))();
    assert.ok(simulator !== undefined);
    const { mesh } = simulator;
    const to = mesh.findMailbox("998")?.mailbox ?? "";
    const workflowId = mesh.workflowIds.accessNotification;
    mesh.deliver({ from: mesh.cpisMailbox, to, workflowId, content: Buffer.from(content) });
  }

  it("gives what came while it was away when it is there again", async () => {
    // It keeps the transport open.
    const neighbour = uploadNode("mesh");
    await nodeRed.start([...surroundings, neighbour]);
    await nodeRed.status("upload", "lastSuccess");
    nodeRed.send("simulator", { payload: { command: "inactivate", nhsNumber: child } });
    await nodeRed.logged("CP-ISInactiveNHSNumberNotification");
    await nodeRed.deploy([...surroundings, neighbour, notificationNode("mesh")], "nodes");
    assert.equal(told(await nodeRed.nextMessage("inactive"), "nhsNumber"), child);
  });

  it("gives what CP-IS is not known to send to a third output, and sets aside what it cannot read", async () => {
    await nodeRed.start([...surroundings, notificationNode("mesh", { takesUnknown: true, outputs: 3 })]);
    await nodeRed.status("notification", "lastSuccess");
    deliver('<CP-ISAccessToServiceNotification xmlns="urn:hl7-org:v3">');
    const caught = await nodeRed.nextMessage("caught");
    assert.match(caughtError(caught).code, /^XML_/);
    assert.match(cpisDetail(caught, "messageId"), /^\d{17}/);
    deliver("<Newsletter/>");
    const message = await nodeRed.nextMessage("unknown");
    assert.equal(String(message.payload), "<Newsletter/>");
    assert.deepEqual([message.topic, cpisDetail(message, "kind")], ["unknown", "unknown"]);
    assert.equal(nodeRed.messages("access").length, 0);
  });
});

describe("notifications that the flow confirms", () => {
  let nodeRed: NodeRed;

  beforeEach(() => {
    nodeRed = new NodeRed();
  });
  afterEach(async () => {
    await nodeRed.stop();
  });

  const byFlow = notificationNode("ebxml", { confirm: "by-flow" });

  async function startAndLook(flow: readonly object[]): Promise<NodeMessage> {
    await nodeRed.start(flow);
    await nodeRed.status("notification", "listening");
    await nodeRed.status("query", "listening");
    nodeRed.send("query", { payload: child, cpis: { user: clinician } });
    return nodeRed.nextMessage("access");
  }

  it("are confirmed by the confirm node, which passes the message on without its ticket", async () => {
    const message = await startAndLook([...surroundings, byFlow, confirmNode]);
    nodeRed.send("confirm", { ...message, mine: 7 });
    const confirmed = await nodeRed.nextMessage("confirmed");
    assert.deepEqual([confirmed["mine"], told(confirmed, "nhsNumber")], [7, child]);
    assert.deepEqual([cpisDetail(confirmed, "kind"), cpisDetail(confirmed, "confirm")], ["access", "undefined"]);
    await nodeRed.status("confirm", "status.confirmed");
    nodeRed.send("simulator", { payload: { command: "inactivate", nhsNumber: child } });
    assert.deepEqual(told(await nodeRed.nextMessage("inactive"), "replacedBy"), []);
  });

  it("are not known any more to a node that was deployed anew, until they are given again", async () => {
    const message = await startAndLook([...surroundings, byFlow, confirmNode]);
    await nodeRed.deploy([...surroundings, { ...byFlow, confirm: "on-handover" }, confirmNode], "nodes");
    nodeRed.send("confirm", { ...message });
    await nodeRed.nextMessage("confirmed");
    await nodeRed.status("confirm", "status.unknown");
  });

  it("refuse a message that carries nothing to confirm, and pass on one that nobody knows any more", async () => {
    await nodeRed.start([...surroundings, byFlow, confirmNode]);
    const wrong = [undefined, 7, {}, { confirm: "all" }, { confirm: { node: "notification", delivery: 7, part: -1 } }];
    for (const [index, cpis] of wrong.entries()) {
      nodeRed.send("confirm", { payload: "as it was", cpis });
      const message = await nodeRed.nextMessage("caught", index + 1);
      assert.deepEqual([caughtError(message).code, message.payload], ["CPIS_NOTHING_TO_CONFIRM", "as it was"]);
    }
    await nodeRed.status("confirm", "status.failed");
    nodeRed.send("confirm", { payload: "old", cpis: { confirm: { node: "gone", delivery: 7, part: 0 } } });
    assert.equal((await nodeRed.nextMessage("confirmed")).payload, "old");
    await nodeRed.status("confirm", "status.unknown");
  });
});

describe("two notification nodes at one transport", () => {
  const nodeRed = new NodeRed();

  after(async () => {
    await nodeRed.stop();
  });

  it("do not share: the second says that it gets none, and takes over when the first goes", async () => {
    const second = notificationNode("ebxml", { id: "second", wires: [["unknown"], ["unknown"], []] });
    await nodeRed.start([...surroundings, notificationNode("ebxml"), second]);
    await nodeRed.status("second", "status.another");
    await nodeRed.logged("warning.another");
    await nodeRed.status("query", "listening");
    nodeRed.send("query", { payload: child, cpis: { user: clinician } });
    await nodeRed.nextMessage("access");
    await nodeRed.deploy([...surroundings, second], "nodes");
    await nodeRed.status("second", "listening");
    nodeRed.send("simulator", { payload: { command: "inactivate", nhsNumber: child } });
    await nodeRed.nextMessage("unknown");
  });
});
