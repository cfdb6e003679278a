// A MESH that answers wrongly on purpose, towards the built node: no crash, no hang, no error without a code, nothing believed.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { mock } from "node:test";
import { gzipSync } from "node:zlib";
import { errorTable } from "../../../lib/errors.js";
import { createPki, type IssuedCertificate, type Pki } from "../../../lib/simulator/index.js";
import { startHostileMesh, type HostileMesh } from "../../support/mesh/hostile-mesh.js";
import { until } from "../../support/mhs/durable-exchange.js";
import { receivers } from "../../support/nodes/flows.js";
import { MailboxUser, upload, user } from "../../support/nodes/mesh-transport/mailbox-user.js";
import { NodeRed } from "../../support/nodes/node-red.js";
import { drip, endless } from "../../support/tls/hostile-server.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const status = "mesh-transport.status.";
const messageId = "20261122104005987654_D4E5F6";
const response = '<FileResponse xmlns="urn:hl7-org:v3"/>';
const ours = {
  "mex-MessageID": messageId,
  "mex-MessageType": "DATA",
  "mex-From": "ZSPOT001",
  "mex-To": "ZT7OT001",
  "mex-WorkflowID": "EXAMPLE_RESPONSE",
};

function json(to: ServerResponse, value: unknown, code = 200): void {
  to.writeHead(code, { "Content-Type": "application/vnd.mesh.v2+json" }).end(JSON.stringify(value));
}

describe("a mesh transport before a hostile MESH", () => {
  let nodeRed: NodeRed;
  let pki: Pki;
  let certificate: IssuedCertificate;
  let tls: object;
  let mesh: HostileMesh;

  before(async () => {
    pki = await createPki(effects);
    certificate = await pki.issue({ commonName: "mesh", ipAddresses: ["127.0.0.1"], usage: "server" });
    const { certPem, keyPem } = await pki.issue({ commonName: "node-red", usage: "client" });
    tls = { certdata: certPem, keydata: keyPem, cadata: pki.caPem };
  });
  beforeEach(async () => {
    nodeRed = new NodeRed();
    mesh = await startHostileMesh(pki, certificate);
  });
  afterEach(async () => {
    await nodeRed.stop();
    await mesh.close();
  });

  async function start(): Promise<MailboxUser> {
    const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };
    const transport = {
      id: "mesh",
      type: "mesh transport",
      environment: "other",
      way: "api",
      mailbox: "ZT7OT001",
      recipient: "ZSPOT001",
      baseUrl: mesh.url,
      tls: "tls",
      workflowUpload: "EXAMPLE_UPLOAD",
      workflowResponse: "EXAMPLE_RESPONSE",
      workflowAccess: "EXAMPLE_ACCESS",
      workflowInactive: "EXAMPLE_INACTIVE",
      maximumMegabytes: "1",
      takesAll: false,
    };
    const secrets = { password: "pa55-Word!", sharedKey: "example-shared-key-0001" };
    await nodeRed.start([...receivers, user, tlsNode, transport], { tls, mesh: secrets });
    return new MailboxUser(nodeRed);
  }

  /** Every warning and error has a code of the table, or is a word of this package's own; and nothing was believed. */
  async function assertUnharmed(mailbox: MailboxUser): Promise<void> {
    // Node-RED's own words are keys of its catalogue.
    const told = nodeRed.logs.filter(({ level, text }) => level <= 30 && !/^'?nodes\./.test(text));
    const words = [
      "MESSAGE_SKIPPED",
      "OTHER_SENDER",
      "FOREIGN_MESSAGES_LEFT",
      "UNMATCHED_REPORT",
      "OLD_MESSAGE_IN_INBOX",
    ];
    for (const { text } of told) {
      const codes = text.match(/[A-Z]{3,}(?:_[A-Z]+)+/g) ?? [];
      assert.ok(
        codes.some((code) => code in errorTable || words.includes(code)),
        text,
      );
    }
    const { store } = await mailbox.open();
    assert.deepEqual((await store.list({ direction: "inbound" }, 10)).messages, []);
    assert.deepEqual(mailbox.received, []);
    assert.ok(!mesh.calls.includes("PUT status"), "nothing was acknowledged");
  }

  /** The mailbox may be looked into, and holds one message. */
  const listing =
    (fetch: (to: ServerResponse) => void) =>
    (call: string, to: ServerResponse): void => {
      if (call === "GET inbox") json(to, { messages: [messageId], links: {} });
      else if (call.startsWith("GET inbox/")) fetch(to);
      else to.writeHead(200).end();
    };

  const lists: readonly (readonly [title: string, answer: (to: ServerResponse) => void])[] = [
    ["is text", (to) => void to.writeHead(200).end("<html>")],
    ["is a number", (to) => json(to, 42)],
    ["has messages that are no list", (to) => json(to, { messages: { a: messageId } })],
    ["never ends", (to) => endless(to.writeHead(200), '{"messages":["x"],')],
    ["leads elsewhere", (to) => void to.writeHead(302, { Location: "https://127.0.0.1:1/" }).end()],
    [
      "is shorter than it says",
      (to) => void to.writeHead(200, { "Content-Length": "999" }).end("{", () => to.destroy()),
    ],
    ["is a refusal in the words of a proxy", (to) => void to.writeHead(404).end("no such page")],
  ];
  for (const [title, answer] of lists) {
    it(`says that MESH cannot be used when the list of messages ${title}`, async () => {
      mesh.answer = (call, to) => (call === "GET inbox" ? answer(to) : void to.writeHead(200).end());
      const mailbox = await start();
      await mailbox.consume();
      await nodeRed.until(
        "a red ring",
        () => nodeRed.statuses.findLast(({ id }) => id === "user")?.status.fill === "red",
      );
      await assertUnharmed(mailbox);
    });
  }

  const bodies: readonly (readonly [title: string, told: string, fetch: (to: ServerResponse) => void])[] = [
    ["never ends", "MESSAGE_SKIPPED", (to) => endless(to.writeHead(200, ours), "<a>")],
    [
      "unpacks to a thousand times its size",
      "MESSAGE_SKIPPED",
      (to) => void to.writeHead(200, { ...ours, "Content-Encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000))),
    ],
    [
      "is no gzip, though it says so",
      "MESH_INCOMPLETE",
      (to) => void to.writeHead(200, { ...ours, "Content-Encoding": "gzip" }).end(response),
    ],
    [
      "is shorter than it says",
      "MESH_INCOMPLETE",
      (to) => void to.writeHead(200, { ...ours, "Content-Length": "999" }).end(response, () => to.destroy()),
    ],
    [
      "is the first of a million chunks, and no second one comes",
      "MESH_INCOMPLETE",
      (to) => void to.writeHead(206, { ...ours, "mex-Chunk-Range": "1:999999" }).end(response),
    ],
    [
      "is from somebody else",
      "OTHER_SENDER",
      (to) => void to.writeHead(200, { ...ours, "mex-From": "EVIL0001" }).end(response),
    ],
    [
      "is a report about somebody else's file",
      "UNMATCHED_REPORT",
      (to) =>
        void to
          .writeHead(200, { ...ours, "mex-MessageType": "REPORT", "mex-LinkedMsgID": "X", "mex-LocalID": "999-1" })
          .end(),
    ],
    ["leads elsewhere", "MESH_RESPONSE_INVALID", (to) => void to.writeHead(307, { Location: "https://evil/" }).end()],
    [
      "has a header of control characters",
      "MESH_UNAVAILABLE",
      (to) => {
        to.socket?.end(`HTTP/1.1 200 OK\r\nmex-From: a\u0000b\r\nContent-Length: 0\r\n\r\n`);
      },
    ],
  ];
  for (const [title, told, fetch] of bodies) {
    it(`takes nothing, and says why, when a message ${title}`, async () => {
      mesh.answer = listing(fetch);
      const mailbox = await start();
      await mailbox.consume();
      await nodeRed.logged(told);
      await assertUnharmed(mailbox);
    });
  }

  it("is refused by a status 403 with a code of its own, once, and not as an unknown caller", async () => {
    mesh.answer = (call, to) => {
      if (call === "POST outbox") json(to, { detail: [{ event: "SEND", code: "17", msg: "Invalid workflow" }] }, 403);
      else if (call === "GET inbox") json(to, { messages: [] });
      else to.writeHead(200).end();
    };
    const mailbox = await start();
    const { exchange, store } = await mailbox.open();
    const id = await exchange.send(upload(46));
    await nodeRed.logged("MESH_WORKFLOW_NOT_REGISTERED");
    assert.equal((await store.findById(id))?.state, "failed");
    assert.equal(mesh.calls.filter((call) => call === "POST outbox").length, 1);
    assert.ok(!nodeRed.logs.some(({ text }) => text.includes("MESH_UNAUTHORISED")));
  });

  it("never takes a wrong acceptance for one: without an id MESH is asked, and the file held", async () => {
    mesh.answer = (call, to) => {
      if (call === "POST outbox") json(to, { message_id: { id: 7 } }, 202);
      else if (call.startsWith("GET outbox")) json(to, { messageId: "M1", recipient: "SOMEBODY", status: "accepted" });
      else if (call === "GET inbox") json(to, { messages: [] });
      else to.writeHead(200).end();
    };
    const mailbox = await start();
    const { exchange, store } = await mailbox.open();
    const id = await exchange.send(upload(47));
    await until(() => mesh.calls.some((call) => call.startsWith("GET outbox")));
    assert.equal((await store.findById(id))?.attributes["meshMessageId"], undefined);
    assert.notEqual((await store.findById(id))?.state, "awaiting-response");
    assert.equal(mesh.calls.filter((call) => call === "POST outbox").length, 1);
  });

  it("says that MESH cannot be used, with a code, when it answers a byte at a time, and closes in time", async () => {
    // Of a minute, as long as a short call may take, this test waits a second; every other timer is as it is.
    const realTimeout = globalThis.setTimeout;
    const shortened = mock.method(globalThis, "setTimeout", (callback: () => void, milliseconds?: number) =>
      realTimeout(callback, milliseconds === 60_000 ? 1_000 : milliseconds),
    );
    try {
      mesh.answer = (_call, to) => drip(to.writeHead(200));
      const mailbox = await start();
      await nodeRed.status("user", `${status}connecting`);
      await nodeRed.logged("MESH_UNAVAILABLE");
      await nodeRed.logged("no whole reply came in time");
      await nodeRed.until(
        "a red ring",
        () => nodeRed.statuses.findLast(({ id }) => id === "user")?.status.fill === "red",
      );
      await assertUnharmed(mailbox);
      await nodeRed.deploy([...receivers, user]);
      assert.ok(!nodeRed.logs.some(({ text }) => text.includes("timed out")));
    } finally {
      shortened.mock.restore();
    }
  });
});
