import assert from "node:assert/strict";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { change, multipartType, readHttpVector, sampleHeader } from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");
const withAttachments = readHttpVector("ebxml/request/forward-reliable-with-attachments.http").body.toString("utf8");

function codeOf(body: string | Buffer, contentType: string = multipartType): string {
  const reading = parseEbxml({ contentType, body: Buffer.from(body) });
  return reading.kind === "malformed" ? reading.error.code : "parsed";
}

describe("what the ebXML reader refuses in MIME", () => {
  it("refuses a message that was cut before its closing boundary", () => {
    assert.equal(codeOf(change(express, "----=_MIME-Boundary--", "")), "EBXML_MIME");
  });

  it("refuses a multipart without boundary parameter, or with an endless one", () => {
    assert.equal(codeOf(express, "multipart/related"), "EBXML_MIME");
    assert.equal(codeOf(express, `multipart/related; boundary=${"x".repeat(201)}`), "EBXML_MIME");
  });

  it("refuses more than 100 parts, and headers without end", () => {
    const part = "----=_MIME-Boundary\r\nContent-Id: <a>\r\n\r\nx\r\n";
    assert.equal(codeOf(`${part.repeat(101)}----=_MIME-Boundary--`), "EBXML_MIME");
    assert.equal(codeOf(change(express, "Content-Id: ", `X-Long: ${"x".repeat(9000)}\r\nContent-Id: `)), "EBXML_MIME");
  });

  it("refuses damaged base64, and tells whom to answer", () => {
    for (const damage of ["AA0KLS09X//+D", "AA0K*S09", "AA==AA0KLS09"]) {
      const body = Buffer.from(change(withAttachments, "AA0KLS09X//+DQ==", damage));
      const reading = parseEbxml({ contentType: multipartType, body });
      assert.ok(reading.kind === "malformed");
      assert.equal(reading.error.code, "EBXML_MIME");
      assert.equal(reading.routing?.messageId, sampleHeader.messageId);
    }
  });

  it("refuses a transfer encoding that is none of the four", () => {
    assert.equal(codeOf(change(express, "8bit", "quoted-printable")), "EBXML_MIME");
  });

  it("refuses a part without headers", () => {
    assert.equal(codeOf("----=_MIME-Boundary\r\n<a/>\r\n----=_MIME-Boundary--"), "EBXML_MIME");
  });

  it("refuses a body above the limit", () => {
    assert.equal(codeOf(Buffer.alloc(5_242_880 + 65_536 + 1, "x")), "EBXML_TOO_LARGE");
  });
});
