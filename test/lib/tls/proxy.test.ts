// Through a real HTTP proxy: mutual TLS inside CONNECT, what is exempt, and refusals with codes of their own.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:https";
import { defaultConnectTimeouts } from "../../../lib/tls/connect-tls.js";
import { createHttpsClient, type HttpsClient, type HttpsOutcome } from "../../../lib/tls/https-exchange.js";
import { chooseProxy, environmentProxy, type ProxySettings } from "../../../lib/tls/proxy.js";
import { createTlsContext } from "../../../lib/tls/tls-material.js";
import { testPki } from "../../support/simulator/simulator-client.js";
import { startConnectProxy, type ConnectProxy, type ConnectProxyOptions } from "../../support/tls/connect-proxy.js";

describe("an HTTP proxy on the way", () => {
  const peer = "mesh.sim.example.nhs.uk";
  let server: Server;
  let proxy: ConnectProxy | undefined;
  let client: HttpsClient | undefined;
  let port = 0;

  before(async () => {
    const { pki } = await testPki();
    const own = await pki.issue({ commonName: peer, dnsNames: [peer], usage: "server" });
    const tls = { key: own.keyPem, cert: own.certPem, ca: pki.caPem, requestCert: true, rejectUnauthorized: true };
    server = createServer(tls, (request, response) => {
      // Our certificate was shown through the tunnel: without one the handshake fails.
      response.end(request.url);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(async () => {
    client?.close();
    await proxy?.close();
  });

  /** The name of the peer is known to the proxy alone. */
  async function ask(options: ConnectProxyOptions, more: Partial<ProxySettings> = {}): Promise<HttpsOutcome> {
    const { pki, client: own } = await testPki();
    proxy = await startConnectProxy({ leadsTo: { host: "127.0.0.1", port }, ...options });
    client = createHttpsClient({
      secureContext: createTlsContext({ ca: pki.caPem, key: own.keyPem, cert: own.certPem }),
      timeouts: defaultConnectTimeouts,
      codes: { connectFailed: "MESH_CONNECT_FAILED", incomplete: "MESH_INCOMPLETE" },
      proxy: { url: proxy.url, noProxy: [], ...more },
    });
    return client.exchange({ method: "GET", url: new URL(`https://${peer}/`), headers: {} });
  }

  function codeOf(outcome: HttpsOutcome): string {
    return outcome.kind === "not-sent" ? outcome.error.code : outcome.kind;
  }

  it("carries mutual TLS unopened, and the peer is still checked by its name", async () => {
    const outcome = await ask({});
    assert.ok(outcome.kind === "replied", codeOf(outcome));
    const whole = await outcome.reply.readWhole(1_000);
    assert.ok(whole.kind === "whole" && whole.body.length > 0);
    assert.deepEqual(proxy?.asked, [`${peer}:443`]);
    assert.equal(
      codeOf(await client!.exchange({ method: "GET", url: new URL("https://other.example/"), headers: {} })),
      "TLS_PEER_WRONG_NAME",
    );
  });

  it("is given its name and password, and nothing of them is in an error", async () => {
    const credentials = "council:pa55-Word!";
    assert.equal(codeOf(await ask({ credentials }, { username: "council", password: "pa55-Word!" })), "replied");
    client?.close();
    await proxy?.close();
    const refused = await ask({ credentials }, { username: "council", password: "wr0ng" });
    assert.ok(refused.kind === "not-sent");
    assert.equal(refused.error.code, "TLS_PROXY_AUTHENTICATION");
    assert.ok(!refused.error.retryable && !/wr0ng|council/.test(JSON.stringify(refused.error) + refused.error.message));
  });

  it("refuses under codes of its own", async () => {
    const forbidden = await ask({ refusal: 403 });
    assert.ok(forbidden.kind === "not-sent");
    assert.deepEqual([forbidden.error.code, forbidden.error.retryable], ["TLS_PROXY_REFUSED", false]);
    client?.close();
    await proxy?.close();
    const busy = await ask({ refusal: 503 });
    assert.ok(busy.kind === "not-sent");
    assert.deepEqual([busy.error.code, busy.error.retryable], ["TLS_PROXY_REFUSED", true]);
    client?.close();
    await proxy?.close();
    assert.equal(codeOf(await ask({}, { url: "http://127.0.0.1:1" })), "TLS_PROXY_UNREACHABLE");
  });

  it("is passed by for this machine and for what is exempt", () => {
    const noProxy = ["internal.nhs.uk", ".spine.nhs.uk", "10.1.2.3", "mesh.example:8443", "2001:db8::1"];
    const choose = chooseProxy({ url: "http://proxy:3128", noProxy });
    for (const [host, port] of [
      ["127.0.0.1", 443],
      ["localhost", 443],
      ["[::1]", 443],
      ["internal.nhs.uk", 443],
      ["a.INTERNAL.nhs.uk.", 443],
      ["msg.spine.nhs.uk", 443],
      ["10.1.2.3", 443],
      ["mesh.example", 8443],
      ["[2001:db8::1]", 443],
    ] as const) {
      assert.equal(choose(host, port), undefined, host);
    }
    for (const host of ["notinternal.nhs.uk", "10.1.2.30", "mesh.example", "2001:db8::2", "127.0.0.1.example"]) {
      assert.equal(choose(host, 443)?.url.host, "proxy:3128", host);
    }
    assert.equal(chooseProxy({ url: "http://proxy", noProxy: ["*"] })("mesh.example", 443), undefined);
  });

  it("is taken from the environment, and refused where it cannot be one", () => {
    assert.equal(environmentProxy({}), undefined);
    assert.deepEqual(environmentProxy({ https_proxy: "http://p:1", NO_PROXY: "a, b c" }), {
      url: "http://p:1",
      noProxy: ["a", "b", "c"],
    });
    const route = chooseProxy({ url: "http://na%40me:se%3Acret@p:1", noProxy: [] })("mesh.example", 443);
    assert.equal(route?.authorization, `Basic ${Buffer.from("na@me:se:cret").toString("base64")}`);
    for (const url of ["proxy:3128", "socks5://secret@p:1", ""]) {
      assert.throws(() => chooseProxy({ url, noProxy: [] }), { code: "CONFIG_INVALID" });
    }
  });
});
