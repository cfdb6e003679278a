// Tests of what is read of certificates, from files and from connections.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { connectTls, defaultConnectTimeouts } from "../../../lib/tls/connect-tls.js";
import {
  readCertificates,
  readOwnCertificates,
  readPeerCertificates,
  validityAt,
} from "../../../lib/tls/certificates.js";
import { createTlsContext } from "../../../lib/tls/tls-material.js";
import { startPeer, testCertificates } from "../../support/mhs/peer.js";

const day = 86_400_000;

describe("certificates", () => {
  it("are read from PEM text in their order, with names, issuer and days", async () => {
    const { pki, good } = await testCertificates();
    const chain = readOwnCertificates({ cert: `${String(good.cert)}${pki.caPem}` });
    assert.deepEqual(
      chain.map(({ name, alternativeNames, issuer }) => ({ name, alternativeNames, issuer })),
      [
        { name: "localhost", alternativeNames: ["localhost", "127.0.0.1"], issuer: "CP-IS simulator authority" },
        { name: "CP-IS simulator authority", alternativeNames: [], issuer: "CP-IS simulator authority" },
      ],
    );
    const [leaf] = chain;
    assert.ok(leaf !== undefined);
    assert.match(leaf.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.deepEqual(validityAt(leaf, leaf.notAfter - 12.5 * day), { kind: "valid", daysLeft: 12 });
    assert.deepEqual(validityAt(leaf, leaf.notAfter + 1), { kind: "expired" });
    assert.deepEqual(validityAt(leaf, leaf.notBefore - 1), { kind: "not-yet-valid" });
  });

  it("that cannot be read are left out, and cannot break a log line", async () => {
    const { pki } = await testCertificates();
    assert.deepEqual(readCertificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), []);
    assert.deepEqual(readOwnCertificates({}), []);
    assert.deepEqual(readOwnCertificates({ pfx: Buffer.from("nonsense"), passphrase: "x" }), []);
    const { certPem } = await pki.issue({ commonName: `a\nb${"c".repeat(60)}`, usage: "client" });
    assert.match(readCertificates(certPem)[0]?.name ?? "", /^a[^\n]*/);
  });

  it("are read from a PKCS #12 file, where openssl can make one", async function () {
    const { good } = await testCertificates();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-pfx-"));
    try {
      const [key, cert, pfx] = ["key.pem", "cert.pem", "own.pfx"].map((file) => path.join(folder, file));
      fs.writeFileSync(key!, String(good.key));
      fs.writeFileSync(cert!, String(good.cert));
      const args = ["pkcs12", "-export", "-inkey", key!, "-in", cert!, "-out", pfx!, "-passout", "pass:secret"];
      try {
        execFileSync("openssl", args, { stdio: "ignore" });
      } catch {
        this.skip();
      }
      const [leaf] = readOwnCertificates({ pfx: fs.readFileSync(pfx!), passphrase: "secret" });
      assert.equal(leaf?.name, "localhost");
      assert.equal(leaf.fingerprint, readCertificates(String(good.cert))[0]?.fingerprint);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("of a peer are known with its authority's, also of one that is then refused", async () => {
    const { good, foreign } = await testCertificates();
    const peer = await startPeer(foreign, () => undefined);
    try {
      let shown: readonly string[] = [];
      const target = {
        host: "127.0.0.1",
        port: peer.port,
        connectFailed: "EBXML_CONNECT_FAILED",
        handshaken: (socket: Parameters<typeof readPeerCertificates>[0]) => {
          shown = readPeerCertificates(socket).map(({ name, issuer }) => `${name} by ${issuer}`);
        },
      } as const;
      const { signal } = new AbortController();
      await assert.rejects(connectTls(target, createTlsContext(good), defaultConnectTimeouts, signal));
      assert.deepEqual(shown, ["localhost by Another authority"]);
      const trusting = await startPeer(good, () => undefined);
      try {
        const ours = { ...target, port: trusting.port };
        const socket = await connectTls(ours, createTlsContext(good), defaultConnectTimeouts, signal);
        socket.destroy();
        assert.deepEqual(shown, [
          "localhost by CP-IS simulator authority",
          "CP-IS simulator authority by CP-IS simulator authority",
        ]);
      } finally {
        await trusting.close();
      }
    } finally {
      await peer.close();
    }
  });
});
