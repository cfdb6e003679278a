// Holds the failed results of which no HL7 payload tells.
import assert from "node:assert/strict";
import {
  queryEbxmlError,
  queryHttpError,
  queryNotSent,
  querySoapFault,
  queryTimedOut,
  queryUnparseableReply,
  refusedBeforeSending,
} from "../../../../lib/cpis/query/query-failed.js";
import { nameCodes } from "../../../../lib/cpis/vocabularies.js";
import { context } from "../../../support/cpis/samples.js";

const base = { ...context, outcome: "failed", codes: [], warnings: [] };

function soapFault(faultCode: string) {
  const error = {
    codeContext: "urn:nhs:names:errors:tms",
    errorCode: "101",
    severity: "Error",
    location: "",
    description: "text",
  };
  return { faultCode, faultString: "fault", errors: [error] };
}

describe("a query that got no answer", () => {
  for (const code of ["invalid-nhs-number", "invalid-request", "not-authorised", "silent-read-unavailable"] as const) {
    it(`row 1: refused on our side is failed ${code}, not retryable`, () => {
      assert.deepEqual(refusedBeforeSending(context, code, "the user id is missing"), {
        ...base,
        code,
        retryable: false,
        detail: "the user id is missing",
      });
    });
  }

  it("row 2: that could not be sent is failed not-sent, retryable", () => {
    assert.deepEqual(queryNotSent(context), { ...base, code: "not-sent", retryable: true });
  });

  it("row 4: nothing in time is failed timeout, retryable", () => {
    assert.deepEqual(queryTimedOut(context), { ...base, code: "timeout", retryable: true });
  });

  it("row 5: a SOAP fault is failed soap-fault with its codes", () => {
    assert.deepEqual(querySoapFault(context, soapFault("Server"), 500), {
      ...base,
      code: "soap-fault",
      retryable: true,
      codes: [{ code: "101", codeSystem: "urn:nhs:names:errors:tms", displayName: "text" }],
      detail: "codes 101",
    });
  });

  it("row 5: a SOAP fault that blames the client, or came without 5xx, is not retryable", () => {
    assert.equal(querySoapFault(context, soapFault("Client"), 500).retryable, false);
    assert.equal(querySoapFault(context, soapFault("soap:Client"), 500).retryable, false);
    assert.equal(querySoapFault(context, soapFault("Server"), 200).retryable, false);
  });

  it("row 5: an HTTP error is failed http-error, retryable for 5xx only", () => {
    assert.deepEqual(queryHttpError(context, 503), {
      ...base,
      code: "http-error",
      retryable: true,
      detail: "HTTP status 503",
    });
    assert.equal(queryHttpError(context, 403).retryable, false);
  });

  it("row 6: an ebXML error is failed ebxml-error with its codes, not retryable", () => {
    const errors = [{ errorCode: "402005", codeContext: "urn:oasis:names:tc:ebxml-msg:service:errors" }];
    assert.deepEqual(queryEbxmlError(context, errors), {
      ...base,
      code: "ebxml-error",
      retryable: false,
      codes: [{ code: "402005", codeSystem: "urn:oasis:names:tc:ebxml-msg:service:errors" }],
      detail: "codes 402005",
    });
  });

  it("row 6: an ebXML error is retryable when all of it is a failure to deliver", () => {
    const delivery = { errorCode: "DeliveryFailure", codeContext: "c", description: "d" };
    assert.equal(queryEbxmlError(context, [delivery]).retryable, true);
    assert.equal(queryEbxmlError(context, [delivery, { ...delivery, errorCode: "SecurityFailure" }]).retryable, false);
    assert.equal(queryEbxmlError(context, []).retryable, false);
  });

  it("row 7: a reply that cannot be read is failed unparseable-reply", () => {
    assert.deepEqual(queryUnparseableReply(context), { ...base, code: "unparseable-reply", retryable: false });
  });

  it("names each known code once, and repeats nothing else that stands in the place of a code", () => {
    const named = (...codes: readonly string[]): string | undefined => nameCodes(codes.map((code) => ({ code })));
    assert.equal(named("GE002", "GE002", "1"), "codes GE002, 1");
    assert.equal(named(), undefined);
    for (const planted of [
      "9990000018",
      "944-931-0394",
      "2015-03-14",
      "150314",
      "Smith",
      "two words",
      "<b>",
      "ge002",
    ]) {
      assert.equal(named(planted), "codes an unknown code");
      assert.equal(named("GE002", planted, planted), "codes GE002, an unknown code");
    }
  });
});
