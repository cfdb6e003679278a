import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTlsContext, type TlsMaterial } from "../../../lib/tls/tls-material.js";
import { readTls } from "../../../nodes/adapter/transports/read-tls.js";
import { testCertificates } from "../../support/mhs/peer.js";

describe("key, certificate and authorities as people have them", () => {
  let good: { readonly key: string; readonly cert: string; readonly ca: string };
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

  before(async () => {
    const { key, cert, ca } = (await testCertificates()).good;
    good = { key: String(key), cert: String(cert), ca: String(ca) };
  });

  const refusedWith = (changed: Partial<TlsMaterial>, text: RegExp): void => {
    assert.throws(
      () => createTlsContext({ ...good, ...changed }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "CONFIG_INVALID");
        assert.match(error.message, text);
        return true;
      },
    );
  };

  it("say what is wrong, each in words of its own", () => {
    const sealed = createPrivateKey(good.key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "right",
    });
    refusedWith({ cert: `${good.ca}\n${good.cert}` }, /begins with its issuer/);
    refusedWith({ key: stranger.export({ type: "pkcs8", format: "pem" }) }, /does not belong to the certificate/);
    refusedWith({ key: sealed, passphrase: "wrong" }, /passphrase does not open/);
    refusedWith({ key: sealed }, /no passphrase is given/);
    refusedWith({ key: good.key.replaceAll("\n", "\\n") }, /private key has \\n/);
    refusedWith({ cert: good.cert.replaceAll("\n", "\\n") }, /certificate has \\n/);
    refusedWith({ ca: Buffer.from(good.ca, "utf16le") }, /authorities is saved as UTF-16/);
    refusedWith({ ca: Buffer.from(`\ufeff${good.ca}`, "utf16le") }, /authorities is saved as UTF-16/);
    refusedWith({ ca: " \n" }, /authorities holds no certificate/);
    assert.ok(createTlsContext({ ...good, key: sealed, passphrase: "right" }));
  });

  it("are read in DER and as PKCS #12, and with the server's name, from the node that holds them", () => {
    const folder = mkdtempSync(join(tmpdir(), "cp-is-tls-"));
    try {
      writeFileSync(join(folder, "key"), good.key);
      writeFileSync(join(folder, "cert"), good.cert);
      const file = join(folder, "own.p12");
      const [key, cert] = [join(folder, "key"), join(folder, "cert")];
      execFileSync("openssl", ["pkcs12", "-export", "-inkey", key, "-in", cert, "-out", file, "-passout", "pass:word"]);
      const ca = new X509Certificate(good.ca).raw;
      const read = (options: object): TlsMaterial =>
        readTls(
          { valid: true, addTLSOptions: (into: object) => Object.assign(into, { ca, ...options }) },
          (key: string) => key,
          true,
        );
      assert.ok(createTlsContext(read({ key: good.key, cert: new X509Certificate(good.cert).raw })));
      assert.ok(createTlsContext(read({ pfx: readFileSync(file), passphrase: "word" })));
      assert.ok(createTlsContext(read({ cert: readFileSync(file), passphrase: "word" })));
      assert.equal(read({ ...good, servername: "spine.example" }).serverName, "spine.example");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
