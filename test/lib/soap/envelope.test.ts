import assert from "node:assert/strict";
import { parseSoapEnvelope } from "../../../lib/soap/envelope.js";

const open = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">';

function parse(xml: string): ReturnType<typeof parseSoapEnvelope> {
  return parseSoapEnvelope(Buffer.from(xml));
}

describe("a SOAP 1.1 envelope", () => {
  it("has a Header and a Body", () => {
    const { envelope, header, body } = parse(`${open}<s:Header><a/></s:Header><s:Body><b/></s:Body></s:Envelope>`);
    assert.equal(envelope.localName, "Envelope");
    assert.equal(header?.children[0]?.localName, "a");
    assert.equal(body.children[0]?.localName, "b");
  });

  it("may come without Header", () => {
    assert.equal(parse(`${open}<s:Body/></s:Envelope>`).header, undefined);
  });

  it("is refused without Body, and with two of a kind", () => {
    for (const content of ["", "<s:Header/>", "<s:Body/><s:Body/>", "<s:Header/><s:Header/><s:Body/>"]) {
      assert.throws(() => parse(`${open}${content}</s:Envelope>`), { code: "SOAP_MALFORMED" });
    }
  });

  it("is refused in another namespace, as SOAP 1.2 has, and under another name", () => {
    assert.throws(() => parse('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'), {
      code: "SOAP_MALFORMED",
    });
    assert.throws(() => parse("<html/>"), { code: "SOAP_MALFORMED" });
  });

  it("is refused with a document type", () => {
    assert.throws(() => parse(`<!DOCTYPE a>${open}<s:Body/></s:Envelope>`), { code: "XML_DOCTYPE" });
  });
});
