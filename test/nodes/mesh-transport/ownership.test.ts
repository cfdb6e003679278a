// Who owns stored files is the mailbox: one transport has it at a time, whatever the id of its node.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { receivers } from "../../support/nodes/flows.js";
import { MailboxUser, upload, user } from "../../support/nodes/mesh-transport/mailbox-user.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { outbound } from "../../support/store/sample-messages.js";

const status = "mesh-transport.status.";

describe("the mailbox of a mesh transport", () => {
  let nodeRed: NodeRed;
  let root: string;
  const other = { ...user, id: "other" };

  beforeEach(() => {
    nodeRed = new NodeRed();
    root = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-mesh-"));
    for (const name of ["IN", "OUT", "SENT"]) fs.mkdirSync(path.join(root, name));
  });
  afterEach(async () => {
    await nodeRed.stop();
    fs.rmSync(root, { recursive: true, force: true });
  });

  const transport = (id: string, mailbox = "ZT7OT001"): object => ({
    id,
    type: "mesh transport",
    name: `called ${id}`,
    environment: "Live",
    way: "folder",
    folder: root,
    scanSeconds: "1",
    stableSeconds: "1",
    mailbox,
    recipient: "ZSPOT001",
    workflowUpload: "EXAMPLE_UPLOAD",
    workflowResponse: "EXAMPLE_RESPONSE",
    workflowAccess: "EXAMPLE_ACCESS",
    workflowInactive: "EXAMPLE_INACTIVE",
    takesAll: false,
  });
  const controlFilesInOut = (): number =>
    fs.readdirSync(path.join(root, "OUT")).filter((name) => name.endsWith(".ctl")).length;

  it("is one transport's at a time: a second refuses in words, and has it when the first is gone", async () => {
    await nodeRed.start([...receivers, user, other, transport("first"), transport("second")]);
    new MailboxUser(nodeRed, "user", "first");
    await nodeRed.status("user", `${status}lastSuccess`);
    const late = new MailboxUser(nodeRed, "other", "second");
    await nodeRed.status("other", `${status}identityInUse`);
    await assert.rejects(late.open(), { code: "CONFIG_IDENTITY_IN_USE" });
    await nodeRed.logged("mailbox ZT7OT001, which the transport called first has");
    await nodeRed.deploy([...receivers, other, transport("second")], "nodes");
    await nodeRed.status("other", `${status}lastSuccess`);
  });

  it("keeps its files when its transport is replaced by one with another id", async () => {
    await nodeRed.start([...receivers, user, transport("first")]);
    const { exchange } = await new MailboxUser(nodeRed, "user", "first").open();
    await nodeRed.status("user", `${status}lastSuccess`);
    fs.renameSync(path.join(root, "OUT"), path.join(root, "elsewhere"));
    await exchange.send(upload(42));
    await nodeRed.logged("MESH_FOLDER_MISSING");
    fs.renameSync(path.join(root, "elsewhere"), path.join(root, "OUT"));
    await nodeRed.deploy([...receivers, other, transport("replacement")], "full");
    new MailboxUser(nodeRed, "other", "replacement");
    await nodeRed.until("the file in OUT", () => controlFilesInOut() === 1);
  });

  it("adopts what was stored under the id of a node that is gone, and says so; another mailbox's it leaves", async () => {
    await nodeRed.start([...receivers, user, transport("first")]);
    const { exchange, store, channel } = await new MailboxUser(nodeRed, "user", "first").open();
    assert.equal(channel, "mesh ZT7OT001");
    await nodeRed.status("user", `${status}lastSuccess`);
    // As this package stored it before mailboxes owned their files.
    const own = { state: "queued", fromParty: "ZT7OT001", channel: "e1f2a3b4c5d6e7f8" } as const;
    const [old, stranger] = await store.acceptOutbound([outbound(own), outbound({ ...own, fromParty: "ZX9OT001" })]);
    await exchange.send(upload(43));
    await nodeRed.deploy([...receivers, other, transport("replacement")], "full");
    const { store: again } = await new MailboxUser(nodeRed, "other", "replacement").open();
    await nodeRed.logged("adopted 1 stored messages of mailbox ZT7OT001 from the node e1f2a3b4c5d6e7f8");
    assert.ok(old !== undefined && stranger !== undefined);
    assert.equal((await again.findById(old))?.channel, "mesh ZT7OT001");
    assert.equal((await again.findById(stranger))?.channel, own.channel);
    await nodeRed.logged("WORK_WITHOUT_TRANSPORT 1 stored messages of e1f2a3b4c5d6e7f8 wait");
  });
});
