import assert from "node:assert/strict";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";
import { reliabilityElements, type EbxmlPattern } from "../../../../lib/ebxml/reliability.js";
import { checkEbxmlAcknowledgment, checkEbxmlRequest } from "../../../../lib/simulator/spine/ebxml-acceptance.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import type { XmlElement } from "../../../../lib/xml/xml-element.js";
import { change, readHttpVector, sampleHeader, sampleMessage } from "../../../support/ebxml/sample-messages.js";

const patterns = ["express", "reliable", "forward-reliable"] as const;

function envelopeOf(pattern: EbxmlPattern): string {
  const { body } = encodeBusinessMessage({ ...sampleMessage(pattern), reliability: reliabilityElements(pattern) });
  const text = body.toString("utf8");
  return text.slice(text.indexOf("<SOAP:Envelope"), text.indexOf("</SOAP:Envelope>") + "</SOAP:Envelope>".length);
}

function parse(xml: string): XmlElement {
  return parseXml(Buffer.from(xml));
}

function faults(xml: string, pattern: EbxmlPattern): readonly string[] {
  return checkEbxmlRequest(parse(xml), pattern);
}

const tms = (name: string): string => `ErrorBaseTms.${name}`;

describe("Spine's acceptance of an ebXML request", () => {
  for (const pattern of patterns) {
    it(`is given to a message of the ${pattern} pattern at its own address, and to no other`, () => {
      const accepting = patterns.filter((address) => faults(envelopeOf(pattern), address).length === 0);
      assert.deepEqual(accepting, [pattern]);
    });
  }

  it("is refused with five faults to an express message at the reliable address", () => {
    assert.deepEqual(faults(envelopeOf("express"), "reliable"), [
      tms("DUPLICATE_ELIMINATION_INCONSISTENT_WITH_CONTRACT"),
      tms("ACK_REQUESTED_INCONSISTENT_WITH_CONTRACT"),
      tms("ACK_REQUESTED_VERSION_INVALID"),
      tms("ACK_REQUESTED_SIGNED_INVALID"),
      tms("ACK_REQUESTED_ACTOR_INVALID"),
    ]);
  });

  it("is refused to a reliable message at the express address", () => {
    assert.deepEqual(faults(envelopeOf("reliable"), "express"), [
      tms("DUPLICATE_ELIMINATION_INCONSISTENT_WITH_CONTRACT[duplicateEliminationUnexpected]"),
      tms("ACK_REQUESTED_INCONSISTENT_WITH_CONTRACT[ackRequiredUnexpected]"),
    ]);
  });

  it("is refused to a reliable message at the forward reliable address", () => {
    assert.deepEqual(faults(envelopeOf("reliable"), "forward-reliable"), [
      tms("ACK_REQUESTED_ACTOR_INVALID"),
      tms("SYNCREPLY_INCONSISTENT_WITH_CONTRACT"),
    ]);
  });

  it("collects every fault of a message with nothing in it", () => {
    const empty = '<SOAP:Envelope xmlns:SOAP="http://schemas.xmlsoap.org/soap/envelope/"/>';
    const found = faults(empty, "reliable");
    assert.deepEqual(found.slice(0, 2), [
      tms("MESSAGE_NOT_WELL_FORMED[soapHeaderCount]"),
      tms("MESSAGE_NOT_WELL_FORMED[soapBodyCount]"),
    ]);
    assert.equal(found.filter((fault) => fault === tms("MESSAGE_NOT_WELL_FORMED")).length, 9);
    assert.equal(found.length, 2 + 9 + 2 + 5 + 3);
    assert.deepEqual(faults("<a/>", "forward-reliable").slice(0, 3), [
      tms("MESSAGE_NOT_WELL_FORMED[soapSchema.envelope]"),
      tms("MESSAGE_NOT_WELL_FORMED[soapSchema.header]"),
      tms("MESSAGE_NOT_WELL_FORMED[soapSchema.body]"),
    ]);
  });

  it("is refused without a mandatory value, or with an empty or second one", () => {
    const cpaId = `<eb:CPAId>${sampleHeader.cpaId}</eb:CPAId>`;
    for (const replacement of ["", "<eb:CPAId/>", cpaId + cpaId]) {
      const express = change(envelopeOf("express"), cpaId, replacement);
      assert.deepEqual(faults(express, "express"), [tms("MESSAGE_NOT_WELL_FORMED")]);
      const forward = change(envelopeOf("forward-reliable"), cpaId, replacement);
      assert.deepEqual(faults(forward, "forward-reliable"), [tms("MESSAGE_NOT_WELL_FORMED[ebXMLSchema.cpaId]")]);
    }
  });

  it("asks for the version of the message header, where it may be missing but for forwarded messages", () => {
    const versioned = '<eb:MessageHeader SOAP:mustUnderstand="1" eb:version="2.0">';
    const fault = [tms("INVALID_MESSAGE_HEADER_VERSION")];
    for (const pattern of patterns) {
      const other = change(envelopeOf(pattern), versioned, '<eb:MessageHeader eb:version="1.0">');
      assert.deepEqual(faults(other, pattern), fault);
      const none = change(envelopeOf(pattern), versioned, "<eb:MessageHeader>");
      assert.deepEqual(faults(none, pattern), pattern === "forward-reliable" ? fault : []);
    }
  });

  it("asks for one usable reference in a manifest of version 2.0", () => {
    const express = envelopeOf("express");
    const invalid = tms("INVALID_MANIFEST_REFERENCE");
    const manifest = '<eb:Manifest SOAP:mustUnderstand="1" eb:version="2.0">';
    assert.deepEqual(faults(change(express, manifest, '<eb:Manifest eb:version="1.0">'), "express"), [
      `${invalid}[manifest.version]`,
    ]);
    assert.deepEqual(faults(change(express, manifest, "<eb:Manifest>"), "express"), []);
    assert.deepEqual(faults(change(express, manifest, `${manifest}<eb:Reference xlink:href="cid:a"/>`), "express"), [
      `${invalid}[manifest.referenceCount]`,
    ]);
    assert.deepEqual(faults(express.replace(/"cid:[^"]*"/, '"cid:"'), "express"), [
      `${invalid}[manfiest.referenceInvalid]`,
    ]);
    const forward = change(envelopeOf("forward-reliable"), manifest, `${manifest}<eb:Reference xlink:href="cid:a"/>`);
    assert.deepEqual(faults(forward, "forward-reliable"), []);
  });

  it("compares attributes exactly, with their namespaces", () => {
    const reliable = envelopeOf("reliable");
    assert.deepEqual(faults(change(reliable, 'eb:signed="false"', 'signed="false"'), "reliable"), [
      tms("ACK_REQUESTED_SIGNED_INVALID"),
    ]);
    assert.deepEqual(faults(change(reliable, "actor:toPartyMSH", "actor:topartymsh"), "reliable"), [
      tms("ACK_REQUESTED_ACTOR_INVALID"),
    ]);
    assert.deepEqual(faults(change(reliable, "soap/actor/next", "soap/actor/last"), "reliable"), [
      tms("SYNCREPLY_ACTOR_INVALID"),
    ]);
    assert.deepEqual(faults(reliable.replace(/<eb:SyncReply[^>]*>/, ""), "reliable"), [
      tms("SYNCREPLY_INCONSISTENT_WITH_CONTRACT"),
      tms("SYNCREPLY_VERSION_INVALID"),
      tms("SYNCREPLY_ACTOR_INVALID"),
    ]);
  });
});

describe("Spine's acceptance of an Acknowledgment", () => {
  const acknowledgment = readHttpVector("ebxml/signal/acknowledgment.http").body.toString("utf8");
  const check = (xml: string): readonly string[] => checkEbxmlAcknowledgment(parse(xml));

  it("is given to ours", () => {
    assert.deepEqual(check(acknowledgment), []);
  });

  it("is refused without its parts, by name", () => {
    assert.deepEqual(check(acknowledgment.replace(/<eb:MessageHeader[^]*<\/eb:MessageHeader>/, "")), [
      tms("EBXML_ACK_INVALID|Missing Message Header"),
      tms("SYNCREPLY_VERSION_INVALID"),
    ]);
    assert.deepEqual(check(acknowledgment.replace(/<eb:Acknowledgment[^]*<\/eb:Acknowledgment>/, "")), [
      tms("EBXML_ACK_INVALID|Missing Acknowledgement"),
    ]);
  });

  it("sees an error list under Spine's own spelling only", () => {
    assert.deepEqual(check(change(acknowledgment, "</soap:Header>", "<eb:errorList/></soap:Header>")), [
      tms("EBXML_ACK_INVALID|ebXML Error Discovered"),
    ]);
    const messageError = readHttpVector("ebxml/signal/message-error.http").body.toString("utf8");
    assert.deepEqual(check(messageError), [tms("EBXML_ACK_INVALID|Missing Acknowledgement")]);
  });

  it("is refused with a SyncReply", () => {
    assert.deepEqual(check(change(acknowledgment, "</soap:Header>", "<eb:SyncReply/></soap:Header>")), [
      tms("SYNCREPLY_INCONSISTENT_WITH_CONTRACT"),
    ]);
  });
});
