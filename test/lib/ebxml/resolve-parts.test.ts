import assert from "node:assert/strict";
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import {
  change,
  multipartType,
  parsed,
  parsedMessage,
  readHttpVector,
  sampleMessage,
} from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");

describe("descriptions and references", () => {
  it("takes 199 references to messages of their own beside that of the payload", () => {
    const externalReferences = Array.from({ length: 199 }, (_, index) => `fragment-${index}`);
    const encoded = encodeBusinessMessage({ ...sampleMessage("forward-reliable"), externalReferences });
    const message = parsedMessage("message", encoded.body, encoded.contentType);
    assert.deepEqual(message.externalReferences, externalReferences);
  });

  for (const description of [
    'Filename="a=b c.txt"',
    'R&D <x> "q"',
    "&amp; is no ampersand",
    "two\nlines",
    "tab\tand ]]>",
  ]) {
    it(`carries the description ${JSON.stringify(description)} there and back`, () => {
      const attachment = { contentId: "a@b", contentType: "text/plain", description, content: Buffer.from("x") };
      const encoded = encodeBusinessMessage({ ...sampleMessage("forward-reliable"), attachments: [attachment] });
      assert.deepEqual(parsedMessage("message", encoded.body, encoded.contentType).attachments, [attachment]);
    });
  }

  it("takes an attachment without description", () => {
    const attachment = { contentId: "a@b", contentType: "text/plain", content: Buffer.from("x") };
    const encoded = encodeBusinessMessage({ ...sampleMessage("forward-reliable"), attachments: [attachment] });
    assert.deepEqual(parsedMessage("message", encoded.body, encoded.contentType).attachments, [attachment]);
  });

  it("warns of a reference that it cannot use", () => {
    const extra = '<eb:Reference xlink:href="http://example.nhs.uk/x"/><eb:Reference/></eb:Manifest>';
    const { message, warnings } = parsed(change(express, "</eb:Manifest>", extra));
    assert.deepEqual(message, sampleMessage("express"));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["reference-unusable"],
    );
    assert.match(warnings[0]?.message ?? "", /\(2 times\)$/);
  });

  it("refuses more than 200 references", () => {
    const externalReferences = Array.from({ length: 200 }, (_, index) => `fragment-${index}`);
    const encoded = encodeBusinessMessage({ ...sampleMessage("forward-reliable"), externalReferences });
    const reading = parseEbxml(encoded);
    assert.ok(reading.kind === "malformed" && reading.routing !== undefined);
    assert.equal(reading.error.detail, "more than 200 references");
    assert.equal(reading.report.errorCode, "Inconsistent");
  });

  for (const scheme of ["cid:", "mid:"]) {
    it(`refuses a reference to ${scheme} with more than 256 characters`, () => {
      const reference = (length: number): string =>
        `<eb:Reference xlink:href="${scheme}${"x".repeat(length)}"/></eb:Manifest>`;
      const read = (length: number) =>
        parseEbxml({
          contentType: multipartType,
          body: Buffer.from(change(express, "</eb:Manifest>", reference(length))),
        });
      assert.equal(read(256).kind, "parsed");
      const reading = read(257);
      assert.ok(reading.kind === "malformed" && reading.report.errorCode === "MimeProblem");
    });
  }

  it("refuses a part whose Content-Id has more than 256 characters", () => {
    const part = `----=_MIME-Boundary\r\nContent-Id: <${"x".repeat(257)}>\r\n\r\ntext\r\n----=_MIME-Boundary--`;
    const body = Buffer.from(change(express, "----=_MIME-Boundary--", part));
    const reading = parseEbxml({ contentType: multipartType, body });
    assert.ok(reading.kind === "malformed" && reading.report.errorCode === "MimeProblem");
  });
});
