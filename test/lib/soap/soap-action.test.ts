import assert from "node:assert/strict";
import { readSoapAction } from "../../../lib/soap/soap-action.js";

const action = "urn:nhs:names:services:cpisquery/QUPC_IN000006GB01";

describe("the SOAPAction header", () => {
  for (const value of [action, `"${action}"`, ` "${action}" `, `urn:${action}`, `"urn:${action}"`]) {
    it(`is read from ${value}`, () => {
      assert.equal(readSoapAction(value), action);
    });
  }

  it("may be empty", () => {
    assert.equal(readSoapAction('""'), "");
    assert.equal(readSoapAction(""), "");
  });
});
