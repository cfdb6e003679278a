// Holds the written form of a key ring and the ways in which it is refused.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createKeyRing, encodeKeyRing, parseKeyRing, rotateKeyRing } from "../../../lib/crypto/key-ring.js";

const ring = rotateKeyRing(createKeyRing(randomBytes), randomBytes);
const written: Readonly<Record<string, unknown>> = { ...(JSON.parse(encodeKeyRing(ring)) as object) };

describe("a key ring", () => {
  it("is read as it was written", () => {
    assert.deepEqual(parseKeyRing(encodeKeyRing(ring)), ring);
  });

  it("puts a new key first and keeps the secret of the hashes", () => {
    const rotated = rotateKeyRing(ring, randomBytes);
    assert.deepEqual(rotated.keys.slice(1), ring.keys);
    assert.deepEqual(rotated.hashSecret, ring.hashSecret);
    assert.equal(new Set(rotated.keys.map(({ id }) => id)).size, 3);
  });

  const secret = written["hashSecret"];
  const withKey = (key: unknown): string => JSON.stringify({ ...written, keys: [key] });
  const defects: readonly (readonly [string, string, RegExp])[] = [
    ["no JSON", "not json", /it is not JSON/],
    ["an array", "[]", /the key ring is not an object/],
    ["null", "null", /the key ring is not an object/],
    ["a number", "1", /the key ring is not an object/],
    ["another version", JSON.stringify({ ...written, version: 2 }), /version is not 1/],
    ["no keys", JSON.stringify({ ...written, keys: [] }), /has no key/],
    ["keys that are no list", JSON.stringify({ ...written, keys: "x" }), /no list of keys/],
    ["a key that is text", withKey("x"), /a key is not an object/],
    ["a short key", withKey({ id: "a", key: "QUJD" }), /a key is not 32 bytes/],
    ["a key with something before it", withKey({ id: "a", key: `A${String(secret)}` }), /a key is not 32 bytes/],
    ["a key with something behind it", withKey({ id: "a", key: `${String(secret)}A` }), /a key is not 32 bytes/],
    ["a key that is a list of one text", withKey({ id: "a", key: [secret] }), /a key is not 32 bytes/],
    ["an id with a line end", withKey({ id: "a\n", key: secret }), /id is not 1 to 32/],
    ["an id with a sign before it", withKey({ id: "-a", key: secret }), /id is not 1 to 32/],
    ["an id that is too long", withKey({ id: "a".repeat(33), key: secret }), /id is not 1 to 32/],
    ["an id that is a number", withKey({ id: 1, key: secret }), /id is not 1 to 32/],
    ["no hash secret", JSON.stringify({ ...written, hashSecret: undefined }), /the hash secret is not 32 bytes/],
    [
      "the same id twice",
      JSON.stringify({ ...written, keys: [1, 2].map(() => ({ id: "a", key: secret })) }),
      /two keys have the same id/,
    ],
  ];
  for (const [name, text, reason] of defects) {
    it(`is refused with ${name}, without quoting what it read`, () => {
      assert.throws(
        () => parseKeyRing(text),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "STORE_KEY_INVALID");
          assert.equal(error.cause, undefined);
          assert.match(error.message, reason);
          assert.equal(error.message.includes(String(secret)), false);
          return true;
        },
      );
    });
  }
});
