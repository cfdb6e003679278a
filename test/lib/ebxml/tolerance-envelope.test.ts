import assert from "node:assert/strict";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import {
  change,
  multipartType,
  parsed,
  parsedMessage,
  readHttpVector,
  sampleHeader,
  sampleMessage,
} from "../../support/ebxml/sample-messages.js";

const express = readHttpVector("ebxml/request/express.http").body.toString("utf8");
const reliable = readHttpVector("ebxml/request/reliable.http").body.toString("utf8");
const acknowledgment = readHttpVector("ebxml/signal/acknowledgment.http").body.toString("utf8");
const messageError = readHttpVector("ebxml/signal/message-error.http").body.toString("utf8");

function readsTheSample(body: string): void {
  const { message, warnings } = parsed(body);
  assert.deepEqual(message, sampleMessage("reliable"));
  assert.deepEqual(warnings, []);
}

function errorCode(body: string, contentType: string = multipartType): string {
  const reading = parseEbxml({ contentType, body: Buffer.from(body) });
  return reading.kind === "malformed" ? reading.error.code : reading.kind;
}

describe("tolerance of the ebXML reader for envelopes", () => {
  for (const declaration of [
    "",
    "<?xml version='1.0' encoding='UTF-8'?>",
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
    '<?xml version="1.0" encoding="UTF-8" ?>',
  ]) {
    it(`takes the XML declaration ${declaration || "left out"}`, () => {
      readsTheSample(change(reliable, '<?xml version="1.0" encoding="UTF-8"?>\r\n', declaration));
    });
  }

  it("takes the declaration's word for the encoding before that of the part", () => {
    readsTheSample(change(reliable, "text/xml; charset=UTF-8", "text/xml; charset=ISO-8859-1"));
  });

  for (const prefix of ["soap", "SOAP-ENV", "soap-env"]) {
    it(`takes the prefix ${prefix}`, () => {
      readsTheSample(change(change(reliable, "SOAP:", `${prefix}:`), "xmlns:SOAP=", `xmlns:${prefix}=`));
    });
  }

  it("takes two prefixes for one namespace", () => {
    const both = change(reliable, "<SOAP:Header>", '<s:Header xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">');
    readsTheSample(change(both, "</SOAP:Header>", "</s:Header>"));
  });

  it("takes xlink under another prefix, declared on the Reference", () => {
    const body = change(reliable, ' xmlns:xlink="http://www.w3.org/1999/xlink"', "");
    readsTheSample(change(body, "xlink:href", 'xmlns:d4p1="http://www.w3.org/1999/xlink" d4p1:href'));
  });

  it("takes hl7ebXML as prefix", () => {
    readsTheSample(change(change(reliable, "hl7ebxml:", "hl7ebXML:"), "xmlns:hl7ebxml=", "xmlns:hl7ebXML="));
  });

  it("takes a wrong namespace for xsi", () => {
    const right = "http://www.w3.org/2001/XMLSchema-instance";
    readsTheSample(change(reliable, right, "http://www.w3c.org/2001/XML-Schema-Instance"));
  });

  it("takes the HL7 namespace of ebXML in lower case, declared on the element itself", () => {
    const body = change(reliable, ' xmlns:hl7ebxml="urn:hl7-org:transport/ebXML/DSTUv1.0"', "");
    readsTheSample(
      change(body, "<hl7ebxml:Payload", '<hl7ebxml:Payload xmlns:hl7ebxml="urn:hl7-org:transport/ebxml/DSTUv1.0"'),
    );
  });

  it("takes a Reference without Payload and Schema", () => {
    readsTheSample(reliable.replace(/<eb:Schema[^>]*>/, "").replace(/<hl7ebxml:Payload[^>]*>/, ""));
  });

  it("takes attributes in another order, start tags over several lines, and no mustUnderstand", () => {
    const body = change(reliable, ' SOAP:mustUnderstand="1" eb:version="2.0"', '\r\n  eb:version="2.0"');
    readsTheSample(change(body, 'eb:signed="false" SOAP:actor', "SOAP:actor"));
  });

  it("takes attributes without prefix", () => {
    readsTheSample(change(change(reliable, "SOAP:actor", "actor"), "xlink:href", "href"));
    const bare = ["codeContext", "errorCode", "severity", "highestSeverity"].reduce(
      (text, name) => change(text, `eb:${name}`, name),
      messageError,
    );
    assert.deepEqual(parsed(bare, "text/xml"), parsed(messageError, "text/xml"));
  });

  for (const timestamp of ["2026-05-04T09:30:00", "2026-05-04T09:30:00.123Z", "2026-05-04T09:30:00.1234567Z"]) {
    it(`takes the timestamp ${timestamp} as it is`, () => {
      const { header } = parsedMessage("message", change(reliable, sampleHeader.timestamp, timestamp));
      assert.equal(header.timestamp, timestamp);
    });
  }

  it("takes a TimeToLive", () => {
    const body = change(
      reliable,
      "</eb:MessageData>",
      "<eb:TimeToLive>2026-05-05T00:00:00Z</eb:TimeToLive></eb:MessageData>",
    );
    assert.equal(parsedMessage("message", body).header.timeToLive, "2026-05-05T00:00:00Z");
  });

  it("takes DuplicateElimination with text for what its presence says", () => {
    readsTheSample(
      change(reliable, "<eb:DuplicateElimination/>", "<eb:DuplicateElimination>always</eb:DuplicateElimination>"),
    );
  });

  it("takes a reliable message without SyncReply", () => {
    const { reliability } = parsedMessage("message", reliable.replace(/<eb:SyncReply[^>]*>/, ""));
    assert.deepEqual(reliability, { duplicateElimination: true, ackRequested: "toPartyMSH", syncReply: false });
  });

  for (const [actor, expected] of [
    [undefined, "toPartyMSH"],
    ["", "toPartyMSH"],
    ["IGNORED", "toPartyMSH"],
    ["urn:oasis:names:tc:ebxml-ms:actor:toPartyMSH", "toPartyMSH"],
    ["urn:oasis:names:tc:ebxml-msg:actor:topartymsh", "toPartyMSH"],
    ["urn:oasis:names:tc:ebxml-ms:actor:nextMSH", "nextMSH"],
    ["URN:OASIS:NAMES:TC:EBXML-MSG:ACTOR:NEXTMSH", "nextMSH"],
  ] as const) {
    it(`takes AckRequested ${actor === undefined ? "without actor" : `with the actor "${actor}"`} for ${expected}`, () => {
      const attribute = ' SOAP:actor="urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH"';
      const body = change(reliable, attribute, actor === undefined ? "" : ` SOAP:actor="${actor}"`);
      assert.equal(parsedMessage("message", body).reliability.ackRequested, expected);
    });
  }

  it("takes an Acknowledgment without inner From, as nextMSH, with a CPA id of its own making", () => {
    const inner = /<eb:From><eb:PartyId[^>]*>[^<]*<\/eb:PartyId><\/eb:From>\r\n<\/eb:Acknowledgment>/;
    const body = change(change(acknowledgment, "actor:toPartyMSH", "actor:nextMSH"), sampleHeader.cpaId, "oasis0001");
    const message = parsedMessage("acknowledgment", body.replace(inner, "</eb:Acknowledgment>"), "text/xml");
    assert.equal(message.fromPartyKey, undefined);
    assert.equal(message.actor, "nextMSH");
    assert.equal(message.header.cpaId, "oasis0001");
  });

  const reference = `<eb:RefToMessageId>${sampleHeader.messageId}</eb:RefToMessageId>`;
  it("takes the acknowledged id from either of its two places", () => {
    const [before = "", between = "", after = ""] = acknowledgment.split(reference);
    for (const body of [before + reference + between + after, before + between + reference + after]) {
      assert.equal(parsedMessage("acknowledgment", body, "text/xml").acknowledgedMessageId, sampleHeader.messageId);
    }
  });

  it("prefers the id within the Acknowledgment when the two differ", () => {
    const body = acknowledgment.replace(reference, "<eb:RefToMessageId>other</eb:RefToMessageId>");
    const message = parsedMessage("acknowledgment", body, "text/xml");
    assert.equal(message.acknowledgedMessageId, sampleHeader.messageId);
    assert.equal(message.header.refToMessageId, "other");
  });

  it("refuses an Acknowledgment that acknowledges nothing, and tells whom to answer", () => {
    const body = Buffer.from(change(acknowledgment, reference, ""));
    const reading = parseEbxml({ contentType: "text/xml", body });
    assert.ok(reading.kind === "malformed");
    assert.equal(reading.error.code, "EBXML_MALFORMED");
    assert.equal(reading.routing?.fromPartyKey, "ZSP-0000009");
  });

  it("takes an error without context and language", () => {
    const context = ' eb:codeContext="urn:oasis:names:tc:ebxml-msg:service:errors"';
    const body = change(change(messageError, context, ' eb:id="e1"'), ' xml:lang="en-GB"', "");
    assert.deepEqual(parsed(body, "text/xml"), parsed(messageError, "text/xml"));
  });

  it("takes several errors, with and without description, and bare numbers as codes", () => {
    const second = '<eb:Error eb:id="e2" eb:errorCode="402005" eb:severity="error"/></eb:ErrorList>';
    const { errors } = parsedMessage("message-error", change(messageError, "</eb:ErrorList>", second), "text/xml");
    assert.deepEqual(
      errors.map(({ errorCode, number, severity, description }) => [errorCode, number, severity, description]),
      [
        ["ValueNotRecognized", "501319", "Error", "501319:Unknown eb:CPAId"],
        ["402005", undefined, "Error", undefined],
      ],
    );
  });

  it("calls a list with an undeclared prefix unreadable", () => {
    const body = change(messageError, "<eb:Description", '<q:x a="1"/><eb:Description');
    assert.equal(errorCode(body, "text/xml"), "XML_UNDECLARED_PREFIX");
  });

  it("takes a list of warnings for warnings, and a contradiction for an error", () => {
    const warning = change(messageError, 'everity="Error"', 'everity="Warning"');
    assert.equal(parsedMessage("message-error", warning, "text/xml").highestSeverity, "Warning");
    const contradiction = change(messageError, 'highestSeverity="Error"', 'highestSeverity="Warning"');
    assert.equal(parsedMessage("message-error", contradiction, "text/xml").highestSeverity, "Error");
  });

  it("lets an error list with an error outweigh all else, and warnings nothing", () => {
    const list = /<eb:ErrorList[^]*<\/eb:ErrorList>/.exec(messageError)?.[0] ?? "";
    const added = (body: string, errorList: string): string =>
      parsed(
        change(body, "</eb:MessageHeader>", `</eb:MessageHeader>${errorList}`),
        body === reliable ? undefined : "text/xml",
      ).message.kind;
    const soapList = change(list, "soap:", "");
    const warnings = change(soapList, 'everity="Error"', 'everity=" warning "');
    assert.equal(added(reliable, soapList), "message-error");
    assert.equal(added(acknowledgment, soapList), "message-error");
    assert.equal(added(reliable, warnings), "message");
    assert.equal(added(acknowledgment, warnings), "acknowledgment");
  });

  it("keeps a business message with which an acknowledgment or a warning travels", () => {
    const list =
      '<eb:ErrorList eb:highestSeverity="Warning"><eb:Error eb:errorCode="Unknown" eb:severity="Warning"/></eb:ErrorList>';
    const signal = `<eb:Acknowledgment>${reference}</eb:Acknowledgment>`;
    readsTheSample(change(reliable, "</SOAP:Header>", `${signal}</SOAP:Header>`));
    readsTheSample(change(reliable, "</SOAP:Header>", `${list}</SOAP:Header>`));
  });

  it("takes an application acknowledgement for the business message it is", () => {
    const body = change(
      change(express, ">QUPC_IN000006GB01<", ">MCCI_IN010000UK13<"),
      "<QUPC_IN000006GB01",
      "<MCCI_IN010000UK13",
    );
    assert.equal(parsedMessage("message", body).header.action, "MCCI_IN010000UK13");
  });

  it("leaves the HL7 part as it is, whatever stands in it", () => {
    const odd =
      '<QUPC_IN000006GB01 xmlns="urn:hl7-org:v3"><id root="Not Known"/><creationTime value="20260504093000.123"/>';
    const body = express.replace(/<QUPC_IN000006GB01 .*<\/QUPC_IN000006GB01>/, `${odd}</QUPC_IN000006GB01>`);
    assert.equal(Buffer.from(parsedMessage("message", body).payload ?? []).toString(), `${odd}</QUPC_IN000006GB01>`);
  });

  it("takes the conversation id 1 and a CPA id of 20 hexadecimal digits", () => {
    const body = change(change(express, sampleHeader.conversationId, "1"), sampleHeader.cpaId, "0a1b2c3d4e5f60718293");
    const { header } = parsedMessage("message", body);
    assert.equal(header.conversationId, "1");
    assert.equal(header.cpaId, "0a1b2c3d4e5f60718293");
  });

  it("refuses a document type and an entity, and expands none", () => {
    const doctype = change(express, "<SOAP:Envelope", '<!DOCTYPE x [<!ENTITY e "y">]><SOAP:Envelope');
    assert.equal(errorCode(doctype), "XML_DOCTYPE");
    assert.equal(errorCode(change(express, ">ZT9-901234<", ">&e;<")), "XML_ENTITY");
  });

  it("trims white space around every header value", () => {
    const body = reliable.replace(/(<eb:[A-Za-z]+(?: eb:type="[^"]*")?>)([^<>\r\n]+)(<\/eb:)/g, "$1\r\n  $2\t$3");
    assert.notEqual(body, reliable);
    readsTheSample(body);
  });

  it("takes the first of several message headers, and warns", () => {
    const second = "<eb:MessageHeader><eb:CPAId>other</eb:CPAId></eb:MessageHeader></SOAP:Header>";
    const { message, warnings } = parsed(change(express, "</SOAP:Header>", second));
    assert.deepEqual(message, sampleMessage("express"));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["several-headers"],
    );
  });
});
