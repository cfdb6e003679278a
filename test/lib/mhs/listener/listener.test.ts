import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { defaultConnectionLimits } from "../../../../lib/mhs/listener/connections.js";
import { createListener, type Listener, type ListenerOptions } from "../../../../lib/mhs/listener/listener.js";
import type { MhsEvents } from "../../../../lib/mhs/model.js";
import type { MessageReceiver } from "../../../../lib/mhs/inbound/receive-message.js";
import type { TlsMaterial } from "../../../../lib/tls/tls-material.js";
import type { CertificateRequest } from "../../../../lib/simulator/index.js";
import { post, testCertificates, type Posting, type TestCertificates } from "../../../support/mhs/peer.js";

const reply = { status: 200, contentType: "text/xml; charset=UTF-8", body: Buffer.from("<reply>ë</reply>") };
const body = Buffer.from("<message/>");
const message = { contentType: "text/xml", soapAction: "urn:a/b", body };
const limits = { maximumBodyBytes: 1_000, closeGraceMilliseconds: 200 };

describe("createListener", () => {
  let certificates: TestCertificates;
  let events: EventEmitter<MhsEvents>;
  let refused: string[];
  let bodies: Buffer[];
  let listener: Listener;
  let port: number;

  const take: MessageReceiver = (posted) => {
    bodies.push(posted.body);
    return Promise.resolve(reply);
  };

  async function open(change: Partial<ListenerOptions> = {}, receive: MessageReceiver = take): Promise<void> {
    events = new EventEmitter<MhsEvents>();
    events.on("refused", ({ reason }) => refused.push(reason));
    const tls = certificates.good;
    listener = createListener(
      { host: "127.0.0.1", port: 0, path: "/mhs", tls, clientNames: "any", limits, ...change },
      { receive, events },
    );
    port = await listener.open();
  }

  function send(change: Partial<Posting> = {}): ReturnType<typeof post> {
    return post({ port, tls: certificates.good, path: "/mhs", message, ...change });
  }

  /** Writes text on a TLS connection and gives all that comes back until the listener closes it. */
  async function talk(text: string | Buffer, tls: TlsMaterial = certificates.good): Promise<string> {
    const socket = await openSocket(tls);
    socket.write(text);
    return readToEnd(socket);
  }

  async function openSocket(tls: TlsMaterial = certificates.good): Promise<TLSSocket> {
    const { key, cert, ca } = tls;
    const socket = connectTls({ host: "127.0.0.1", port, key, cert, ca: ca as string });
    await once(socket, "secureConnect");
    return socket;
  }

  async function readToEnd(socket: TLSSocket): Promise<string> {
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", () => socket.destroy());
    if (!socket.closed) await once(socket, "close");
    return text;
  }

  before(async () => {
    certificates = await testCertificates();
  });

  beforeEach(() => {
    refused = [];
    bodies = [];
  });

  afterEach(async () => {
    await listener.close();
    assert.equal(listener.connectionCount(), 0);
  });

  it("hands the body over and gives the reply with its length in bytes", async () => {
    await open();
    const answer = await send();
    assert.deepEqual([answer.status, answer.body], [200, reply.body]);
    assert.equal(Number(answer.headers["content-length"]), reply.body.length);
    assert.deepEqual(bodies, [body]);
  });

  it("decodes a body in chunked coding, split anywhere", async () => {
    await open();
    const head =
      "POST /mhs HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    const bytes = Buffer.from("<Zoë/>");
    const chunks = [bytes.subarray(0, 4), bytes.subarray(4)];
    const coded = chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from("\r\n"),
    ]);
    const text = await talk(Buffer.concat([Buffer.from(head), ...coded, Buffer.from("0\r\n\r\n")]));
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.deepEqual(bodies, [bytes]);
  });

  it("asks a peer that expects it to go on", async () => {
    await open();
    const text = await talk(
      `POST /mhs HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 10\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n${body.toString()}`,
    );
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  const requests: readonly (readonly [string, Partial<Posting>, number, string])[] = [
    ["another path", { path: "/other" }, 404, "unknown-path"],
    ["a longer path", { path: "/mhs/more" }, 404, "unknown-path"],
    ["another method", { method: "PUT" }, 405, "method"],
    ["a body above the limit", { message: { ...message, body: Buffer.alloc(1_001) } }, 413, "too-large"],
    ["another media type", { message: { ...message, contentType: "application/json" } }, 415, "media-type"],
    ["no media type", { message: { ...message, contentType: "" } }, 415, "media-type"],
  ];
  for (const [title, change, status, reason] of requests) {
    it(`refuses ${title} with ${status}, and takes the next message`, async () => {
      await open();
      assert.equal((await send(change)).status, status);
      assert.deepEqual(refused, [reason]);
      assert.deepEqual(bodies, []);
      assert.equal((await send()).status, 200);
    });
  }

  const takenTypes = ["multipart/related; boundary=x", "TEXT/XML;charset=utf-8", "application/soap+xml"];
  for (const contentType of takenTypes) {
    it(`takes the media type ${contentType}, and a query in the path`, async () => {
      await open();
      assert.equal((await send({ path: "/mhs?x=1", message: { ...message, contentType } })).status, 200);
    });
  }

  const head = "POST /mhs HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n";
  const texts: readonly (readonly [string, string, string, string])[] = [
    ["no length at all", `${head}Connection: close\r\n\r\n`, "411", "no-length"],
    ["a length that is no number", `${head}Content-Length: ten\r\n\r\n`, "400", "bad-http"],
    [
      "a length and chunked coding",
      `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "400",
      "bad-http",
    ],
    ["something that is not HTTP", "\u0016\u0003\u0001 hello\r\n\r\n", "400", "bad-http"],
    ["a head that is too long", `${head}X: ${"x".repeat(20_000)}\r\n\r\n`, "431", "too-large"],
    [
      "an endless chunked body",
      `${head}Transfer-Encoding: chunked\r\n\r\n7D0\r\n${"x".repeat(2_000)}\r\n`,
      "413",
      "too-large",
    ],
  ];
  for (const [title, text, status, reason] of texts) {
    it(`refuses ${title} with ${status}`, async () => {
      await open();
      assert.match(await talk(text), new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.deepEqual(refused, [reason]);
      assert.equal((await send()).status, 200);
    });
  }

  it("refuses a body when those in flight hold as much as they may", async () => {
    const { promise, resolve } = Promise.withResolvers<typeof reply>();
    await open({ limits: { ...limits, maximumBytesInFlight: 15 } }, (posted) => {
      bodies.push(posted.body);
      return promise;
    });
    const first = send();
    while (bodies.length === 0) await new Promise((next) => setImmediate(next));
    const second = await send();
    assert.deepEqual([second.status, second.headers["retry-after"]], [503, "5"]);
    resolve(reply);
    assert.equal((await first).status, 200);
    assert.equal((await send()).status, 200);
  });

  it("answers 500 when its receiver fails, and goes on", async () => {
    let count = 0;
    await open({}, () => {
      count += 1;
      return count === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(reply);
    });
    assert.equal((await send()).status, 500);
    assert.equal((await send()).status, 200);
  });

  describe("lets in only", () => {
    async function assertShutOut(tls: TlsMaterial): Promise<void> {
      await assert.rejects(send({ tls }));
      assert.deepEqual([refused, bodies], [["tls"], []]);
      assert.equal((await send()).status, 200);
    }

    it("peers with a certificate", async () => {
      await open();
      await assertShutOut({ ca: certificates.good.ca });
    });

    it("peers with a certificate of a trusted authority", async () => {
      await open();
      await assertShutOut({ ...certificates.foreign, ca: certificates.good.ca });
    });

    it("peers whose certificate has not expired", async () => {
      await open();
      const day = 86_400_000;
      await assertShutOut(await certificates.issue({ notBefore: Date.now() - 2 * day, notAfter: Date.now() - day }));
    });

    it("peers that speak TLS 1.2 or later", async () => {
      await open();
      const { key, cert, ca } = certificates.good;
      const ciphers = "DEFAULT:@SECLEVEL=0";
      const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers } as const;
      const socket = connectTls({ host: "127.0.0.1", port, key, cert, ca: ca as string, ...old });
      await assert.rejects(once(socket, "secureConnect"));
    });

    it("peers of the names on the list, by DNS name, or by common name where there is none", async () => {
      await open({ clientNames: ["Spine.example.nhs.uk", "second.example"] });
      const named = await certificates.issue({ commonName: "spine.example.nhs.uk", dnsNames: [] });
      const alternative = await certificates.issue({ commonName: "other", dnsNames: ["x.example", "SECOND.example"] });
      assert.equal((await send({ tls: named })).status, 200);
      assert.equal((await send({ tls: alternative })).status, 200);
      assert.deepEqual(refused, []);
    });

    const strangers: readonly (readonly [string, Partial<CertificateRequest>])[] = [
      ["another name", { commonName: "other.example", dnsNames: ["other.example"] }],
      ["the name as common name beside another DNS name", { commonName: "spine.example", dnsNames: ["other.example"] }],
      ["a wildcard that would cover it", { commonName: "other", dnsNames: ["*.example"] }],
      ["the name inside a longer one", { commonName: "other", dnsNames: ["spine.example.evil.example"] }],
      ["the name hidden in one with commas", { commonName: "other", dnsNames: ["a, DNS:spine.example, DNS:b"] }],
    ];
    for (const [title, request] of strangers) {
      it(`no peer with ${title}`, async () => {
        await open({ clientNames: ["spine.example"] });
        const tls = await certificates.issue(request);
        const codes: unknown[] = [];
        events.on("refused", ({ code, remoteAddress }) => codes.push(code, remoteAddress));
        await assert.rejects(send({ tls }));
        assert.deepEqual([refused, codes], [["client-name"], ["TLS_CLIENT_REFUSED", "127.0.0.1"]]);
        assert.deepEqual(bodies, []);
      });
    }

    it("nobody without a name, and says nothing of a look from this machine", async () => {
      await open({ clientNames: [] });
      const own = await send();
      assert.deepEqual([own.status, bodies], [403, []]);
      await assert.rejects(send({ tls: await certificates.issue({ commonName: "spine.example" }) }));
      assert.deepEqual(refused, ["client-name", "client-name"]);
    });

    it("peers that show their certificate anew each time: no session is resumed", async () => {
      await open();
      const { key, cert, ca } = certificates.good;
      for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        const options = { host: "127.0.0.1", port, key, cert, ca: ca as string, maxVersion: version };
        const first = connectTls(options);
        const ticket = once(first, "session") as Promise<[Buffer]>;
        await once(first, "secureConnect");
        const [session] = await ticket;
        const second = connectTls({ ...options, session });
        await once(second, "secureConnect");
        assert.equal(second.isSessionReused(), false);
        first.destroy();
        second.destroy();
      }
    });

    it("peers that keep to their first handshake", async () => {
      await open();
      const { key, cert, ca } = certificates.good;
      const socket = connectTls({ host: "127.0.0.1", port, key, cert, ca: ca as string, maxVersion: "TLSv1.2" });
      await once(socket, "secureConnect");
      const failed = once(socket, "error") as Promise<[Error]>;
      socket.renegotiate({}, () => undefined);
      assert.match((await failed)[0].message, /no renegotiation/);
      socket.destroy();
    });
  });

  describe("cuts off", () => {
    /** Short where nothing must happen in time, and long enough for a handshake on a busy machine where it must. */
    const short = { ...limits, headersMilliseconds: 3_000, requestMilliseconds: 3_500 };

    it("a peer that never begins its handshake", async () => {
      await open({ limits: { ...limits, handshakeMilliseconds: 100 } });
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => socket.destroy());
      await once(socket, "close");
      assert.deepEqual(refused, ["time-out"]);
    });

    it("a peer that does not finish its head", async () => {
      await open({ limits: short });
      assert.match(await talk("POST /mhs HTTP/1.1\r\nHost:"), /^HTTP\/1\.1 408 /);
    });

    it("a peer that does not finish its body", async () => {
      await open({ limits: short });
      assert.match(await talk(`${head}Content-Length: 10\r\n\r\n<me`), /^HTTP\/1\.1 408 /);
      assert.ok(refused.includes("time-out"));
      assert.deepEqual(bodies, []);
    });

    for (const limit of ["maximumConnections", "maximumConnectionsPerAddress"] as const) {
      it(`peers beyond the ${limit}`, async () => {
        await open({ limits: { ...limits, [limit]: 1 } });
        const first = await openSocket();
        await assert.rejects(send());
        assert.deepEqual(refused, ["too-many-connections"]);
        first.destroy();
        while (listener.connectionCount() > 0) await new Promise((next) => setImmediate(next));
        assert.equal((await send()).status, 200);
      });
    }

    it("a peer that says nothing more after its message, at its idle time", async () => {
      await open({ limits: { ...limits, keepAliveMilliseconds: 100 } });
      const text = await talk(`${head}Content-Length: 10\r\n\r\n${body.toString()}`);
      assert.match(text, /^HTTP\/1\.1 200 /);
      assert.deepEqual(refused, []);
    });

    it("a peer that never asks anything after its handshake", async () => {
      await open({ limits: { ...limits, silenceMilliseconds: 100 } });
      assert.equal(await readToEnd(await openSocket()), "");
    });

    it("the oldest of those that do not begin their handshake, to make room for the next", async () => {
      await open({ limits: { ...limits, maximumHandshakesPerAddress: 2, handshakeMilliseconds: 60_000 } });
      const open4 = Array.from({ length: 4 }, () => connectTcp(port, "127.0.0.1"));
      for (const socket of open4) socket.on("error", () => socket.destroy());
      await Promise.all(open4.slice(0, 2).map(async (socket) => (socket.closed ? undefined : once(socket, "close"))));
      assert.equal((await send()).status, 200);
      assert.deepEqual(new Set(refused), new Set(["too-many-handshakes"]));
      for (const socket of open4) socket.destroy();
    });

    it("1,000 connections of one address that say nothing, and takes 40 of 40 messages meanwhile", async () => {
      await open({ limits: { ...limits, handshakeMilliseconds: 60_000 } });
      const idle = Array.from({ length: 1_000 }, () => connectTcp(port, "127.0.0.1"));
      for (const socket of idle) socket.on("error", () => socket.destroy());
      while (refused.length < 1_000 - defaultConnectionLimits.maximumHandshakesPerAddress)
        await once(events, "refused");
      const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await send()).status));
      assert.deepEqual(
        statuses,
        Array.from({ length: 40 }, () => 200),
      );
      assert.deepEqual(new Set(refused), new Set(["too-many-handshakes"]));
      for (const socket of idle) socket.destroy();
    });
  });

  describe("when it closes", () => {
    it("lets a message in progress finish and ends idle connections at once", async () => {
      const { promise, resolve } = Promise.withResolvers<typeof reply>();
      await open({ limits: { ...limits, closeGraceMilliseconds: 60_000 } }, (posted) => {
        bodies.push(posted.body);
        return promise;
      });
      const idle = await openSocket();
      const idleEnd = readToEnd(idle);
      const inProgress = send({ headers: { Connection: "keep-alive" } });
      while (bodies.length === 0) await new Promise((next) => setImmediate(next));
      const closed = listener.close();
      await idleEnd;
      resolve(reply);
      assert.deepEqual((await inProgress).body, reply.body);
      await closed;
    });

    it("ends a message that is still in progress after the grace", async () => {
      await open({ limits: { ...limits, closeGraceMilliseconds: 50 } }, (posted) => {
        bodies.push(posted.body);
        return new Promise(() => undefined);
      });
      const lost = assert.rejects(send());
      while (bodies.length === 0) await new Promise((next) => setImmediate(next));
      await listener.close();
      await lost;
    });
  });
});
