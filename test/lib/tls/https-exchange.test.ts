// What is known of a request's fate, against servers that answer, break, lie and stall on real sockets.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { defaultConnectTimeouts } from "../../../lib/tls/connect-tls.js";
import { createHttpsClient, type HttpsClient, type HttpsRequest } from "../../../lib/tls/https-exchange.js";
import { createTlsContext } from "../../../lib/tls/tls-material.js";
import { testPki } from "../../support/simulator/simulator-client.js";

describe("an HTTPS exchange", () => {
  let server: Server | undefined;
  let client: HttpsClient | undefined;
  const sockets = new Set<TLSSocket>();

  afterEach(async () => {
    client?.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    if (server !== undefined) await new Promise((resolve) => server?.close(resolve));
    server = undefined;
  });

  /** `answer` is called for each connection with the bytes that came, at each piece. */
  async function open(answer: (socket: TLSSocket, sofar: string) => void): Promise<URL> {
    const { pki, spine, client: own } = await testPki();
    server = createServer({ key: spine.keyPem, cert: spine.certPem, ca: pki.caPem, requestCert: true }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      let text = "";
      socket.on("data", (piece: Buffer) => answer(socket, (text += piece.toString())));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    client = createHttpsClient({
      secureContext: createTlsContext({ ca: pki.caPem, key: own.keyPem, cert: own.certPem }),
      timeouts: defaultConnectTimeouts,
      codes: { connectFailed: "MESH_CONNECT_FAILED", incomplete: "MESH_INCOMPLETE" },
    });
    return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/path?query=1`);
  }

  const exchange = (url: URL, more: Partial<HttpsRequest> = {}) => {
    assert.ok(client);
    return client.exchange({ method: "GET", url, headers: {}, ...more });
  };
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: a\r\nX-Name: b\r\n\r\nhello";

  it("gives the whole reply, with the names of headers in lower case", async () => {
    const url = await open((socket) => socket.write(ok));
    const outcome = await exchange(url);
    assert.equal(outcome.kind, "replied");
    assert.equal(outcome.reply.status, 200);
    assert.equal(outcome.reply.headers.get("x-name"), "a, b");
    assert.deepEqual(await outcome.reply.readWhole(5), { kind: "whole", body: Buffer.from("hello") });
  });

  it("reuses a connection, which is closed after two seconds of idleness and not before", async () => {
    let connections = 0;
    const url = await open((socket, text) => {
      if (text.endsWith("\r\n\r\n")) socket.write(ok);
    });
    server?.on("secureConnection", () => (connections += 1));
    const read = async (): Promise<void> => {
      const outcome = await exchange(url);
      assert.ok(outcome.kind === "replied" && (await outcome.reply.readWhole(10)).kind === "whole");
    };
    await read();
    await read();
    assert.equal(connections, 1);
    const idleSince = performance.now();
    await Promise.all([...sockets].map((socket) => once(socket, "close")));
    const idle = performance.now() - idleSince;
    assert.ok(idle > 1_000 && idle < 4_900, `closed after ${Math.round(idle)} ms`);
    await read();
    assert.equal(connections, 2);
  });

  it("says that a request was not sent when nothing listens, and when the caller stops it", async () => {
    const url = await open((socket) => socket.write(ok));
    const stopped = await exchange(url, { mayWrite: () => false });
    assert.ok(stopped.kind === "not-sent" && stopped.error.code === "MESH_CONNECT_FAILED");
    const aborted = await exchange(url, { signal: AbortSignal.abort() });
    assert.ok(aborted.kind === "not-sent" && aborted.error.code === "CONFIG_CLOSED");
    const nobody = await exchange(new URL("https://127.0.0.1:1/"));
    assert.ok(nobody.kind === "not-sent" && nobody.error.code === "MESH_CONNECT_FAILED");
  });

  it("says that it broke when the peer reads the request and closes", async () => {
    const url = await open((socket) => socket.destroy());
    const outcome = await exchange(url, { method: "POST", body: Buffer.from("text") });
    assert.deepEqual(outcome, { kind: "broken", by: "connection", isStale: false });
  });

  it("says that a kept connection was stale, so that a question may be asked again", async () => {
    let requests = 0;
    const url = await open((socket) => {
      requests += 1;
      if (requests === 1) socket.write(ok);
      else socket.destroy();
    });
    const first = await exchange(url);
    assert.ok(first.kind === "replied");
    await first.reply.readWhole(10);
    assert.deepEqual(await exchange(url), { kind: "broken", by: "connection", isStale: true });
  });

  it("ends a reply that never comes, and one that never ends, when its time is over", async () => {
    const silent = await open(() => undefined);
    const limit = { milliseconds: 300, from: "first-byte" } as const;
    assert.deepEqual(await exchange(silent, { limit }), { kind: "broken", by: "time", isStale: false });
    client?.close();
    server?.close();
    const endless = await open((socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfew"));
    const outcome = await exchange(endless, { limit });
    assert.ok(outcome.kind === "replied");
    assert.deepEqual(await outcome.reply.readWhole(1_000), { kind: "broken", by: "time" });
  });

  it("says what is no HTTP, and what is too large", async () => {
    const url = await open((socket) => void socket.write("220 mail.example ready\r\n"));
    assert.deepEqual(await exchange(url), { kind: "broken", by: "no-http", isStale: false });
    client?.close();
    server?.close();
    const large = await open((socket) => void socket.write(ok));
    const outcome = await exchange(large);
    assert.ok(outcome.kind === "replied");
    assert.deepEqual(await outcome.reply.readWhole(4), { kind: "too-large" });
  });

  it("gives no shortened body for a whole one", async () => {
    const url = await open((socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfew"));
    const whole = await exchange(url);
    assert.ok(whole.kind === "replied");
    assert.deepEqual(await whole.reply.readWhole(1_000), { kind: "broken", by: "connection" });
    const pieces = await exchange(url);
    assert.ok(pieces.kind === "replied");
    await assert.rejects(
      async () => {
        for await (const piece of pieces.reply.body) assert.equal(piece.toString(), "few");
      },
      { code: "MESH_INCOMPLETE" },
    );
  });

  it("sends a body that is read while it is sent, and never one that is not of its length", async () => {
    let got = "";
    const url = await open((socket, text) => {
      got = text;
      if (text.endsWith("three")) socket.write(ok);
    });
    async function* pieces(): AsyncGenerator<Buffer> {
      for (const text of ["one", "two", "three"]) yield await Promise.resolve(Buffer.from(text));
    }
    const outcome = await exchange(url, { method: "POST", body: { bytes: 11, open: pieces } });
    assert.ok(outcome.kind === "replied");
    assert.match(got, /content-length: 11\r\n[^]*\r\n\r\nonetwothree$/i);
    for (const bytes of [10, 12]) {
      const broken = await exchange(url, { method: "POST", body: { bytes, open: pieces } });
      assert.deepEqual(broken, { kind: "broken", by: "body", isStale: false });
    }
  });
});
