// What the simulated MESH takes into its outbox, and what it refuses: headers, bodies, chunks.
import assert from "node:assert/strict";
import tls from "node:tls";
import { gzipSync } from "node:zlib";
import {
  exchangeBytes,
  openMesh,
  v2,
  type Headers,
  type MeshFixture,
  type Reply,
} from "../../../support/simulator/mesh-client.js";
import { testPki } from "../../../support/simulator/simulator-client.js";

const body = Buffer.from("<File/>");

interface Detail {
  readonly event?: string;
  readonly code?: string;
  readonly msg?: string;
  readonly loc?: readonly string[];
}

function detailOf({ json }: Reply): Detail {
  return (json as { detail: Detail[] }).detail[0] ?? {};
}

describe("The outbox of the simulated MESH", () => {
  let fixture: MeshFixture;
  before(async () => {
    fixture = await openMesh({ maximumRequestBytes: 4096, limits: { maximumPlainBytes: 10_000 } });
  });
  after(() => fixture.close());

  const refusals: readonly (readonly [string, Headers, number, Detail])[] = [
    ["mex-To is missing", { "mex-To": "(none)" }, 400, { loc: ["header", "mex-to"] }],
    ["mex-To is empty", { "mex-To": "" }, 400, { event: "SEND", code: "08" }],
    ["mex-To is unknown", { "mex-To": "NOBODY" }, 417, { event: "SEND", code: "12", msg: "Unregistered to address" }],
    ["mex-WorkflowID is missing", { "mex-WorkflowID": "(none)" }, 400, { loc: ["header", "mex-workflowid"] }],
    ["mex-WorkflowID is empty", { "mex-WorkflowID": "" }, 400, { code: "06" }],
    ["the workflow is not registered", { "mex-WorkflowID": "OTHER" }, 417, { event: "SEND", code: "17" }],
    ["the workflow is not one of this sender", { "mex-WorkflowID": "EXAMPLE_RESPONSE" }, 417, { code: "17" }],
    ["the recipient does not take the workflow", { "mex-To": "ZT7OT001" }, 417, { code: "17" }],
    ["mex-From is another mailbox", { "mex-From": "ZT8OT001" }, 417, { event: "SEND", code: "07" }],
    ["a value is a URL", { "mex-Subject": "see https://example.nhs.uk" }, 400, { event: "TRANSFER", code: "06" }],
    ["a value has a control character", { "mex-Subject": "a\tb" }, 400, { event: "TRANSFER", code: "06" }],
    ["the checksum is base64", { "mex-Content-Checksum": "a+b=" }, 400, { loc: ["header", "mex-content-checksum"] }],
    ["a value is too long", { "mex-LocalID": "1".repeat(301) }, 400, { loc: ["header", "mex-localid"] }],
    ["the encoding is not gzip", { "Content-Encoding": "br" }, 417, {}],
    ["the first range is not 1:n", { "mex-Chunk-Range": "2:3" }, 417, { msg: "InvalidHeaderChunks" }],
    ["the range is no range", { "mex-Chunk-Range": "1 of 3" }, 417, { msg: "InvalidHeaderChunks" }],
    ["the range has a total of 0", { "mex-Chunk-Range": "1:0" }, 417, { msg: "InvalidHeaderChunks" }],
    ["the body is not the gzip it says", { "Content-Encoding": "gzip" }, 417, { event: "COLLECT", code: "02" }],
  ];
  for (const [reason, headers, status, detail] of refusals) {
    it(`refuses a file with status ${status} when ${reason}`, async () => {
      const before = fixture.mesh.inbox(fixture.mesh.cpisMailbox).length;
      const reply = await fixture.send(headers);
      assert.equal(reply.status, status);
      const found = detailOf(reply);
      assert.deepEqual({ ...found, ...detail }, found);
      assert.equal(fixture.mesh.inbox(fixture.mesh.cpisMailbox).length, before);
    });
  }

  it("refuses an empty body", async () => {
    const reply = await fixture.send({}, Buffer.alloc(0));
    assert.equal(reply.status, 417);
    const { event, code } = detailOf(reply);
    assert.deepEqual([event, code], ["COLLECT", "02"]);
  });

  it("takes a hex checksum, and the longest values", async () => {
    const reply = await fixture.send({
      "mex-Content-Checksum": "SHA-256 0f:1e/2d",
      "mex-LocalID": "1".repeat(300),
      "mex-Subject": "s".repeat(500),
      "mex-From": "ZT7OT001",
    });
    assert.equal(reply.status, 202);
  });

  it("answers 422 to another encoding when switched so", async () => {
    fixture.mesh.changeBehaviours({ unknownEncodingStatus: 422 });
    assert.equal((await fixture.send({ "Content-Encoding": "deflate" })).status, 422);
    fixture.mesh.changeBehaviours({ unknownEncodingStatus: 417 });
  });

  it("refuses a request above the limit with 413, and takes one at the limit", async () => {
    assert.equal((await fixture.send({}, Buffer.alloc(4097, 0x20))).status, 413);
    assert.equal((await fixture.send({}, Buffer.alloc(4096, 0x20))).status, 202);
  });

  it("refuses a small request that grows above the limit when it is decompressed", async () => {
    const reply = await fixture.send({ "Content-Encoding": "gzip" }, gzipSync(Buffer.alloc(10_001)));
    assert.equal(reply.status, 413);
  });

  it("takes a body in chunked transfer coding, compressed or not, up to the limit", async () => {
    const chunked = { "Transfer-Encoding": "chunked" };
    assert.equal((await fixture.send(chunked)).status, 202);
    assert.equal((await fixture.send({ ...chunked, "Content-Encoding": "gzip" }, gzipSync("<File/>"))).status, 202);
    const contents = fixture.mesh.inbox("ZSPOT001").map(({ content }) => content.toString());
    assert.equal(contents.at(-1), "<File/>");
    assert.equal((await fixture.send(chunked, Buffer.alloc(4097, 0x20))).status, 413);
  });

  it("refuses control characters that Node.js itself does not let through", async () => {
    const token = fixture.token(fixture.authority);
    const text = await exchangeBytes(
      fixture.mesh.port,
      `POST /messageexchange/ZT7OT001/outbox HTTP/1.1\r\nHost: mesh\r\nAccept: ${v2}\r\n` +
        `Authorization: ${token}\r\nmex-To: ZSPOT001\r\nmex-Subject: a\u0001b\r\nContent-Length: 1\r\n\r\nx`,
    );
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /"event":"TRANSFER","code":"06"/);
  });

  it("keeps nothing of a body that was cut", async () => {
    const before = fixture.mesh.inbox(fixture.mesh.cpisMailbox).length;
    const token = fixture.token(fixture.authority);
    const text = await exchangeBytes(
      fixture.mesh.port,
      `POST /messageexchange/ZT7OT001/outbox HTTP/1.1\r\nHost: mesh\r\nAuthorization: ${token}\r\n` +
        `mex-To: ZSPOT001\r\nmex-WorkflowID: EXAMPLE_UPLOAD\r\nContent-Length: 10\r\n\r\n<File`,
    );
    assert.doesNotMatch(text, /^HTTP\/1\.1 202 /);
    assert.equal(fixture.mesh.inbox(fixture.mesh.cpisMailbox).length, before);
  });

  it("takes only so many bodies at once, and more when they are done", async () => {
    const { pki, client } = await testPki();
    const secure = { ca: pki.caPem, key: client.keyPem, cert: client.certPem };
    const socketsOpen: tls.TLSSocket[] = [];
    const beginUpload = (): Promise<string> => {
      const socket = tls.connect({ host: "127.0.0.1", port: fixture.mesh.port, ...secure });
      socketsOpen.push(socket);
      const token = fixture.token(fixture.authority);
      socket.write(
        `POST /messageexchange/ZT7OT001/outbox HTTP/1.1\r\nHost: mesh\r\nAuthorization: ${token}\r\n` +
          "mex-To: ZSPOT001\r\nmex-WorkflowID: EXAMPLE_UPLOAD\r\n" +
          "Expect: 100-continue\r\nContent-Length: 4096\r\n\r\n<File",
      );
      return new Promise((resolve) => socket.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1"))));
    };
    for (let count = 0; count < 4; count += 1) assert.match(await beginUpload(), /^HTTP\/1\.1 100 /);
    assert.equal((await fixture.send()).status, 503);
    for (const socket of socketsOpen) socket.destroy();
    let status = 503;
    for (let count = 0; count < 100 && status === 503; count += 1) ({ status } = await fixture.send());
    assert.equal(status, 202);
  });

  it("answers in the words of version 1 when that is asked for, or nothing", async () => {
    for (const accept of [null, "application/json", "application/vnd.mesh.v1+json"]) {
      const path = "/ZT7OT001/outbox";
      const headers = { "mex-To": "NOBODY", "mex-WorkflowID": "EXAMPLE_UPLOAD" };
      const refused = await fixture.call({ method: "POST", path, headers, body, accept });
      assert.deepEqual(refused.json, {
        errorEvent: "SEND",
        errorCode: "12",
        errorDescription: "Unregistered to address",
      });
      const good = { ...headers, "mex-To": "ZSPOT001" };
      const sent = await fixture.call({ method: "POST", path, headers: good, body, accept });
      assert.equal(sent.status, 202);
      assert.deepEqual(Object.keys(sent.json as object), ["messageID"]);
    }
  });

  it("refuses with 503 when the recipient's mailbox is full, and takes files again when it is not", async () => {
    const full = await openMesh({ limits: { maximumMessagesWaiting: 1, maximumBytesKept: 10 } });
    try {
      assert.equal((await full.send({}, Buffer.alloc(11))).status, 503);
      const id = await full.sendFile();
      assert.equal((await full.send()).status, 503);
      const path = `/ZSPOT001/inbox/${id}/status/acknowledged`;
      assert.equal((await full.call({ method: "PUT", path, as: full.mesh.cpis })).status, 200);
      assert.equal((await full.send()).status, 202);
    } finally {
      await full.close();
    }
  });
});

describe("A file in chunks at the simulated MESH", () => {
  let fixture: MeshFixture;
  before(async () => {
    fixture = await openMesh();
  });
  after(() => fixture.close());

  const range = (value: string, more: Headers = {}): Headers => ({ "mex-Chunk-Range": value, ...more });
  const fetchAsCpis = (path: string, headers: Headers = {}): Promise<Reply> =>
    fixture.call({ path: `/ZSPOT001/inbox/${path}`, as: fixture.mesh.cpis, headers });

  it("is in the mailbox after its last chunk only, and comes back chunk by chunk", async () => {
    const id = await fixture.sendFile(range("1:3", { "mex-Content-Type": "application/xml" }), Buffer.from("one,"));
    assert.equal((await fetchAsCpis(id)).status, 410);
    const second = await fixture.sendChunk(id, "2", range("2:3"), Buffer.from("2,"));
    assert.equal(second.status, 202);
    assert.equal((await fixture.sendChunk(id, "2", range("2:3"), Buffer.from("two,"))).status, 202);
    assert.deepEqual(fixture.mesh.inbox("ZSPOT001"), []);
    assert.equal(fixture.mesh.statusOf(id), "uploading");
    assert.equal((await fixture.sendChunk(id, "3", range("3:3"), Buffer.from("three"))).status, 202);
    assert.equal(fixture.mesh.inbox("ZSPOT001").at(-1)?.content.toString(), "one,two,three");

    const replies = [await fetchAsCpis(id), await fetchAsCpis(`${id}/2`), await fetchAsCpis(`${id}/3`)];
    assert.deepEqual(
      replies.map((reply) => [reply.status, reply.headers["mex-chunk-range"], reply.body.toString()]),
      [
        [206, "1:3", "one,"],
        [206, "2:3", "two,"],
        [200, "3:3", "three"],
      ],
    );
    assert.equal(replies[0]?.headers["mex-content-type"], "application/xml");
    assert.equal(replies[0].headers["mex-total-chunks"], "3");
    assert.equal((await fetchAsCpis(`${id}/4`)).status, 404);
    assert.equal((await fetchAsCpis(`${id}/0`)).status, 404);
  });

  it("is refused chunk by chunk when a rule is broken, and stays open", async () => {
    const id = await fixture.sendFile(range("1:3"));
    const refusals: readonly (readonly [string, Headers, number])[] = [
      ["2", {}, 417],
      ["2", range("3:3"), 417],
      ["2", range("2:4"), 417],
      ["2", range("two of three"), 417],
      ["2", range("2:3", { "Content-Encoding": "gzip" }), 417],
      ["2", range("2:3", { "Content-Encoding": "br" }), 417],
      ["4", range("4:3"), 417],
      ["1", range("1:3"), 417],
      ["3", range("3:3"), 417],
    ];
    for (const [path, headers, status] of refusals) {
      assert.equal((await fixture.sendChunk(id, path, headers)).status, status, `${path} ${JSON.stringify(headers)}`);
    }
    assert.equal((await fixture.sendChunk(id, "2", range("2:3"), Buffer.alloc(0))).status, 417);
    assert.equal((await fixture.sendChunk("unknown", "2", range("2:3"))).status, 404);
    assert.equal((await fixture.sendChunk(id, "two", range("2:3"))).status, 404);
    assert.equal(fixture.mesh.statusOf(id), "uploading");
    assert.equal((await fixture.sendChunk(id, "2", range("2:3"))).status, 202);
    assert.equal((await fixture.sendChunk(id, "3", range("3:3"))).status, 202);
    for (const path of ["2", "3", "4"]) {
      assert.equal((await fixture.sendChunk(id, path, range(`${path}:3`))).status, 423);
    }
  });

  it("can be continued by its sender only", async () => {
    const other = fixture.mesh.openMailbox({ odsCode: "ZT8" });
    const id = await fixture.sendFile(range("1:2"));
    const path = `/${other.mailbox}/outbox/${id}/2`;
    const reply = await fixture.call({ method: "POST", path, as: other, headers: range("2:2"), body });
    assert.equal(reply.status, 404);
  });

  it("is compressed chunk by chunk: undone for those who do not accept it", async () => {
    const gzip = { "Content-Encoding": "gzip" };
    const id = await fixture.sendFile(range("1:2", gzip), gzipSync("one,"));
    const halfOfGzip = gzipSync("two").subarray(0, 12);
    assert.equal((await fixture.sendChunk(id, "2", range("2:2"), Buffer.from("two"))).status, 417);
    assert.equal((await fixture.sendChunk(id, "2", range("2:2", gzip), halfOfGzip)).status, 417);
    assert.equal((await fixture.sendChunk(id, "2", range("2:2", gzip), gzipSync("two"))).status, 202);
    assert.equal(fixture.mesh.inbox("ZSPOT001").at(-1)?.content.toString(), "one,two");

    const plain = await fetchAsCpis(id);
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.equal(plain.body.toString(), "one,");
    const compressed = await fetchAsCpis(`${id}/2`, { "Accept-Encoding": "deflate, gzip;q=0.5" });
    assert.equal(compressed.headers["content-encoding"], "gzip");
    assert.deepEqual(compressed.body, gzipSync("two"));
    const refused = await fetchAsCpis(`${id}/2`, { "Accept-Encoding": "gzip;q=0" });
    assert.equal(refused.body.toString(), "two");
  });

  it("that is never finished is given up after five days, and nobody gets a report", async () => {
    const id = await fixture.sendFile(range("1:2"));
    fixture.mesh.advanceClock(5 * 24 * 3_600_000);
    assert.equal(fixture.mesh.statusOf(id), "undeliverable");
    assert.equal((await fixture.sendChunk(id, "2", range("2:2"))).status, 404);
    const reports = fixture.mesh.inbox("ZT7OT001").filter(({ report }) => report?.linkedMessageId === id);
    assert.deepEqual(reports, []);
  });
});
