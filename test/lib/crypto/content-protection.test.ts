// Holds sealing and hashing: what opens, what must not, and what stays findable.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { createContentProtection } from "../../../lib/crypto/content-protection.js";
import { createKeyRing, type KeyRing, retireOldKeys, rotateKeyRing } from "../../../lib/crypto/key-ring.js";

/** Bytes that are the same in every run: 0, 1, 2 ... on through all calls. */
function countingBytes(): (size: number) => Uint8Array {
  let next = 0;
  return (size) => Uint8Array.from({ length: size }, () => next++ & 0xff);
}

const ring = createKeyRing(randomBytes);
const protection = createContentProtection(ring, randomBytes);

describe("sealed content", () => {
  it("opens to the very bytes under its identity, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.string(), (bytes, identity) => {
        const sealed = protection.seal(bytes, identity);
        assert.deepEqual(new Uint8Array(protection.open(sealed, identity)), bytes);
      }),
      { numRuns: 100 },
    );
  });

  it("shows nothing of the content, and differs each time", () => {
    const text = "a name that must not be seen";
    const [one, other] = [protection.seal(Buffer.from(text), "x"), protection.seal(Buffer.from(text), "x")];
    assert.equal(one.includes(text), false);
    assert.notDeepEqual(one, other);
  });

  it("names its key in the clear, so that the right one is found after a rotation", () => {
    assert.ok(protection.seal(Buffer.from("x"), "y").subarray(0, 40).includes(ring.keys[0].id));
  });

  it("does not open for another row", () => {
    const sealed = protection.seal(Buffer.from("x"), "content:1");
    assert.throws(() => protection.open(sealed, "content:2"), { code: "STORE_CONTENT_TAMPERED" });
  });

  it("does not open after any single byte is changed, nor after any cut", () => {
    const sealed = protection.seal(Buffer.from("twelve bytes"), "content:1");
    const refused = { code: /^STORE_(CONTENT_TAMPERED|KEY_UNKNOWN)$/ };
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.throws(() => protection.open(changed, "content:1"), refused, `byte ${index}`);
      assert.throws(() => protection.open(sealed.subarray(0, index), "content:1"), refused, `cut at ${index}`);
    }
  });

  it("throws nothing but its two codes for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.throws(() => protection.open(bytes, "x"), { code: /^STORE_(CONTENT_TAMPERED|KEY_UNKNOWN)$/ });
      }),
    );
  });

  it("does not open with another ring, and names the missing key only", () => {
    const sealed = protection.seal(Buffer.from("x"), "y");
    const stranger = createContentProtection(createKeyRing(randomBytes), randomBytes);
    assert.throws(() => stranger.open(sealed, "y"), { code: "STORE_KEY_UNKNOWN", detail: ring.keys[0].id });
  });

  it("does not open with another key under the same id", () => {
    const sealed = protection.seal(Buffer.from("x"), "y");
    const wrong: KeyRing = { ...ring, keys: [{ id: ring.keys[0].id, key: randomBytes(32) }] };
    assert.throws(() => createContentProtection(wrong, randomBytes).open(sealed, "y"), {
      code: "STORE_CONTENT_TAMPERED",
    });
  });

  it("has its form held to the byte", () => {
    const bytes = countingBytes();
    const fixed = createContentProtection(createKeyRing(bytes), bytes);
    assert.equal(
      fixed.seal(Buffer.from("content"), "content:1").toString("hex"),
      sealedVector,
      "a changed form cannot read what older versions sealed",
    );
    assert.equal(fixed.open(Buffer.from(sealedVector, "hex"), "content:1").toString(), "content");
  });
});

describe("a rotated key ring", () => {
  const rotated = rotateKeyRing(ring, randomBytes);
  const after = createContentProtection(rotated, randomBytes);

  it("seals with the new key and opens what the old one sealed", () => {
    assert.notEqual(after.keyId, protection.keyId);
    assert.equal(after.open(protection.seal(Buffer.from("old"), "y"), "y").toString(), "old");
    assert.throws(() => protection.open(after.seal(Buffer.from("new"), "y"), "y"), { code: "STORE_KEY_UNKNOWN" });
  });

  it("no longer opens what the old key sealed once that is retired", () => {
    const retired = createContentProtection(retireOldKeys(rotated), randomBytes);
    assert.throws(() => retired.open(protection.seal(Buffer.from("old"), "y"), "y"), { code: "STORE_KEY_UNKNOWN" });
  });

  it("hashes as before, so that what was stored is still found", () => {
    assert.equal(after.hash("9449305552"), protection.hash("9449305552"));
  });
});

describe("the hash of an NHS number", () => {
  it("is the same however the number is spaced", () => {
    const written = ["9449305552", "944 930 5552", "944-930-5552", " 9449305552 "];
    assert.deepEqual([...new Set(written.map((text) => protection.hash(text)))].length, 1);
  });

  it("differs between numbers and between rings, and does not hold the number", () => {
    assert.notEqual(protection.hash("9449305552"), protection.hash("9449305560"));
    const other = createContentProtection(createKeyRing(randomBytes), randomBytes);
    assert.notEqual(other.hash("9449305552"), protection.hash("9449305552"));
    assert.match(protection.hash("9449305552"), /^[0-9a-f]{64}$/);
  });
});

describe("an authentication code", () => {
  it("is the same for the same purpose and text, before and after a rotation", () => {
    const code = protection.authenticate("audit", "entry 1");
    assert.match(code, /^[0-9a-f]{64}$/);
    assert.equal(protection.authenticate("audit", "entry 1"), code);
    assert.equal(
      createContentProtection(rotateKeyRing(ring, randomBytes), randomBytes).authenticate("audit", "entry 1"),
      code,
    );
  });

  it("is another for another text, purpose or ring, and of no use as a hash", () => {
    const codes = [
      protection.authenticate("audit", "entry 1"),
      protection.authenticate("audit", "entry 2"),
      protection.authenticate("store", "entry 1"),
      protection.hash("entry 1"),
      createContentProtection(createKeyRing(randomBytes), randomBytes).authenticate("audit", "entry 1"),
    ];
    assert.equal(new Set(codes).size, codes.length);
  });
});

describe("the id of a key that is not known", () => {
  it("is told only where it has the form of ours: stored bytes are anybody's", () => {
    for (const [id, isTold] of [
      ["0123456789abcdef", true],
      ["<script>12345678", false],
      ["12345678 A child", false],
    ] as const) {
      const sealed = protection.seal(Buffer.from("x"), "y");
      const at = sealed.indexOf(ring.keys[0].id);
      sealed.write(id, at, "latin1");
      assert.throws(
        () => protection.open(sealed, "y"),
        (error: Error & { code?: string; detail?: string }) => {
          assert.equal(error.code, "STORE_KEY_UNKNOWN");
          assert.equal(error.detail, isTold ? id : undefined);
          return true;
        },
      );
    }
  });
});

/** Made once with the bytes 0, 1, 2 ... as randomness. */
const sealedVector =
  "01103030303130323033303430353036303768696a6b6c6d6e6f707172738e98a3a9bd6530d9ae5ef6fc8be44314052e39f5d23ff93d2244401f4419b75fa087c17a6f15a6396994e35896504ebe7475767778797a7b7c7d7e7fa01dfee445ec3e25b64c8bc255cf23c7e7968e403df80c";
