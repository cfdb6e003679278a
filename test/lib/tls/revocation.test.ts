// Revoked certificates of a real authority are refused in both directions, by lists and by what a server staples.
import assert from "node:assert/strict";
import { createHash, createPrivateKey, sign, X509Certificate } from "node:crypto";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { CpisError } from "../../../lib/errors.js";
import { createListener, type Listener } from "../../../lib/mhs/listener/listener.js";
import type { MhsEvents } from "../../../lib/mhs/model.js";
import { createAuthority, openAuthority, type AuthorityPem, type Pki } from "../../../lib/simulator/pki/pki.js";
import { connectTls, defaultConnectTimeouts } from "../../../lib/tls/connect-tls.js";
import { readRevocationLists } from "../../../lib/tls/revocation.js";
import { openRevocationFiles, type RevocationFiles } from "../../../lib/tls/revocation-files.js";
import { createTlsContext, type TlsMaterial } from "../../../lib/tls/tls-material.js";
import { post, testCertificates } from "../../support/mhs/peer.js";

const loopback = {
  commonName: "localhost",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
  usage: "both",
} as const;
const day = 86_400_000;

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const objectId = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));
const sha256WithRsa = tlv(0x30, objectId("2a864886f70d01010b"), tlv(0x05));

/** An OCSP response (RFC 6960) for the certificate, signed with this key. */
function ocspResponse(certPem: string, keyPem: string, status: "good" | "revoked"): Buffer {
  const serial = Buffer.from(new X509Certificate(certPem).serialNumber, "hex");
  const hash = createHash("sha1").update("any").digest();
  const id = tlv(0x30, tlv(0x30, objectId("2b0e03021a")), tlv(0x04, hash), tlv(0x04, hash), tlv(0x02, serial));
  const time = tlv(0x18, Buffer.from("20261101000000Z"));
  const single = tlv(0x30, id, status === "good" ? tlv(0x80) : tlv(0xa1, time), time);
  const data = tlv(0x30, tlv(0xa2, tlv(0x04, hash)), time, tlv(0x30, single));
  const signature = sign("sha256", data, createPrivateKey(keyPem));
  const basic = tlv(0x30, data, sha256WithRsa, tlv(0x03, Buffer.from([0]), signature));
  const bytes = tlv(0x30, objectId("2b0601050507300101"), tlv(0x04, basic));
  return tlv(0x30, tlv(0x0a, Buffer.from([0])), tlv(0xa0, bytes));
}

describe("Revocation", () => {
  let authority: AuthorityPem;
  let pki: Pki;
  let folder: string;
  let good: TlsMaterial & { readonly cert: string };
  let revoked: TlsMaterial & { readonly cert: string };
  let list: string;
  const closing: (() => unknown)[] = [];

  async function issue(): Promise<TlsMaterial & { readonly key: string; readonly cert: string }> {
    const { keyPem, certPem } = await pki.issue(loopback);
    return { key: keyPem, cert: certPem, ca: pki.caPem };
  }

  before(async () => {
    const clock = { now: () => Date.now() };
    authority = await createAuthority(clock);
    pki = await openAuthority({ authority, ...clock });
    [good, revoked] = await Promise.all([issue(), issue()]);
    list = await pki.revoke([revoked.cert]);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cp-is-crl-"));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  after(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, content: string | Buffer): string {
    const file = path.join(folder, name);
    fs.writeFileSync(file, content);
    return file;
  }

  interface Opened {
    readonly files: RevocationFiles;
    readonly warnings: CpisError[];
    /** The next look at the files. */
    readonly look: () => void;
  }

  function open(names: readonly string[], now = (): number => Date.now()): Opened {
    const warnings: CpisError[] = [];
    let next = (): void => undefined;
    const after = (_milliseconds: number, callback: () => void): (() => void) => {
      next = callback;
      return () => undefined;
    };
    const files = openRevocationFiles({
      files: names,
      ca: pki.caPem,
      now,
      after,
      warn: (error) => warnings.push(error),
    });
    return { files, warnings, look: () => next() };
  }

  async function serve(material: TlsMaterial, staple?: Buffer): Promise<number> {
    const { key, cert, ca } = material;
    const server = createTlsServer({ key, cert, ca: ca as string, requestCert: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      closing.push(() => socket.destroy());
    });
    server.on("OCSPRequest", (_certificate, _issuer, answer) => answer(null, staple as Buffer));
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  /** The code with which the connection fails; undefined when it is made. */
  async function connectCode(port: number, material: TlsMaterial): Promise<string | undefined> {
    const target = { host: "127.0.0.1", port, connectFailed: "EBXML_CONNECT_FAILED" } as const;
    const { signal } = new AbortController();
    try {
      const socket = await connectTls(target, createTlsContext(material), defaultConnectTimeouts, signal);
      socket.destroy();
      return undefined;
    } catch (error) {
      return (error as CpisError).code;
    }
  }

  async function listen(material: TlsMaterial): Promise<{ listener: Listener; port: number; codes: unknown[] }> {
    const events = new EventEmitter<MhsEvents>();
    const codes: unknown[] = [];
    events.on("refused", ({ code }) => codes.push(code));
    const receive = (): Promise<{ status: number; contentType: string; body: Buffer }> =>
      Promise.resolve({ status: 200, contentType: "text/xml", body: Buffer.from("<a/>") });
    const options = { host: "127.0.0.1", port: 0, path: "/mhs", tls: material, clientNames: ["localhost"] };
    const listener = createListener(options, { receive, events });
    const port = await listener.open();
    closing.push(() => listener.close());
    return { listener, port, codes };
  }

  const message = { contentType: "text/xml", soapAction: "urn:a/b", body: Buffer.from("<a/>") };
  const der = (): Buffer => Buffer.from(list.replace(/-----[^-]+-----/g, ""), "base64");

  for (const [form, content] of [
    ["PEM", () => list],
    ["DER", der],
  ] as const) {
    it(`refuses a revoked server and a revoked client by a list in ${form}, and takes others`, async () => {
      const { files } = open([write(`list.${form}`, content())]);
      const material = { ...good, revocation: files };
      assert.equal(await connectCode(await serve(revoked), material), "TLS_PEER_REVOKED");
      assert.equal(await connectCode(await serve(await issue()), material), undefined);
      const { port, codes } = await listen(material);
      await assert.rejects(post({ port, tls: revoked, path: "/mhs", message }));
      assert.deepEqual(codes, ["TLS_PEER_REVOKED"]);
      assert.equal((await post({ port, tls: await issue(), path: "/mhs", message })).status, 200);
    });
  }

  it("takes what the file says now, and keeps what it said when it cannot be read", async () => {
    const file = write("changing.pem", await pki.revoke([]));
    const { files, warnings, look } = open([file]);
    const chain = [new X509Certificate(revoked.cert).raw];
    assert.equal(files.isRevoked(chain), false);
    write("changing.pem", list);
    look();
    assert.equal(files.isRevoked(chain), true);
    write("changing.pem", "no list");
    look();
    look();
    assert.deepEqual([files.isRevoked(chain), warnings.map(({ code }) => code)], [true, ["TLS_CRL_INVALID"]]);
    fs.rmSync(file);
    look();
    look();
    assert.deepEqual([files.isRevoked(chain), warnings.length], [true, 2]);
    assert.match(warnings[1]?.message ?? "", /changing\.pem: ENOENT/);
    write("changing.pem", await pki.revoke([]));
    look();
    assert.equal(files.isRevoked(chain), false);
  });

  it("warns of a list that is overdue, once a day, and goes by it", () => {
    let now = Date.now();
    const { files, warnings, look } = open([write("old.pem", list)], () => now);
    assert.equal(warnings.length, 0);
    now += 3 * 366 * day;
    look();
    look();
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["TLS_CRL_OVERDUE"],
    );
    assert.match(warnings[0]?.message ?? "", /next list of CP-IS simulator authority was due on \d{4}-\d\d-\d\d/);
    assert.equal(files.isRevoked([new X509Certificate(revoked.cert).raw]), true);
    now += day;
    look();
    assert.equal(warnings.length, 2);
  });

  it("takes no list of an authority that is not trusted, none that was changed, and nothing that is no list", async () => {
    const { foreignPki } = await testCertificates();
    const changed = der();
    changed[changed.length - 300] = (changed[changed.length - 300] ?? 0) ^ 1;
    for (const content of [await foreignPki.revoke([]), changed, der().subarray(0, 100), "", pki.caPem]) {
      const file = write("bad", content);
      assert.throws(() => open([file]), { code: "TLS_CRL_INVALID" });
    }
    assert.throws(() => open([path.join(folder, "nowhere.pem")]), { code: "TLS_CRL_INVALID" });
  });

  it("reads any bytes without another error, and quickly", () => {
    const whole = der();
    for (let index = 0; index < whole.length; index += 1) {
      const bytes = Buffer.from(whole);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
      try {
        readRevocationLists(bytes, [pki.caPem]);
      } catch (error) {
        assert.equal((error as CpisError).code, "TLS_CRL_INVALID", `byte ${index}`);
      }
    }
  });

  it("refuses a server whose staple says that it is revoked, if its authority has signed that", async () => {
    const server = await issue();
    const cases = [
      [ocspResponse(server.cert, authority.caKeyPem, "revoked"), "TLS_PEER_REVOKED"],
      [ocspResponse(server.cert, authority.caKeyPem, "good"), undefined],
      [ocspResponse(revoked.cert, authority.caKeyPem, "revoked"), undefined],
      [ocspResponse(server.cert, server.key, "revoked"), undefined],
      [Buffer.from("no response"), undefined],
    ] as const;
    for (const [staple, code] of cases) assert.equal(await connectCode(await serve(server, staple), good), code);
  });
});
