// Holds the ITK distribution envelope in both directions, and every way in which it cannot be read.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../lib/errors.js";
import {
  distributionEnvelopeNode,
  interactionOf,
  parseDistributionEnvelope,
  type DistributionHeader,
} from "../../../lib/itk/distribution-envelope.js";
import { interactionKey } from "../../../lib/itk/names.js";
import { element, encodeXml } from "../../../lib/xml/encode-xml.js";
import { parseXml } from "../../../lib/xml/parse-xml.js";
import { text, uuid, withOneByteChanged } from "../../support/hl7v3/arbitraries.js";
import { parseText, parseVector, readVector } from "../../support/hl7v3/vectors.js";
import { reply, request } from "../../support/itk/samples.js";

const vectors = [
  ["query-of-a-mother", request, "CP-ISQueryStub", "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0"],
  [
    "unborn-child-plan-in-the-reply",
    reply,
    "CP-ISNHSQueryResponse",
    "urn:nhs-itk:interaction:SMSP-CP-ISNHSQueryResponse-v1-0",
  ],
] as const;

const typedUri = fc.record({ type: text, uri: text }, { requiredKeys: ["uri"] });
const anyHeader: fc.Arbitrary<DistributionHeader> = fc.record({
  service: text,
  trackingId: uuid,
  addresses: fc.array(typedUri, { maxLength: 2 }),
  auditIdentities: fc.array(typedUri, { maxLength: 2 }),
  manifest: fc.tuple(fc.record({ mimeType: text, id: text, profileId: text })),
  senderAddress: typedUri,
  specifications: fc.array(fc.record({ key: text, value: text }), { maxLength: 2 }),
});

const written = encodeXml(distributionEnvelopeNode(request));

function detailOf(changed: string): string | undefined {
  assert.notEqual(changed, written);
  try {
    parseDistributionEnvelope(parseText(changed));
  } catch (error) {
    assert.ok(isCpisError(error) && error.code === "SMSP_MALFORMED", String(error));
    return error.detail;
  }
  return undefined;
}

describe("the ITK distribution envelope", () => {
  for (const [name, model, payload, interaction] of vectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(encodeXml(distributionEnvelopeNode(model)), readVector(`itk/distribution-envelope/${name}`));
    });
    it(`${name}: is read as the model has it`, () => {
      const { header, payloads } = parseDistributionEnvelope(parseVector(`itk/distribution-envelope/${name}`));
      assert.deepEqual(header, model.header);
      assert.equal(interactionOf(header), interaction);
      assert.deepEqual(
        payloads.map(({ id, content }) => [id, content.localName, content.namespace]),
        [[model.payloads[0]?.id, payload, "urn:hl7-org:v3"]],
      );
    });
  }

  it("is read as it was written, whatever its header says", () => {
    fc.assert(
      fc.property(anyHeader, text, (header, id) => {
        const model = { header, payloads: [{ id, content: element("p") }] };
        const read = parseDistributionEnvelope(parseText(encodeXml(distributionEnvelopeNode(model))));
        assert.deepEqual(read.header, structuredClone(header));
        assert.equal(read.payloads[0]?.id, id);
      }),
    );
  });

  it("is read without any header, or with one that says nothing: the payload decides", () => {
    const without = written.replace(/<itk:header.*<\/itk:header>/, "");
    assert.deepEqual(parseDistributionEnvelope(parseText(without)).header, {});
    const empty = parseDistributionEnvelope(parseText(written.replace(/<itk:header.*<\/itk:header>/, "<itk:header/>")));
    assert.equal(interactionOf(empty.header), undefined);
    assert.equal(empty.payloads.length, 1);
  });

  it("names no interaction when the handling specification is of another key", () => {
    assert.equal(interactionOf({ specifications: [{ key: "other", value: "x" }] }), undefined);
    assert.equal(interactionOf({ specifications: [{ key: interactionKey, value: "x" }] }), "x");
  });

  it("takes a count that is no number for none", () => {
    assert.equal(detailOf(written.replaceAll('count="1"', 'count="one"')), undefined);
    assert.equal(detailOf(written.replaceAll(' count="1"', "")), undefined);
  });

  const payload = written.slice(written.indexOf("<itk:payload "), written.indexOf("</itk:payloads>"));
  for (const [detail, changed] of [
    [
      "DistributionEnvelope is missing",
      written.replaceAll("DistributionEnvelope>", "Envelope>").replace("DistributionEnvelope ", "Envelope "),
    ],
    ["DistributionEnvelope is missing", written.replace("urn:nhs-itk:ns:201005", "urn:nhs-itk:ns:201004")],
    ["payloads is missing", written.replaceAll("itk:payloads", "itk:loads")],
    [
      "there is more than one payloads",
      written.replace("</itk:DistributionEnvelope>", "<itk:payloads/></itk:DistributionEnvelope>"),
    ],
    ["payload is missing", written.replace(payload, "")],
    ["a payload holds no XML", written.replace(payload, "<itk:payload>H4sIAAAA</itk:payload>")],
    ["a payload holds more than one element", written.replace(payload, "<itk:payload><a/><b/></itk:payload>")],
    ["the count of payloads is not the number of them", written.replace('payloads count="1"', 'payloads count="2"')],
    ["the count of payloads is not the number of them", written.replace(payload, payload + payload)],
    ["the count of manifest is not the number of them", written.replace('manifest count="1"', 'manifest count="2"')],
  ] as const) {
    it(`is refused when ${detail}`, () => {
      assert.equal(detailOf(changed), detail);
    });
  }

  it("with one byte changed is read, or refused with a code, whose text holds nothing of the payload", () => {
    fc.assert(
      fc.property(withOneByteChanged(Buffer.from(written)), (bytes) => {
        try {
          parseDistributionEnvelope(parseXml(bytes));
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
          assert.doesNotMatch(error.message, /9990000034|Example/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
