import assert from "node:assert/strict";
import { encodeBusinessMessage } from "../../../lib/ebxml/encode-message.js";
import { change, parsed, parsedMessage, readHttpVector, sampleMessage } from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");

describe("descriptions and references", () => {
  it("takes 300 references to messages of their own", () => {
    const externalReferences = Array.from({ length: 300 }, (_, index) => `fragment-${index}`);
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
      ["reference-unusable", "reference-unusable"],
    );
  });
});
