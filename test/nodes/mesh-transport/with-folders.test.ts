// The transport over the folders of the NHS's own client, with the test in the client's place.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { receivers } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { MailboxUser, upload, user } from "../../support/nodes/mesh-transport/mailbox-user.js";

const status = "mesh-transport.status.";
const controlFile = `<DTSControl><Version>1.0</Version><AddressType>DTS</AddressType><MessageType>Data</MessageType>
<From_DTS>ZSPOT001</From_DTS><To_DTS>ZT7OT001</To_DTS><LocalId>R-1</LocalId><DTSId>20261122104005987654_D4E5F6</DTSId>
<WorkflowId>EXAMPLE_INACTIVE</WorkflowId><IsCompressed>N</IsCompressed></DTSControl>`;

describe("a mesh transport over the folders of the client", () => {
  let nodeRed: NodeRed;
  let root: string;

  beforeEach(() => {
    nodeRed = new NodeRed();
    root = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-mesh-"));
    for (const name of ["IN", "OUT", "SENT"]) fs.mkdirSync(path.join(root, name));
  });
  afterEach(async () => {
    await nodeRed.stop();
    fs.rmSync(root, { recursive: true, force: true });
  });

  const transport = (): object => ({
    id: "mesh",
    type: "mesh transport",
    environment: "Live",
    way: "folder",
    folder: root,
    scanSeconds: "1",
    stableSeconds: "1",
    mailbox: "ZT7OT001",
    recipient: "ZSPOT001",
    workflowUpload: "EXAMPLE_UPLOAD",
    workflowResponse: "EXAMPLE_RESPONSE",
    workflowAccess: "EXAMPLE_ACCESS",
    workflowInactive: "EXAMPLE_INACTIVE",
  });

  it("puts files out as pairs and collects pairs, without any credentials", async () => {
    await nodeRed.start([...receivers, user, transport()]);
    const mailbox = new MailboxUser(nodeRed);
    await mailbox.consume();
    fs.writeFileSync(path.join(root, "IN", "A.dat"), '<CP-ISInactiveNHSNumberNotification xmlns="urn:hl7-org:v3"/>');
    fs.writeFileSync(path.join(root, "IN", "A.ctl"), controlFile);
    const { exchange } = await mailbox.open();
    await exchange.send(upload(42));
    await mailbox.untilReceived(1);
    assert.equal(mailbox.received[0]?.kind, "inactive-notification");
    await nodeRed.status("user", `${status}lastSuccess`);
    const out = fs.readdirSync(path.join(root, "OUT"));
    assert.deepEqual(out.map((name) => path.extname(name)).sort(), [".ctl", ".dat"]);
    const control = fs.readFileSync(path.join(root, "OUT", out.find((name) => name.endsWith(".ctl")) ?? ""), "utf8");
    assert.match(control, /<WorkflowId>EXAMPLE_UPLOAD<\/WorkflowId>[^]*<To_DTS>ZSPOT001<\/To_DTS>/);
  });

  it("says that a folder is missing, and works once it is there", async () => {
    fs.rmdirSync(path.join(root, "OUT"));
    await nodeRed.start([...receivers, user, transport()]);
    new MailboxUser(nodeRed);
    await nodeRed.status("user", `${status}failed`);
    await nodeRed.logged("MESH_FOLDER_MISSING");
    fs.mkdirSync(path.join(root, "OUT"));
    await nodeRed.status("user", `${status}lastSuccess`);
  });
});
