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

  const defects: readonly (readonly [string, string])[] = [
    ["no JSON", "not json"],
    ["an array", "[]"],
    ["another version", JSON.stringify({ ...written, version: 2 })],
    ["no keys", JSON.stringify({ ...written, keys: [] })],
    ["keys that are no list", JSON.stringify({ ...written, keys: "x" })],
    ["a short key", JSON.stringify({ ...written, keys: [{ id: "a", key: "QUJD" }] })],
    ["an id with other letters", JSON.stringify({ ...written, keys: [{ id: "a\n", key: written["hashSecret"] }] })],
    ["no hash secret", JSON.stringify({ ...written, hashSecret: undefined })],
    [
      "the same id twice",
      JSON.stringify({ ...written, keys: [1, 2].map(() => ({ id: "a", key: written["hashSecret"] })) }),
    ],
  ];
  for (const [name, text] of defects) {
    it(`is refused with ${name}, without quoting what it read`, () => {
      assert.throws(
        () => parseKeyRing(text),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "STORE_KEY_INVALID");
          assert.equal(error.cause, undefined);
          assert.equal(error.message.includes(String(written["hashSecret"])), false);
          return true;
        },
      );
    });
  }
});
