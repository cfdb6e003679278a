import assert from "node:assert/strict";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import { change, multipartType, readHttpVector, sampleHeader } from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");

function errorCode(body: string, contentType: string = multipartType): string {
  const reading = parseEbxml({ contentType, body: Buffer.from(body) });
  return reading.kind === "malformed" ? reading.error.code : reading.kind;
}

describe("an ebXML message that lacks what it must have", () => {
  const mandatory: readonly (readonly [RegExp, string])[] = [
    [/<eb:From>.*<\/eb:From>/, "eb:From/eb:PartyId"],
    [/<eb:To>.*<\/eb:To>/, "eb:To/eb:PartyId"],
    [/<eb:CPAId>.*<\/eb:CPAId>/, "eb:CPAId"],
    [/<eb:ConversationId>.*<\/eb:ConversationId>/, "eb:ConversationId"],
    [/<eb:Service>.*<\/eb:Service>/, "eb:Service"],
    [/<eb:Action>.*<\/eb:Action>/, "eb:Action"],
    [/<eb:MessageId>.*<\/eb:MessageId>/, "eb:MessageData/eb:MessageId"],
    [/<eb:Timestamp>.*<\/eb:Timestamp>/, "eb:MessageData/eb:Timestamp"],
    [/<eb:MessageData>.*<\/eb:MessageData>/, "eb:MessageData/eb:MessageId, eb:MessageData/eb:Timestamp"],
  ];
  for (const [pattern, path] of mandatory) {
    it(`is refused without ${path}, by name`, () => {
      const body = Buffer.from(express.replace(pattern, ""));
      const reading = parseEbxml({ contentType: multipartType, body });
      assert.ok(reading.kind === "malformed");
      assert.equal(reading.error.code, "EBXML_MALFORMED");
      assert.ok(reading.error.message.endsWith(`: ${path} missing or empty`));
      const canBeAnswered = !path.includes("eb:From") && !path.includes("eb:MessageId");
      assert.equal(reading.routing !== undefined, canBeAnswered);
    });
  }

  it("is refused with an empty value as with none", () => {
    const body = Buffer.from(change(express, `>${sampleHeader.cpaId}<`, "> \r\n<"));
    const reading = parseEbxml({ contentType: multipartType, body });
    assert.ok(reading.kind === "malformed");
    const { cpaId, ...rest } = sampleHeader;
    assert.equal(cpaId, "S9000009A9000301");
    assert.deepEqual(reading.routing, rest);
  });

  it("is refused without MessageHeader, without SOAP header and without envelope", () => {
    const without = express.replace(/<eb:MessageHeader[^]*<\/eb:MessageHeader>/, "");
    assert.equal(errorCode(without), "EBXML_MALFORMED");
    assert.equal(errorCode(express.replace(/<SOAP:Header>[^]*<\/SOAP:Header>/, "")), "EBXML_MALFORMED");
    assert.equal(errorCode("<a/>", "text/xml"), "SOAP_MALFORMED");
    const soap12 = change(
      express,
      "http://schemas.xmlsoap.org/soap/envelope/",
      "http://www.w3.org/2003/05/soap-envelope",
    );
    assert.equal(errorCode(soap12), "SOAP_MALFORMED");
  });

  it("is refused as a signal that says nothing", () => {
    const body = change(express, ">urn:nhs:names:services:cpisquery<", ">urn:oasis:names:tc:ebxml-msg:service<");
    assert.equal(errorCode(body), "EBXML_MALFORMED");
  });
});
