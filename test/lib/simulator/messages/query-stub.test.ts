// Holds the reading of the bare query, which a Spine mini service is asked with.
import assert from "node:assert/strict";
import fc from "fast-check";
import { bareQueryStubNode, type QueryStub } from "../../../../lib/cpis/query/query-stub.js";
import { isCpisError } from "../../../../lib/errors.js";
import { parseBareQueryStub } from "../../../../lib/simulator/messages/query-stub.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { nhsNumber, person, system } from "../../../support/cpis/arbitraries.js";
import { stubVectors } from "../../../support/cpis/smsp-golden.js";
import { time, uuid, withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseText, parseVector } from "../../../support/hl7v3/vectors.js";
import { stub } from "../../../support/itk/samples.js";

const anyStub: fc.Arbitrary<QueryStub> = fc.record({
  nhsNumber,
  author: fc.oneof(person, system),
  eventId: uuid,
  queriedAt: time,
});

function written(model: QueryStub): string {
  return encodeXml(bareQueryStubNode(model));
}

describe("CP-ISQueryStub, read", () => {
  for (const { name, model } of stubVectors) {
    it(`${name}: is read as the model has it`, () => {
      assert.deepEqual(parseBareQueryStub(parseVector(`cpis/query-stub/${name}`)), model);
    });
  }

  it("is read as it was written", () => {
    fc.assert(
      fc.property(anyStub, (model) => {
        assert.deepEqual(parseBareQueryStub(parseText(written(model))), structuredClone(model));
      }),
    );
  });

  it("with one byte changed is read, or refused with a code", () => {
    fc.assert(
      fc.property(withOneByteChanged(Buffer.from(written(stub))), (bytes) => {
        try {
          parseBareQueryStub(parseXml(bytes));
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  const text = written(stub);
  const event = text.slice(text.indexOf("<cP-ISNHSQuery>"), text.indexOf("</CP-ISQueryStub>"));
  const broken: readonly (readonly [string, string])[] = [
    ["CP-ISQueryStub is missing", text.replaceAll("CP-ISQueryStub", "CP-ISQuery")],
    ["cP-ISNHSQuery is missing", text.replaceAll("cP-ISNHSQuery", "cP-ISQuery")],
    ["there is more than one query", text.replace(event, event + event)],
    ["the NHS number is missing", text.replace('value extension="9990000034"', "value")],
    ["an NHS number of ten digits is missing", text.replace("9990000034", "999000003")],
    ["the author's template is missing", text.replaceAll("COCT_TP145102GB01.", "COCT_TP145109GB01.")],
    ["the event id is missing", text.replace(`<id root="${stub.eventId}"/>`, "")],
    ["effectiveTime is missing", text.replace(/<effectiveTime[^>]*>/, "")],
  ];
  for (const [detail, changed] of broken) {
    it(`is not read when ${detail}`, () => {
      assert.throws(
        () => parseBareQueryStub(parseText(changed)),
        (error: unknown) =>
          isCpisError(error) && error.code === "CPIS_MESSAGE_INVALID" && error.message.endsWith(detail),
      );
    });
  }
});
