// The transport with credentials and certificates given by hand, as towards a MESH of the NHS.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import {
  createMeshServer,
  createPki,
  type IssuedCertificate,
  type MeshServer,
  type Pki,
} from "../../../lib/simulator/index.js";
import { createCheckDesk } from "../../../nodes/adapter/transports/connection-check-route.js";
import { receivers } from "../../support/nodes/flows.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";
import { startConnectProxy } from "../../support/tls/connect-proxy.js";
import { MailboxUser, upload, user } from "../../support/nodes/mesh-transport/mailbox-user.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
const own = { odsCode: "999", mailbox: "ZT7OT001", password: "pa55-Word!" };
const sharedKey = "example-shared-key-0001";
const status = "mesh-transport.status.";

const transport = {
  id: "mesh",
  type: "mesh transport",
  name: "to MESH",
  environment: "other",
  way: "api",
  mailbox: own.mailbox,
  recipient: "ZSPOT001",
  baseUrl: "https://127.0.0.1:1",
  tls: "tls",
  pollMinutes: "5",
  workflowUpload: "EXAMPLE_UPLOAD",
  workflowResponse: "EXAMPLE_RESPONSE",
  workflowAccess: "EXAMPLE_ACCESS",
  workflowInactive: "EXAMPLE_INACTIVE",
  fileNamePattern: "{ods}-{number}-{timestamp}.xml",
};

describe("a mesh transport with credentials by hand", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let tls: object;
  /** That trusts another authority as well. */
  let tlsOfBoth: object | undefined;
  const servers: MeshServer[] = [];

  before(async () => {
    pki = await createPki(effects);
    const { certPem, keyPem } = await pki.issue({ commonName: "node-red.999.api.mesh-client.nhs.uk", usage: "client" });
    tls = { certdata: certPem, keydata: keyPem, cadata: pki.caPem };
  });
  beforeEach(() => {
    nodeRed = new NodeRed();
    tlsOfBoth = undefined;
  });
  afterEach(async () => {
    await nodeRed.stop();
    for (const server of servers.splice(0)) await server.close();
  });

  async function startServer(port = 0, certificate?: IssuedCertificate): Promise<MeshServer> {
    const workflowIds = {
      upload: transport.workflowUpload,
      response: transport.workflowResponse,
      accessNotification: transport.workflowAccess,
      inactiveNotification: transport.workflowInactive,
    };
    const cpis = { mailbox: transport.recipient, odsCode: "YZ1" };
    const shown = certificate === undefined ? {} : { certificate };
    const server = await createMeshServer({ pki, effects, port, sharedKey, cpis, workflowIds, ...shown });
    server.openMailbox(own);
    servers.push(server);
    return server;
  }

  async function start(
    settings: object,
    secrets: object = { password: own.password, sharedKey },
  ): Promise<MailboxUser> {
    await nodeRed.start([...receivers, user, tlsNode, settings], { tls: tlsOfBoth ?? tls, mesh: secrets });
    return new MailboxUser(nodeRed);
  }

  it("sends and collects, with its names and the certificates of the TLS node", async () => {
    const server = await startServer();
    const mailbox = await start({ ...transport, baseUrl: server.url });
    server.deliver({
      from: transport.recipient,
      to: own.mailbox,
      workflowId: transport.workflowAccess,
      content: Buffer.from('<CP-ISAccessToServiceNotification xmlns="urn:hl7-org:v3"/>'),
    });
    await mailbox.consume();
    await mailbox.untilReceived(1);
    const [notification] = mailbox.received;
    assert.equal(notification?.kind, "access-notification");
    assert.match(notification.text, /^<CP-ISAccess/);
    const { exchange } = await mailbox.open();
    await exchange.send(upload(42));
    await nodeRed.logged("accepted 999-000042-");
    const [file] = server.inbox(transport.recipient);
    assert.equal(file?.fileName, "999-000042-20261122101530.xml");
    assert.equal(file.workflowId, transport.workflowUpload);
    assert.equal(file.content.toString(), '<File xmlns="urn:hl7-org:v3"/>');
    await nodeRed.status("user", `${status}lastSuccess`);
  });

  it("takes a file while MESH is down, says so, and sends it once when MESH is up", async () => {
    const port = await freePort();
    const mailbox = await start({ ...transport, baseUrl: `https://127.0.0.1:${port}` });
    await nodeRed.status("user", `${status}unreachable`);
    const { exchange } = await mailbox.open();
    await exchange.send(upload(43));
    const server = await startServer(port);
    await nodeRed.logged("accepted 999-000043-");
    assert.equal(server.inbox(transport.recipient).length, 1);
    await nodeRed.status("user", `${status}lastSuccess`);
  });

  it("says that credentials are refused, once in the log, and repeats no secret", async () => {
    const server = await startServer();
    await start({ ...transport, baseUrl: server.url }, { password: "wr0ng-Word!", sharedKey });
    await nodeRed.status("user", `${status}refused`);
    const errors = nodeRed.logs.filter(({ level, text }) => level === 20 && text.includes("MESH_UNAUTHORISED"));
    assert.equal(errors.length, 1);
    const told = JSON.stringify([nodeRed.logs, nodeRed.statuses]);
    for (const secret of ["wr0ng-Word!", sharedKey, "NHSMESH"]) assert.ok(!told.includes(secret), secret);
  });

  it("shows that a certificate of MESH ends soon, warns of it once, and works on", async () => {
    const notAfter = Date.now() + 12.5 * 86_400_000;
    const certificate = await pki.issue({ commonName: "mesh", ipAddresses: ["127.0.0.1"], usage: "server", notAfter });
    const server = await startServer(0, certificate);
    const mailbox = await start({ ...transport, baseUrl: server.url });
    await nodeRed.status("user", `${status}certificateDays`);
    const shown = nodeRed.statuses.findLast(({ id }) => id === "user")?.status;
    assert.deepEqual([shown?.fill, shown?.shape], ["yellow", "dot"]);
    const { exchange } = await mailbox.open();
    await exchange.send(upload(44));
    await nodeRed.logged("accepted 999-000044-");
    const warnings = nodeRed.logs.filter(
      ({ level, text }) => level === 30 && text.includes("TLS_CERTIFICATE_VALIDITY"),
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.text ?? "", /the other side's, mesh \(127\.0\.0\.1\), .* 12 days left/);
  });

  function deliver(server: MeshServer, from: string, workflowId: string): void {
    const content = Buffer.from('<CP-ISInactiveNHSNumberNotification xmlns="urn:hl7-org:v3"/>');
    server.deliver({ from, to: own.mailbox, workflowId, content });
  }

  it("leaves other systems' files and a stranger's under CP-IS's workflow where they are, and counts them", async () => {
    const server = await startServer();
    deliver(server, transport.recipient, "OTHER_ID");
    deliver(server, "EVIL0001", transport.workflowInactive);
    deliver(server, transport.recipient, transport.workflowInactive);
    const mailbox = await start({ ...transport, baseUrl: server.url, takesAll: false });
    await mailbox.consume();
    await nodeRed.status("user", `${status}foreignLeft`);
    await mailbox.untilReceived(1);
    assert.equal(mailbox.received[0]?.file.from, transport.recipient);
    assert.equal(server.inbox(own.mailbox).length, 2);
    await nodeRed.logged("OTHER_SENDER");
    const told = nodeRed.logs.filter(({ text }) => text.includes("FOREIGN_MESSAGES_LEFT"));
    assert.equal(told.length, 1);
    const shown = nodeRed.statuses.findLast(({ id }) => id === "user")?.status;
    assert.equal(shown?.fill, "green");
  });

  it("asks for a look when something is left, in a flow from before that could be set", async () => {
    const server = await startServer();
    deliver(server, transport.recipient, "OTHER_ID");
    await start({ ...transport, baseUrl: server.url });
    await nodeRed.status("user", `${status}foreignUnsettled`);
    assert.equal(nodeRed.statuses.findLast(({ id }) => id === "user")?.status.fill, "yellow");
    assert.equal(server.inbox(own.mailbox).length, 1);
  });

  it("takes other systems' files too where the mailbox is ours alone, as unknown", async () => {
    const server = await startServer();
    deliver(server, transport.recipient, "OTHER_ID");
    const mailbox = await start({ ...transport, baseUrl: server.url, takesAll: true });
    await mailbox.consume();
    await mailbox.untilReceived(1);
    assert.equal(mailbox.received[0]?.kind, "unknown");
    assert.equal(server.inbox(own.mailbox).length, 0);
  });

  it("reaches MESH through a proxy, with the name and password of Node-RED's own proxy node", async () => {
    const host = "mesh.sim.example.nhs.uk";
    const certificate = await pki.issue({ commonName: host, dnsNames: [host], usage: "server" });
    const server = await startServer(0, certificate);
    const leadsTo = { host: "127.0.0.1", port: server.port };
    const proxy = await startConnectProxy({ credentials: "council:pr0xy-Word!", leadsTo });
    const proxied = { ...transport, baseUrl: `https://${host}`, proxy: "proxy" };
    const proxyNode = { id: "proxy", type: "http proxy", name: "", url: proxy.url, noproxy: [] };
    const secrets = { password: own.password, sharedKey };
    try {
      const flow = [...receivers, user, tlsNode, proxyNode, proxied];
      await nodeRed.start(flow, { tls, mesh: secrets, proxy: { username: "council", password: "pr0xy-Word!" } });
      const { exchange } = await new MailboxUser(nodeRed).open();
      await exchange.send(upload(45));
      await nodeRed.logged("accepted 999-000045-");
      assert.equal(server.inbox(transport.recipient).length, 1);
      assert.ok(proxy.asked.every((peer) => peer === `${host}:443`) && proxy.asked.length > 0);
      await nodeRed.stop();
      nodeRed = new NodeRed();
      await nodeRed.start(flow, { tls, mesh: secrets, proxy: { username: "council", password: "wr0ng" } });
      new MailboxUser(nodeRed);
      await nodeRed.logged("TLS_PROXY_AUTHENTICATION");
      assert.ok(!JSON.stringify(nodeRed.logs).includes("wr0ng"));
    } finally {
      await proxy.close();
    }
  });

  /** In the user's folder, which is gone with the test. */
  async function listOf(revoked: readonly IssuedCertificate[], issuer: Pki = pki): Promise<string> {
    const file = path.join(nodeRed.userFolder, "revoked.pem");
    fs.writeFileSync(file, await issuer.revoke(revoked.map(({ certPem }) => certPem)));
    return file;
  }

  it("refuses a MESH whose certificate is on a list of its authority: nothing is sent or collected", async () => {
    const certificate = await pki.issue({ commonName: "mesh", ipAddresses: ["127.0.0.1"], usage: "server" });
    const server = await startServer(0, certificate);
    deliver(server, transport.recipient, transport.workflowInactive);
    const settings = { ...transport, baseUrl: server.url, revocationFiles: await listOf([certificate]) };
    const mailbox = await start(settings);
    await nodeRed.logged("TLS_PEER_REVOKED");
    assert.equal(nodeRed.statuses.findLast(({ id }) => id === "user")?.status.fill, "red");
    const { exchange } = await mailbox.open();
    await exchange.send(upload(46));
    assert.deepEqual([server.inbox(transport.recipient).length, server.inbox(own.mailbox).length], [0, 1]);
    const checked = await createCheckDesk((id) => nodeRed.node(id))("mesh", AbortSignal.timeout(120_000));
    assert.match(JSON.stringify(checked.body), /"handshake","title":"[^"]*","result":"fail"[^}]*TLS_PEER_REVOKED/);
    // The list is read anew, and MESH is on it no more.
    await listOf([]);
    await nodeRed.deploy([...receivers, user, tlsNode, settings], "full", {
      tls,
      mesh: { password: own.password, sharedKey },
    });
    new MailboxUser(nodeRed);
    await nodeRed.logged("accepted 999-000046-");
    assert.equal(server.inbox(transport.recipient).length, 1);
  });

  it("warns of a list that is overdue, and works on by it", async () => {
    const server = await startServer();
    let isPast = false;
    const keys = await createPki({ now: () => (isPast ? Date.now() - 20 * 366 * 86_400_000 : Date.now()) });
    isPast = true;
    const revocationFiles = await listOf([], keys);
    tlsOfBoth = { ...tls, cadata: `${pki.caPem}${keys.caPem}` };
    await start({ ...transport, baseUrl: server.url, revocationFiles });
    await nodeRed.logged("TLS_CRL_OVERDUE");
    await nodeRed.status("user", `${status}lastSuccess`);
  });

  it("closes in time while MESH takes the connection and answers nothing", async () => {
    const server = await startServer();
    server.inject({ fault: { kind: "delayAnswer", milliseconds: 600_000 }, calls: ["handshake"] });
    await start({ ...transport, baseUrl: server.url });
    await nodeRed.status("user", `${status}connecting`);
    await nodeRed.deploy([...receivers, user]);
    assert.ok(!nodeRed.logs.some(({ text }) => text.includes("timed out")));
  });

  const broken: readonly (readonly [title: string, transport: object, code: string, tls?: object])[] = [
    ["has no TLS node", { ...transport, tls: "" }, "CONFIG_MISSING"],
    ["names a TLS node that is not there", { ...transport, tls: "gone" }, "CONFIG_MISSING"],
    ["does not verify the other side", transport, "CONFIG_INVALID", { ...tlsNode, verifyservercert: false }],
    ["is live with certificates of the simulator", { ...transport, environment: "Live" }, "CONFIG_INVALID"],
    ["has no mailbox of CP-IS", { ...transport, recipient: "" }, "CONFIG_MISSING"],
    ["has no workflow id", { ...transport, workflowAccess: "" }, "CONFIG_MISSING"],
    ["has an address without TLS", { ...transport, baseUrl: "http://127.0.0.1" }, "CONFIG_INVALID"],
    ["collects too often", { ...transport, pollMinutes: "1" }, "CONFIG_INVALID"],
    ["names a message store that is not there", { ...transport, messageStore: "gone" }, "CONFIG_MISSING"],
    ["names a revocation list that is not there", { ...transport, revocationFiles: "/no/list.pem" }, "TLS_CRL_INVALID"],
    ["names a revocation list without its whole path", { ...transport, revocationFiles: "list.pem" }, "CONFIG_INVALID"],
    ["names an unknown environment", { ...transport, environment: "moon" }, "CONFIG_INVALID"],
  ];
  for (const [title, settings, code, otherTls] of broken) {
    it(`never opens when it ${title}: a red ring, and ${code} for its users`, async () => {
      const flow = [...receivers, user, otherTls ?? tlsNode, settings];
      await nodeRed.start(flow, { tls, mesh: { password: own.password, sharedKey } });
      const mailbox = new MailboxUser(nodeRed);
      await nodeRed.status("user", `${status}failed`);
      const shown = nodeRed.statuses.findLast(({ id }) => id === "user")?.status;
      assert.deepEqual([shown?.fill, shown?.shape], ["red", "ring"]);
      await assert.rejects(mailbox.open(), { code });
    });
  }
});
