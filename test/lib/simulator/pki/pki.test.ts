// The simulator's certificates, in memory and in a folder.
import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { isCpisError } from "../../../../lib/errors.js";
import { loadOrCreatePki } from "../../../../lib/simulator/pki/pki-folder.js";
import { createPki, type Pki } from "../../../../lib/simulator/pki/pki.js";

const now = Date.now();

describe("The simulator's PKI", () => {
  let pki: Pki;
  before(async () => {
    pki = await createPki({ now: () => now, authorityName: "Authority of the tests" });
  });

  it("issues RSA 2048 certificates that are backdated an hour and valid for two years", async () => {
    const issued = await pki.issue({ commonName: "client", usage: "client" });
    const certificate = new X509Certificate(issued.certPem);
    assert.equal(certificate.publicKey.asymmetricKeyType, "rsa");
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(Math.round((now - Date.parse(certificate.validFrom)) / 60_000), 60);
    assert.equal(Math.round((Date.parse(certificate.validTo) - now) / 86_400_000), 730);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.keyPem)));
    assert.ok(certificate.verify(new X509Certificate(pki.caPem).publicKey));
  });

  it("says in every subject that it is not for live use", async () => {
    const issued = await pki.issue({ commonName: "client", usage: "client" });
    assert.match(new X509Certificate(issued.certPem).subject, /not for live use/);
    assert.match(new X509Certificate(pki.caPem).subject, /not for live use/);
  });

  it("makes a TLS connection with client certificate possible by name and by address", async () => {
    const server = await pki.issue({
      commonName: "server",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      usage: "server",
    });
    const client = await pki.issue({ commonName: "client", usage: "client" });
    const listener = tls.createServer(
      { key: server.keyPem, cert: server.certPem, ca: pki.caPem, requestCert: true, maxVersion: "TLSv1.2" },
      (socket) => socket.end("welcome"),
    );
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const address = listener.address();
    assert.ok(address !== null && typeof address === "object");
    try {
      for (const servername of ["localhost", undefined]) {
        const socket = tls.connect({
          host: "127.0.0.1",
          port: address.port,
          ...(servername === undefined ? {} : { servername }),
          ca: pki.caPem,
          key: client.keyPem,
          cert: client.certPem,
        });
        let text = "";
        for await (const chunk of socket) text += String(chunk);
        assert.equal(text, "welcome");
      }
    } finally {
      await new Promise((resolve) => listener.close(resolve));
    }
  });

  it("issues an expired certificate when a test asks for one", async () => {
    const issued = await pki.issue({ commonName: "old", usage: "both", notBefore: now - 2000, notAfter: now - 1000 });
    assert.ok(Date.parse(new X509Certificate(issued.certPem).validTo) <= now);
  });
});

describe("The simulator's PKI in a folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-pki-"));
  });
  afterEach(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  const request = { commonName: "client", ipAddresses: ["127.0.0.1"], usage: "both" } as const;

  it("gives the same authority and certificate again, with keys only their owner can read", async () => {
    const first = await loadOrCreatePki(folder, { now: () => now });
    const issued = await first.loadOrIssue("client", request);
    const second = await loadOrCreatePki(folder, { now: () => now });
    assert.equal(second.caPem, first.caPem);
    assert.deepEqual(await second.loadOrIssue("client", request), issued);
    assert.equal((await fs.stat(issued.path)).mode & 0o777, 0o600);
    assert.equal(await fs.readFile(second.caPath, "utf8"), first.caPem);
    for (const name of await fs.readdir(folder)) assert.doesNotMatch(name, /draft/);
  });

  it("makes one authority when several callers race", async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => loadOrCreatePki(folder, { now: () => now })));
    assert.equal(new Set(all.map((pki) => pki.caPem)).size, 1);
  });

  it("renews an authority that expired, and what it had issued", async () => {
    const first = await loadOrCreatePki(folder, { now: () => now });
    const issued = await first.loadOrIssue("client", request);
    const later = now + 3 * 365 * 86_400_000;
    const second = await loadOrCreatePki(folder, { now: () => later });
    assert.notEqual(second.caPem, first.caPem);
    const renewed = await second.loadOrIssue("client", request);
    assert.notEqual(renewed.certPem, issued.certPem);
    assert.ok(new X509Certificate(renewed.certPem).verify(new X509Certificate(second.caPem).publicKey));
  });

  it("renews an authority that cannot be read", async () => {
    await fs.writeFile(path.join(folder, "authority-1.pem"), "half a file");
    const pki = await loadOrCreatePki(folder, { now: () => now });
    assert.match(pki.caPem, /BEGIN CERTIFICATE/);
    assert.equal((await loadOrCreatePki(folder, { now: () => now })).caPem, pki.caPem);
  });

  it("issues anew when the names asked for are others", async () => {
    const pki = await loadOrCreatePki(folder, { now: () => now });
    const first = await pki.loadOrIssue("client", request);
    const second = await pki.loadOrIssue("client", { ...request, dnsNames: ["localhost"] });
    assert.notEqual(second.certPem, first.certPem);
  });

  it("refuses a folder it cannot use with CONFIG_INVALID", async () => {
    const file = path.join(folder, "file");
    await fs.writeFile(file, "");
    await assert.rejects(
      loadOrCreatePki(path.join(file, "below"), { now: () => now }),
      (error) => isCpisError(error) && error.code === "CONFIG_INVALID",
    );
  });
});
