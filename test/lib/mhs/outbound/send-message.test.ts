import assert from "node:assert/strict";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createSender, type SendResult, type SendTimeouts } from "../../../../lib/mhs/outbound/send-message.js";
import type { ErrorCode } from "../../../../lib/errors.js";
import type { TlsMaterial } from "../../../../lib/tls/tls-material.js";
import {
  replyEmpty,
  startPeer,
  testCertificates,
  type Peer,
  type PeerBehaviour,
  type TestCertificates,
} from "../../../support/mhs/peer.js";

const message = { contentType: "text/xml", soapAction: "urn:a/b", body: Buffer.from("<message/>") };
const quick = { connectMilliseconds: 1_000, tlsMilliseconds: 300, replyMilliseconds: 300 };

describe("createSender", () => {
  let certificates: TestCertificates;
  let closing: (() => Promise<void>)[] = [];

  before(async () => {
    certificates = await testCertificates();
  });

  afterEach(async () => {
    await Promise.all(closing.map((close) => close()));
    closing = [];
  });

  function closeLater(close: () => void): void {
    closing.push(() => {
      close();
      return Promise.resolve();
    });
  }

  interface Wish {
    readonly tls?: TlsMaterial;
    readonly timeouts?: Partial<SendTimeouts>;
    readonly host?: string;
    readonly maximumReplyBytes?: number;
  }

  async function send(port: number, wish: Wish = {}): Promise<SendResult> {
    const { tls = certificates.good, timeouts = {}, host = "127.0.0.1", ...more } = wish;
    const sender = createSender({ tls, timeouts: { ...quick, ...timeouts }, ...more });
    closeLater(() => sender.close());
    return sender.send({ url: new URL(`https://${host}:${port}/`), message, mayWrite: () => true });
  }

  async function start(behave: PeerBehaviour, tls?: TlsMaterial, more = {}): Promise<Peer> {
    const peer = await startPeer(tls ?? certificates.good, behave, more);
    closing.push(() => peer.close());
    return peer;
  }

  /** A TCP server without TLS. */
  async function startTcp(
    onSocket: (socket: Socket) => void,
  ): Promise<{ server: Server; port: number; readonly made: () => number }> {
    let made = 0;
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      made += 1;
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closeLater(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { server, port, made: () => made };
  }

  function notSent(result: SendResult): Extract<SendResult, { kind: "not-sent" }>["error"] {
    if (result.kind !== "not-sent") assert.fail(`the result is ${result.kind}`);
    return result.error;
  }

  it("gives status, content type and body of the reply", async () => {
    const peer = await start((_request, response) => {
      response.writeHead(418, { "Content-Type": "text/plain" }).end("reply");
    });
    const expected = { kind: "replied", httpStatus: 418, contentType: "text/plain", body: Buffer.from("reply") };
    assert.deepEqual(await send(peer.port), expected);
  });

  it("writes nothing when it may not any more", async () => {
    const peer = await start((_request, response) => replyEmpty(response));
    const sender = createSender({ tls: certificates.good });
    closeLater(() => sender.close());
    const url = new URL(`https://127.0.0.1:${peer.port}/`);
    notSent(await sender.send({ url, message, mayWrite: () => false }));
    assert.equal(peer.requests.length, 0);
  });

  describe("knows that nothing was sent", () => {
    it("when the connection is refused, after three tries", async () => {
      const { server, port } = await startTcp(() => undefined);
      await new Promise((resolve) => server.close(resolve));
      const error = notSent(await send(port));
      assert.equal(error.code, "EBXML_CONNECT_FAILED");
      assert.match(error.message, /refused \(ECONNREFUSED\)/);
    });

    it("when the host name is unknown", async () => {
      const error = notSent(await send(443, { host: "no-such-host.invalid" }));
      assert.equal(error.code, "EBXML_CONNECT_FAILED");
      assert.match(error.message, /ENOTFOUND|EAI_AGAIN/);
    });

    it("when the peer cuts the connection in the handshake, after three tries", async () => {
      const { port, made } = await startTcp((socket) => socket.destroy());
      const error = notSent(await send(port));
      assert.deepEqual([error.code, error.retryable], ["TLS_FAILED", true]);
      assert.equal(made(), 3);
    });

    it("when the peer never answers the handshake", async () => {
      const { port, made } = await startTcp(() => undefined);
      const error = notSent(await send(port, { timeouts: { tlsMilliseconds: 50 } }));
      assert.deepEqual([error.code, error.retryable], ["TLS_FAILED", true]);
      assert.match(error.message, /50 ms/);
      assert.equal(made(), 3);
    });

    it("when the peer does not speak TLS, without trying again", async () => {
      const { port, made } = await startTcp((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
      const error = notSent(await send(port));
      assert.match(error.message, /does not speak TLS/);
      assert.equal(made(), 1);
    });

    it("when the peer only speaks an old version of TLS", async () => {
      const peer = await start((_request, response) => replyEmpty(response), undefined, {
        minVersion: "TLSv1.1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT:@SECLEVEL=0",
      });
      const error = notSent(await send(peer.port));
      assert.equal(error.code, "TLS_PROTOCOL_TOO_OLD");
      assert.match(error.message, /alert: protocol version/);
    });
  });

  describe("names the certificate that was refused, and does not try again", () => {
    const accept: PeerBehaviour = (_request, response) => replyEmpty(response);

    async function refusedServer(tls: TlsMaterial, code: ErrorCode, host = "127.0.0.1"): Promise<void> {
      const peer = await start(accept, tls);
      const error = notSent(await send(peer.port, { host }));
      assert.deepEqual([error.code, error.retryable], [code, false]);
      assert.deepEqual([peer.connectionsMade(), peer.requests.length], [1, 0]);
    }

    it("for a server of an unknown authority", async () => {
      await refusedServer(certificates.foreign, "TLS_PEER_AUTHORITY_UNKNOWN");
    });

    it("for an expired server", async () => {
      const day = 86_400_000;
      const tls = await certificates.issue({ notBefore: Date.now() - 2 * day, notAfter: Date.now() - day });
      await refusedServer(tls, "TLS_PEER_EXPIRED");
    });

    it("for a server that is not valid yet", async () => {
      const tls = await certificates.issue({ notBefore: Date.now() + 86_400_000 });
      await refusedServer(tls, "TLS_PEER_NOT_YET_VALID");
    });

    it("for a server of another name", async () => {
      const tls = await certificates.issue({
        commonName: "127.0.0.1",
        dnsNames: ["msg.example.nhs.uk"],
        ipAddresses: [],
      });
      await refusedServer(tls, "TLS_PEER_WRONG_NAME");
    });

    it("for a server that has its name in the subject only", async () => {
      const tls = await certificates.issue({ commonName: "localhost", dnsNames: [], ipAddresses: [] });
      await refusedServer(tls, "TLS_PEER_WRONG_NAME", "localhost");
    });

    it("for a server with a certificate for clients", async () => {
      await refusedServer(await certificates.issue({ usage: "client" }), "TLS_PEER_WRONG_PURPOSE");
    });

    it("for our own certificate, also when the sign of its acceptance is not waited for", async () => {
      const peer = await start(accept);
      const tls = { ca: certificates.good.ca, key: "", cert: "" };
      const error = notSent(await send(peer.port, { tls, timeouts: { verdictMilliseconds: 0 } }));
      assert.match(error.message, /alert: certificate required/);
      assert.equal(peer.requests.length, 0);
    });

    for (const maxVersion of ["TLSv1.2", "TLSv1.3"]) {
      it(`for our own certificate, which is missing, in ${maxVersion}`, async () => {
        const peer = await start(accept, undefined, { maxVersion });
        const error = notSent(await send(peer.port, { tls: { ca: certificates.good.ca, key: "", cert: "" } }));
        assert.deepEqual([error.code, error.retryable], ["TLS_CERTIFICATE_REQUIRED", false]);
        assert.match(error.message, /alert: /);
        assert.deepEqual([peer.connectionsMade(), peer.requests.length], [1, 0]);
      });

      it(`for our own certificate, which the peer drops without a word, in ${maxVersion}`, async () => {
        const peer = await start(accept, undefined, { maxVersion });
        const error = notSent(await send(peer.port, { tls: { ...certificates.foreign, ca: certificates.good.ca } }));
        assert.equal(error.code, "TLS_FAILED");
        assert.match(error.message, /may not accept our certificate/);
        assert.equal(peer.requests.length, 0);
      });
    }
  });

  describe("says that the outcome is unknown, and sends nothing again", () => {
    const cases: readonly { readonly title: string; readonly behave: PeerBehaviour; readonly reason: RegExp }[] = [
      {
        title: "when the peer closes without a reply",
        behave: (_request, response) => response.destroy(),
        reason: /broke before the reply was complete/,
      },
      {
        title: "when the reply never comes",
        behave: () => undefined,
        reason: /no complete reply within 300 ms/,
      },
      {
        title: "when the reply stops in the middle",
        behave: (_request, response) => {
          response.writeHead(202, { "Content-Length": 100 }).write("begin");
        },
        reason: /no complete reply within 300 ms/,
      },
      {
        title: "when the connection breaks in the middle of the reply",
        behave: (_request, response) => {
          response.writeHead(202, { "Content-Length": 100 }).write("begin", () => response.destroy());
        },
        reason: /broke before the reply was complete/,
      },
      {
        title: "when the reply is larger than the limit",
        behave: (_request, response) => void response.end(Buffer.alloc(5_000)),
        reason: /larger/,
      },
    ];

    for (const { title, behave, reason } of cases) {
      it(title, async () => {
        const peer = await start(behave);
        const result = await send(peer.port, { maximumReplyBytes: 4_096 });
        if (result.kind !== "unknown") assert.fail(`the result is ${result.kind}`);
        assert.match(result.reason, reason);
        assert.equal(peer.requests.length, 1);
      });
    }

    it("when a connection that was kept open breaks", async () => {
      let count = 0;
      const peer = await start((_request, response) => {
        count += 1;
        if (count === 1) replyEmpty(response);
        else response.destroy();
      });
      const sender = createSender({ tls: certificates.good, timeouts: quick });
      closeLater(() => sender.close());
      const sending = { url: new URL(`https://127.0.0.1:${peer.port}/`), message, mayWrite: () => true };
      assert.equal((await sender.send(sending)).kind, "replied");
      assert.equal((await sender.send(sending)).kind, "unknown");
      assert.deepEqual([peer.connectionsMade(), peer.requests.length], [1, 2]);
    });
  });

  it("ends what is under way when it closes", async () => {
    const peer = await start(() => undefined);
    const { port: stuckPort } = await startTcp(() => undefined);
    const sender = createSender({ tls: certificates.good });
    let onWriting = (): void => undefined;
    const isWriting = new Promise<void>((resolve) => {
      onWriting = resolve;
    });
    const mayWrite = (): boolean => {
      onWriting();
      return true;
    };
    const waiting = sender.send({ url: new URL(`https://127.0.0.1:${peer.port}/`), message, mayWrite });
    const connecting = sender.send({ url: new URL(`https://127.0.0.1:${stuckPort}/`), message, mayWrite });
    await isWriting;
    sender.close();
    assert.equal((await waiting).kind, "unknown");
    assert.equal(notSent(await connecting).code, "CONFIG_CLOSED");
  });
});
