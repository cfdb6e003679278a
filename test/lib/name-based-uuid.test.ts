// Holds the UUIDs by name to the example of the RFC.
import assert from "node:assert/strict";
import { nameBasedUuid } from "../../lib/name-based-uuid.js";

describe("nameBasedUuid", () => {
  it("is that of RFC 9562, appendix A.4", () => {
    const dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    assert.equal(nameBasedUuid(dns, "www.example.com"), "2ED6657D-E927-568B-95E1-2665A8AEA6A2");
  });
});
