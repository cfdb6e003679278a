// Holds the SOAP envelope of ITK web services, its headers, and the toolkit's faults.
import assert from "node:assert/strict";
import fc from "fast-check";
import { distributionEnvelopeNode } from "../../../lib/itk/distribution-envelope.js";
import { encodeToolkitFault } from "../../../lib/itk/toolkit-fault.js";
import { encodeWebServiceMessage, readWebServiceHeader } from "../../../lib/itk/web-service-message.js";
import { parseSoapEnvelope } from "../../../lib/soap/envelope.js";
import { readSoapFault } from "../../../lib/soap/fault.js";
import { element } from "../../../lib/xml/encode-xml.js";
import { text } from "../../support/hl7v3/arbitraries.js";
import { readVector } from "../../support/hl7v3/vectors.js";
import { reply, replyHeader, request, requestHeader, toolkitFault } from "../../support/itk/samples.js";

const vectors = [
  ["request-with-user-name", requestHeader, request],
  ["reply", replyHeader, reply],
] as const;

describe("an ITK web service message", () => {
  for (const [name, header, envelope] of vectors) {
    const vector = readVector(`itk/web-service-message/${name}`);

    it(`${name}: is written as the vector has it`, () => {
      assert.equal(encodeWebServiceMessage(header, distributionEnvelopeNode(envelope)).toString("utf8"), vector);
    });
    it(`${name}: is read as the model has it`, () => {
      const { header: read, body } = parseSoapEnvelope(Buffer.from(vector));
      const { messageId, action, to, relatesTo, security } = header;
      assert.deepEqual(readWebServiceHeader(read), {
        messageId,
        action,
        ...(to === undefined ? {} : { to }),
        relatesTo: relatesTo === undefined ? [] : [relatesTo],
        ...(security === undefined ? {} : { username: security.username }),
      });
      assert.deepEqual(
        body.children.map(({ localName }) => localName),
        ["DistributionEnvelope"],
      );
    });
  }

  it("has its header read as it was written", () => {
    const header = fc.record({ messageId: text, action: text, to: text, relatesTo: text });
    fc.assert(
      fc.property(header, (model) => {
        const { header: read } = parseSoapEnvelope(encodeWebServiceMessage(model, element("content")));
        assert.deepEqual(readWebServiceHeader(read), { ...model, relatesTo: [model.relatesTo] });
      }),
    );
  });

  it("names nobody where no security is asked for", () => {
    const { messageId, action } = requestHeader;
    const bytes = encodeWebServiceMessage({ messageId, action }, element("content"));
    assert.doesNotMatch(bytes.toString(), /Security|wsa:To|RelatesTo/);
  });

  it("without a header says nothing, and an element of the addressing of 2004 is none of ours", () => {
    assert.deepEqual(readWebServiceHeader(undefined), { relatesTo: [] });
    const old = readVector("itk/web-service-message/reply").replace("2005/08", "2004/08");
    assert.deepEqual(readWebServiceHeader(parseSoapEnvelope(Buffer.from(old)).header), { relatesTo: [] });
  });
});

describe("a fault of the toolkit", () => {
  const vector = readVector("itk/toolkit-fault/client");

  it("is written as the vector has it", () => {
    assert.equal(encodeToolkitFault(toolkitFault).toString("utf8"), vector);
  });

  it("is read as a SOAP fault with the toolkit's code", () => {
    assert.deepEqual(readSoapFault(parseSoapEnvelope(Buffer.from(vector)).body), {
      faultCode: "Client",
      faultString: toolkitFault.faultString,
      errors: [
        {
          codeContext: "urn:nhs-itk:ns:201005",
          errorCode: "2100",
          severity: "Error",
          location: "",
          description: "Unable to process message",
        },
      ],
    });
  });
});
