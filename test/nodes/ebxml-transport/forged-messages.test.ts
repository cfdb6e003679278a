// Messages of others with a certificate of the same authority as Spine's, or under another name: none of them counts.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { BusinessMessage } from "../../../lib/ebxml/model.js";
import { parsePartyKey } from "../../../lib/identifiers.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import {
  acknowledgmentFor,
  encodeInbound,
  messageIn,
  newId,
  post,
  replyWith,
  startPeer,
  testCertificates,
  type MessageChange,
  type Peer,
} from "../../support/mhs/peer.js";
import { notificationNode, row, uploadNode } from "../../support/nodes/authority-flows.js";
import { clinician, queryNode, receivers, spineTransport } from "../../support/nodes/flows.js";
import { caughtError, NodeRed } from "../../support/nodes/node-red.js";
import { freePort } from "../../support/ports.js";

const spineKey = parsePartyKey("YES-0000806");
const evilKey = parsePartyKey("EVIL-123456");
const own = parsePartyKey("ZT7-900145");
const queries = "urn:nhs:names:services:cpisquery";
const uploads = "urn:nhs:names:services:cpisupload";
const helpers = ["response", "refused", "access", "inactive", "unknown"].map((id) => ({
  ...receivers.find((one) => one.id === "found"),
  id,
}));
const tlsNode = { id: "tls", type: "tls-config", name: "", cert: "", key: "", ca: "", verifyservercert: true };

function vector(name: string): string {
  return fs.readFileSync(path.join(__dirname, "../../vectors", name), "utf8");
}

type Refusal = {
  readonly who: string;
  readonly tls: () => TlsMaterial;
  readonly from: string;
  readonly reason: RegExp;
};

describe("an ebxml transport towards Spine", () => {
  let nodeRed: NodeRed;
  let spine: TlsMaterial;
  let stranger: TlsMaterial;
  let peer: Peer;
  let port: number;
  let credentials: object;
  let flow: object[];

  before(async () => {
    const certificates = await testCertificates();
    spine = await certificates.issue({ commonName: "Spine", dnsNames: ["spine.example", "localhost"] });
    stranger = await certificates.issue({ commonName: "spine.example", dnsNames: ["mhs.elsewhere.example"] });
    const { key, cert, ca } = await certificates.issue({ commonName: "ours", dnsNames: ["ours.example"] });
    credentials = { tls: { certdata: cert, keydata: key, cadata: ca } };
  });

  beforeEach(async () => {
    nodeRed = new NodeRed();
    port = await freePort();
    peer = await startPeer(spine, (request, response) =>
      replyWith(response, acknowledgmentFor(messageIn(request)), 202),
    );
    const transport = {
      ...spineTransport,
      clientNames: "other.example, SPINE.example",
      endpointUrl: `https://localhost:${peer.port}/reliablemessaging/reliablerequest`,
      toPartyKey: spineKey,
      ackRequested: "always",
      duplicateElimination: "always",
      persistDuration: "PT10M",
      carriesFiles: true,
      uploadAction: "REPC_IN000002SM01",
      port: String(port),
    };
    const over = { over: "ebxml", ebxmlTransport: "transport" };
    flow = [
      ...receivers.filter(({ id }) => id !== "complete"),
      ...helpers,
      tlsNode,
      transport,
      queryNode,
      uploadNode("ebxml", { ...over, odsCode: "999" }),
      notificationNode("ebxml", over),
    ];
  });

  afterEach(async () => {
    await nodeRed.stop();
    await peer.close();
  });

  async function start(): Promise<void> {
    await nodeRed.start(flow, credentials);
    await nodeRed.status("query", "status.listening");
  }

  /** The message of ours that has reached Spine. */
  async function sent(count = 1): Promise<BusinessMessage> {
    for (let tries = 0; peer.requests.length < count && tries < 400; tries += 1) await wait(25);
    const request = peer.requests[count - 1];
    assert.ok(request, "nothing was sent");
    return messageIn(request);
  }

  async function deliver(tls: TlsMaterial, change: MessageChange): Promise<string> {
    const header = { fromPartyKey: spineKey, toPartyKey: own, ...change.header };
    const reply = await post({ port, tls, message: encodeInbound({ ...change, header }) });
    return reply.body.toString();
  }

  /** Those who may not speak, each of whom the listener refuses in its own way. */
  const refusals: readonly Refusal[] = [
    {
      who: "another certificate",
      tls: () => stranger,
      from: spineKey,
      reason: /refused 0 client-name TLS_CLIENT_REFUSED/,
    },
    { who: "another party", tls: () => spine, from: evilKey, reason: /refused 200 unexpected-sender/ },
  ];

  async function assertRefused({ tls, from, reason }: Refusal, change: MessageChange): Promise<void> {
    const header = { ...change.header, fromPartyKey: parsePartyKey(from) };
    const reply = await deliver(tls(), { ...change, header }).catch((error: unknown) => String(error));
    assert.match(reply, /ValueNotRecognized|ECONNRESET|socket hang up|EPIPE/);
    await nodeRed.until("the refusal in the log", () => nodeRed.logs.some(({ text }) => reason.test(text)));
  }

  function answerTo(question: BusinessMessage): string {
    const hl7Id = /<id root="([^"]+)"/.exec(question.payload?.toString() ?? "")?.[1] ?? "";
    assert.notEqual(hl7Id, "");
    const text = vector("hl7v3/query-failure/nhs-number-not-on-cpis.xml");
    return text.replace(/(<messageRef><id root=")[^"]+/, `$1${hl7Id}`);
  }

  const ask = (): void => nodeRed.send("query", { payload: "9990001014", cpis: { user: clinician } });
  const answered = (): number => nodeRed.messages("not-found").length + nodeRed.messages("found").length;
  const reference = ({
    header,
  }: BusinessMessage): Pick<BusinessMessage["header"], "conversationId" | "refToMessageId"> => ({
    conversationId: header.conversationId,
    refToMessageId: header.messageId,
  });

  for (const refusal of refusals) {
    it(`believes no response to an upload from ${refusal.who}`, async () => {
      await start();
      nodeRed.send("upload", { payload: [row("9990000018"), row("9990000026")] });
      const file = await sent();
      const fileNumber = /<id extension="([^"]+)"/.exec(file.payload?.toString() ?? "")?.[1] ?? "1";
      const createdAt = /<creationTime value="([^"]+)"/.exec(file.payload?.toString() ?? "")?.[1] ?? "";
      const payload = vector("cpis/upload-response/all-loaded-without-records.xml")
        .replace(/<id extension="[^"]*"/, `<id extension="${fileNumber}"`)
        .replace(/<creationTime value="[^"]*"/, `<creationTime value="${createdAt}"`);
      const change = { header: { ...reference(file), service: uploads, action: "REPC_IN000003GB01" }, payload };
      await assertRefused(refusal, change);
      assert.deepEqual(nodeRed.messages("response"), []);
      await deliver(spine, { ...change, header: { ...change.header, messageId: newId() } });
      await nodeRed.nextMessage("response");
    });

    it(`believes no notification from ${refusal.who}`, async () => {
      await start();
      const access = {
        header: { service: queries, action: "REPC_IN000004GB01" },
        payload: vector("cpis/access-notification/person-author.xml"),
      };
      const inactive = {
        header: { service: queries, action: "REPC_IN000005GB01" },
        payload: vector("cpis/inactive-number-notification/replaced.xml"),
      };
      await assertRefused(refusal, access);
      await assertRefused(refusal, inactive);
      await deliver(spine, access);
      await deliver(spine, inactive);
      await nodeRed.nextMessage("access");
      await nodeRed.nextMessage("inactive");
      assert.equal(nodeRed.messages("access").length + nodeRed.messages("inactive").length, 2);
      assert.equal(nodeRed.messages("unknown").length, 0);
    });

    it(`believes no answer to a query from ${refusal.who}`, async () => {
      await start();
      ask();
      const question = await sent();
      const change = { header: { ...reference(question), service: queries }, payload: answerTo(question) };
      await assertRefused(refusal, change);
      await assertRefused(refusal, { ...change, header: { ...change.header, service: "urn:x", action: "FOO" } });
      assert.equal(answered(), 0);
      await deliver(spine, change);
      await nodeRed.nextMessage("not-found");
    });
  }

  it("believes no answer of a service and action that the contract does not have, not even from Spine", async () => {
    await start();
    ask();
    const question = await sent();
    const change = { header: { ...reference(question), service: "urn:x", action: "FOO" }, payload: answerTo(question) };
    assert.match(await deliver(spine, change), /ValueNotRecognized/);
    assert.equal(answered(), 0);
    await deliver(spine, { ...change, header: { ...change.header, service: queries, action: "QUQI_IN010000UK14" } });
    await nodeRed.nextMessage("not-found");
  });

  it("believes no answer that has only the conversation in common with the question", async () => {
    await start();
    ask();
    const question = await sent();
    const { conversationId } = question.header;
    const payload = vector("hl7v3/query-failure/nhs-number-not-on-cpis.xml").replace(
      /<messageRef>.*?<\/messageRef>/,
      "",
    );
    await deliver(spine, { header: { conversationId, service: queries }, payload });
    await nodeRed.logged("DISCARDED_ANSWER");
    assert.equal(answered(), 0);
    await deliver(spine, { header: { ...reference(question), service: queries }, payload: answerTo(question) });
    await nodeRed.nextMessage("not-found");
  });

  it("believes nobody whose certificate is revoked, and asks no such server", async () => {
    const { pki } = await testCertificates();
    const list = path.join(nodeRed.userFolder, "revoked.pem");
    fs.writeFileSync(list, await pki.revoke([String(spine.cert)]));
    flow = flow.map((node) => (Reflect.get(node, "id") === "transport" ? { ...node, revocationFiles: list } : node));
    await start();
    await assert.rejects(deliver(spine, { header: { service: queries } }));
    await nodeRed.logged("refused 0 tls TLS_PEER_REVOKED 127.0.0.1");
    ask();
    const caught = await nodeRed.nextMessage("caught");
    assert.equal(caughtError(caught).code, "CPIS_NOT_SENT");
    assert.match(caughtError(caught).message, /revoked/);
    assert.deepEqual(peer.requests, []);
  });

  it("is not opened with a revocation list that cannot be read", async () => {
    flow = flow.map((node) =>
      Reflect.get(node, "id") === "transport" ? { ...node, revocationFiles: "/nowhere/list.pem" } : node,
    );
    await nodeRed.start(flow, credentials);
    ask();
    const caught = await nodeRed.nextMessage("caught");
    assert.equal(caughtError(caught).code, "TLS_CRL_INVALID");
  });

  it("is not opened without the names of Spine's certificate, and says what to fill in", async () => {
    flow = flow.map((node) => (Reflect.get(node, "id") === "transport" ? { ...node, clientNames: "" } : node));
    await nodeRed.start(flow, credentials);
    await nodeRed.status("query", "ebxml-transport.status.clientNames");
    const { status } = nodeRed.statuses.findLast(({ id }) => id === "query")!;
    assert.deepEqual([status.fill, status.shape], ["red", "ring"]);
    ask();
    const caught = await nodeRed.nextMessage("caught");
    assert.equal(caughtError(caught).code, "CONFIG_CLIENT_NAMES");
    await nodeRed.logged("The names that Spine's client certificate may carry are not filled in");
    await assert.rejects(deliver(spine, {}));
    assert.deepEqual(peer.requests, []);
  });
});
