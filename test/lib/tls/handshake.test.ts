// Each way in which a handshake fails, provoked with real authorities and certificates, has its own code and advice.
import assert from "node:assert/strict";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { createSecureContext, createServer, type SecureContext, type TlsOptions, type TLSSocket } from "node:tls";
import { errorTable, type CpisError, type ErrorCode } from "../../../lib/errors.js";
import {
  createPki,
  type CertificateRequest,
  type IssuedCertificate,
  type Pki,
} from "../../../lib/simulator/pki/pki.js";
import { connectTls, defaultConnectTimeouts } from "../../../lib/tls/connect-tls.js";
import { createTlsContext, tlsOptions, type TlsMaterial } from "../../../lib/tls/tls-material.js";

const day = 86_400_000;
const loopback: CertificateRequest = {
  commonName: "localhost",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
  usage: "both",
};
const past = { notBefore: Date.now() - 2 * day, notAfter: Date.now() - day };
const future = { notBefore: Date.now() + day };
const versions = ["TLSv1.2", "TLSv1.3"] as const;

function materialOf({ keyPem, certPem }: IssuedCertificate, trusted: Pki): TlsMaterial {
  return { key: keyPem, cert: certPem, ca: trusted.caPem };
}

describe("a TLS handshake that fails", () => {
  let pki: Pki;
  let stranger: Pki;
  let good: TlsMaterial;
  let closing: (() => void)[] = [];

  before(async () => {
    pki = await createPki({ now: () => Date.now() });
    stranger = await createPki({ now: () => Date.now(), authorityName: "Another authority" });
    good = materialOf(await pki.issue(loopback), pki);
  });
  afterEach(() => {
    for (const close of closing) close();
    closing = [];
  });

  async function issue(change: Partial<CertificateRequest>): Promise<TlsMaterial> {
    return materialOf(await pki.issue({ ...loopback, ...change }), pki);
  }

  async function listen(server: TcpServer): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  /** A server with mutual TLS, as Spine has. */
  function serve(material: TlsMaterial, more: TlsOptions = {}): Promise<number> {
    const { key, cert, ca } = material;
    const server = createServer(
      { key, cert, ca: ca as string, requestCert: true, rejectUnauthorized: true, ...more },
      (socket) => {
        socket.on("error", () => socket.destroy());
        closing.push(() => socket.destroy());
      },
    );
    server.on("tlsClientError", () => undefined);
    return listen(server);
  }

  /** A server that answers the first bytes with an alert (RFC 8446, 6), by the number that it has there. */
  function alert(number: number): Promise<number> {
    return listen(
      createTcpServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.once("data", () => socket.end(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, number])));
      }),
    );
  }

  function connect(port: number, context: SecureContext, host = "127.0.0.1"): Promise<TLSSocket> {
    const target = { host, port, connectFailed: "EBXML_CONNECT_FAILED" } as const;
    return connectTls(target, context, defaultConnectTimeouts, new AbortController().signal);
  }

  async function failure(
    port: number,
    material: TlsMaterial | SecureContext = good,
    host?: string,
  ): Promise<CpisError> {
    const context = "context" in material ? material : createTlsContext(material);
    const socket = await connect(port, context, host).catch((error: unknown) => error as CpisError);
    if ("encrypted" in socket) {
      socket.destroy();
      assert.fail("the handshake did not fail");
    }
    assert.equal(socket.advice, errorTable[socket.code].advice);
    return socket;
  }

  async function assertFails(
    code: ErrorCode,
    port: number,
    ...how: [(TlsMaterial | SecureContext)?, string?]
  ): Promise<void> {
    const error = await failure(port, ...how);
    assert.deepEqual([error.code, error.retryable], [code, false], error.message);
  }

  it("succeeds otherwise, so that each failure below is its own", async () => {
    for (const maxVersion of versions) {
      const socket = await connect(await serve(good, { maxVersion }), createTlsContext(good));
      assert.equal(socket.getProtocol(), maxVersion);
      socket.destroy();
    }
  });

  describe("because we refuse the other side", () => {
    it("TLS_PEER_AUTHORITY_UNKNOWN: its authority is not trusted", async () => {
      const foreign = materialOf(await stranger.issue(loopback), pki);
      await assertFails("TLS_PEER_AUTHORITY_UNKNOWN", await serve(foreign));
    });

    it("TLS_PEER_AUTHORITY_UNKNOWN: its authority has the name of ours, and another key", async () => {
      const namesake = await createPki({ now: () => Date.now() });
      await assertFails("TLS_PEER_AUTHORITY_UNKNOWN", await serve(materialOf(await namesake.issue(loopback), pki)));
    });

    it("TLS_PEER_EXPIRED: its certificate has expired", async () => {
      await assertFails("TLS_PEER_EXPIRED", await serve(await issue(past)));
    });

    it("TLS_PEER_NOT_YET_VALID: its certificate is not valid yet", async () => {
      await assertFails("TLS_PEER_NOT_YET_VALID", await serve(await issue(future)));
    });

    it("TLS_PEER_WRONG_NAME: its certificate is for another host", async () => {
      const misnamed = await issue({ dnsNames: ["msg.example.nhs.uk"], ipAddresses: [] });
      await assertFails("TLS_PEER_WRONG_NAME", await serve(misnamed));
      await assertFails("TLS_PEER_WRONG_NAME", await serve(misnamed), good, "localhost");
    });

    it("TLS_PEER_WRONG_PURPOSE: its certificate is for clients only", async () => {
      await assertFails("TLS_PEER_WRONG_PURPOSE", await serve(await issue({ usage: "client" })));
    });

    it("TLS_PEER_REVOKED: its certificate is on the authority's list", async () => {
      const revoked = await pki.issue(loopback);
      const crl = await pki.revoke([revoked.certPem]);
      const context = createSecureContext({ ...tlsOptions(good), crl });
      await assertFails("TLS_PEER_REVOKED", await serve(materialOf(revoked, pki)), context);
      (await connect(await serve(good), context)).destroy();
    });
  });

  describe("because the other side refuses us", () => {
    const without = (): TlsMaterial => ({ ca: good.ca, key: "", cert: "" });

    for (const maxVersion of versions) {
      it(`TLS_CERTIFICATE_REQUIRED: we have no certificate, in ${maxVersion}`, async () => {
        await assertFails("TLS_CERTIFICATE_REQUIRED", await serve(good, { maxVersion }), without());
      });

      it(`TLS_CERTIFICATE_EXPIRED: ours has expired, and the server drops us without a word, in ${maxVersion}`, async () => {
        await assertFails("TLS_CERTIFICATE_EXPIRED", await serve(good, { maxVersion }), await issue(past));
      });

      it(`TLS_CERTIFICATE_NOT_YET_VALID: ours is not valid yet, in ${maxVersion}`, async () => {
        await assertFails("TLS_CERTIFICATE_NOT_YET_VALID", await serve(good, { maxVersion }), await issue(future));
      });

      it(`TLS_FAILED: we are dropped without a word and our certificate is of today, in ${maxVersion}`, async () => {
        const foreign = materialOf(await stranger.issue(loopback), pki);
        const error = await failure(await serve(good, { maxVersion }), foreign);
        assert.deepEqual([error.code, error.retryable], ["TLS_FAILED", true]);
        assert.match(error.message, /may not accept our certificate/);
      });
    }

    const alerts: readonly (readonly [name: string, number: number, code: ErrorCode])[] = [
      ["bad certificate", 42, "TLS_CERTIFICATE_REFUSED"],
      ["unsupported certificate", 43, "TLS_CERTIFICATE_REFUSED"],
      ["certificate revoked", 44, "TLS_CERTIFICATE_REVOKED"],
      ["certificate expired", 45, "TLS_CERTIFICATE_EXPIRED"],
      ["certificate unknown", 46, "TLS_CERTIFICATE_REFUSED"],
      ["unknown ca", 48, "TLS_CERTIFICATE_AUTHORITY_UNKNOWN"],
      ["access denied", 49, "TLS_CERTIFICATE_REFUSED"],
      ["insufficient security", 71, "TLS_NO_COMMON_CIPHER"],
      ["protocol version", 70, "TLS_PROTOCOL_TOO_OLD"],
      ["handshake failure", 40, "TLS_NO_COMMON_CIPHER"],
      ["unrecognized name", 112, "TLS_FAILED"],
      ["internal error", 80, "TLS_FAILED"],
    ];
    for (const [name, number, code] of alerts) {
      it(`${code}: it says "${name}"`, async () => {
        const error = await failure(await alert(number));
        assert.equal(error.code, code);
        assert.ok(error.message.includes(`alert: ${name}`), error.message);
      });
    }

    it("TLS_CERTIFICATE_EXPIRED: it calls a certificate bad of which our clock says so", async () => {
      await assertFails("TLS_CERTIFICATE_EXPIRED", await alert(42), await issue(past));
      await assertFails("TLS_CERTIFICATE_NOT_YET_VALID", await alert(45), await issue(future));
    });
  });

  describe("because the two have nothing in common", () => {
    it("TLS_PROTOCOL_TOO_OLD: it speaks no newer version than TLS 1.1", async () => {
      const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
      await assertFails("TLS_PROTOCOL_TOO_OLD", await serve(good, old));
    });

    it("TLS_NO_COMMON_CIPHER: it has none of our suites", async () => {
      await assertFails("TLS_NO_COMMON_CIPHER", await serve(good, { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" }));
    });

    it("TLS_FAILED: it does not speak TLS at all", async () => {
      const port = await listen(createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
      await assertFails("TLS_FAILED", port);
      assert.match((await failure(port)).message, /does not speak TLS/);
    });
  });
});
