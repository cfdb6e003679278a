import assert from "node:assert/strict";
import { createClientContext, createTlsContext, publicAuthorities } from "../../../lib/tls/tls-material.js";
import { testCertificates, type TestCertificates } from "../../support/mhs/peer.js";

describe("the TLS context of a client", () => {
  let certificates: TestCertificates;

  before(async () => {
    certificates = await testCertificates();
  });

  it("needs no certificate of its own, and can trust the public authorities", () => {
    assert.ok(createClientContext({ ca: publicAuthorities }));
    assert.ok(createClientContext({ ca: certificates.good.ca }));
    assert.ok(createClientContext(certificates.good));
  });

  it("is not made with half a certificate, nor without an authority", () => {
    const { key, ca } = certificates.good;
    assert.throws(() => createClientContext({ ca, key: key! }), { code: "CONFIG_MISSING" });
    assert.throws(() => createClientContext({ ca: [] }), { code: "CONFIG_MISSING" });
  });

  it("is mutual only with key and certificate", () => {
    assert.throws(() => createTlsContext({ ca: certificates.good.ca }), { code: "CONFIG_MISSING" });
    assert.throws(() => createTlsContext({ ...certificates.good, key: "no key" }), { code: "CONFIG_INVALID" });
  });
});
