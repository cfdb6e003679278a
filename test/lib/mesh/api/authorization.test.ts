// The Authorization header of the MESH API: the worked example of its specification, and one token for one request.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createAuthorizer, encodeAuthorization } from "../../../../lib/mesh/api/authorization.js";

const credentials = { mailbox: "ZT7OT001", password: "pa55-Word!", sharedKey: "example-shared-key-0001" };
const at = Date.UTC(2026, 10, 22, 10, 15, 59);
const nonce = "3f0c2b7e-6d1a-4c58-9e44-0a7b5d2c9f10";
const hashes = [
  "eb17c5a12debb885e9bb1fb36fbcb2ebaee2b3d41f7b86beec3e771adc35e6e0",
  "4c53121fad9a887f140aedf9f4018ce25f76c47054db3af2e2629343dd9c6235",
];

describe("The Authorization header of MESH", () => {
  for (const [nonceCount, hash] of hashes.entries()) {
    it(`is that of the worked example for the count ${nonceCount}`, () => {
      assert.equal(
        encodeAuthorization({ ...credentials, nonce, nonceCount, at }),
        `NHSMESH ZT7OT001:${nonce}:${nonceCount}:202611221015:${hash}`,
      );
    });
  }

  it("is another one for every request", () => {
    const authorize = createAuthorizer(credentials, { now: () => at, newUuid: randomUUID });
    const headers = Array.from({ length: 200 }, () => authorize());
    assert.equal(new Set(headers).size, 200);
  });

  it("does not show the password", () => {
    assert.ok(!encodeAuthorization({ ...credentials, nonce, nonceCount: 0, at }).includes(credentials.password));
  });
});
