import assert from "node:assert/strict";
import fc from "fast-check";
import { classifyReplyBody, type ReplyBody } from "../../../../lib/mhs/outbound/classify-reply.js";
import { encodeSoapFault } from "../../../../lib/soap/fault.js";
import { change, multipartType, readHttpVector, sampleHeader } from "../../../support/ebxml/sample-messages.js";

const acknowledgment = readHttpVector("ebxml/signal/acknowledgment.http").body.toString("utf8");
const messageError = readHttpVector("ebxml/signal/message-error.http").body.toString("utf8");
const fault = encodeSoapFault({ faultCode: "Client", faultString: "No", errors: [] }).toString("utf8");
const list = /<eb:ErrorList[^]*<\/eb:ErrorList>/.exec(messageError)?.[0] ?? "";
const soap = "http://schemas.xmlsoap.org/soap/envelope/";

function classify(body: string | Buffer, contentType: string | undefined = "text/xml"): ReplyBody {
  return classifyReplyBody({ contentType, body: Buffer.from(body) });
}

function codeOf(reply: ReplyBody): string {
  return reply.kind === "unreadable" ? reply.error.code : reply.kind;
}

describe("what an HTTP reply is", () => {
  it("is a fault", () => {
    const reply = classify(fault);
    assert.ok(reply.kind === "fault");
    assert.equal(reply.fault.faultCode, "Client");
  });

  it("is a fault before anything else that the envelope holds", () => {
    const part = /<SOAP:Fault>[^]*<\/SOAP:Fault>/.exec(fault)?.[0] ?? "";
    const body = change(messageError, "<soap:Body/>", `<soap:Body xmlns:SOAP="${soap}">${part}</soap:Body>`);
    assert.equal(classify(body).kind, "fault");
  });

  it("is an ebXML error", () => {
    const reply = classify(messageError);
    assert.ok(reply.kind === "message-error");
    assert.equal(reply.refToMessageId, sampleHeader.messageId);
    assert.deepEqual(
      reply.errors.map(({ errorCode, number }) => [errorCode, number]),
      [["ValueNotRecognized", "501319"]],
    );
  });

  it("is an ebXML error although an acknowledgment travels with it", () => {
    assert.equal(classify(change(acknowledgment, "</soap:Header>", `${list}</soap:Header>`)).kind, "message-error");
  });

  it("is an ebXML error although its message header is incomplete, or its list has no entry", () => {
    assert.equal(classify(messageError.replace(/<eb:MessageHeader[^]*<\/eb:MessageHeader>/, "")).kind, "message-error");
    assert.equal(classify(messageError.replace(/<eb:Error [^]*<\/eb:Error>/, "")).kind, "message-error");
  });

  it("is an acknowledgment of the message it names", () => {
    assert.deepEqual(classify(acknowledgment), {
      kind: "acknowledgment",
      acknowledgedMessageId: sampleHeader.messageId,
      warnings: [],
    });
  });

  it("is an acknowledgment although warnings travel with it", () => {
    const warnings = change(list, 'everity="Error"', 'everity="Warning"');
    const reply = classify(change(acknowledgment, "</soap:Header>", `${warnings}</soap:Header>`));
    assert.ok(reply.kind === "acknowledgment");
    assert.equal(reply.warnings.length, 1);
  });

  it("is a list of warnings when it is nothing more", () => {
    const reply = classify(change(messageError, 'everity="Error"', 'everity="Warning"'));
    assert.ok(reply.kind === "warnings");
    assert.equal(reply.errors.length, 1);
  });

  it("is no acknowledgment when it only refers to a message", () => {
    const body = acknowledgment.replace(/<eb:Acknowledgment [^]*<\/eb:Acknowledgment>/, "");
    assert.equal(classify(body).kind, "other");
  });

  it("is empty with no bytes or only white space, whatever type it claims", () => {
    for (const contentType of ["text/xml", multipartType, undefined]) {
      assert.equal(classifyReplyBody({ contentType, body: Buffer.alloc(0) }).kind, "empty");
      assert.equal(classifyReplyBody({ contentType, body: Buffer.from(" \r\n") }).kind, "empty");
    }
  });

  it("is read out of MIME too", () => {
    const body = `----=_MIME-Boundary\r\nContent-Id: <ebXMLHeader@spine.nhs.uk>\r\n\r\n${acknowledgment}\r\n----=_MIME-Boundary--`;
    assert.equal(classify(body, multipartType).kind, "acknowledgment");
  });

  it("is a SOAP answer when it is none of the signals", () => {
    const reply = classify(`<s:Envelope xmlns:s="${soap}"><s:Body><a/></s:Body></s:Envelope>`);
    assert.ok(reply.kind === "other");
    assert.equal(reply.envelope.body.children[0]?.localName, "a");
  });

  it("is unreadable, with a code that says why", () => {
    assert.equal(codeOf(classify("<html><body>Bad gateway</body></html>", "text/html")), "SOAP_MALFORMED");
    assert.equal(codeOf(classify("Bad gateway", "text/plain")), "XML_MALFORMED");
    assert.equal(
      codeOf(classify(change(messageError, "<eb:Description", "<q:a/><eb:Description"))),
      "XML_UNDECLARED_PREFIX",
    );
    assert.equal(codeOf(classify(acknowledgment.slice(0, -30))), "XML_TRUNCATED");
  });

  it("is something for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom("text/xml", multipartType, undefined), (body, contentType) => {
        assert.equal(typeof classifyReplyBody({ contentType, body: Buffer.from(body) }).kind, "string");
      }),
    );
  });
});
