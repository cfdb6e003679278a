// Holds the bare query, which a Spine mini service is asked with, in both directions.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import { bareQueryStubNode, parseBareQueryStub, type QueryStub } from "../../../../lib/cpis/query/query-stub.js";
import { encodeQueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { parseHl7Time } from "../../../../lib/hl7v3/timestamp.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { time, uuid, withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { stub } from "../../../support/itk/samples.js";
import { nhsNumber, person, system } from "../../../support/cpis/arbitraries.js";
import { clinician, personRequest } from "../../../support/cpis/samples.js";
import { stubVectors } from "../../../support/cpis/smsp-golden.js";

const anyStub: fc.Arbitrary<QueryStub> = fc.record({
  nhsNumber,
  author: fc.oneof(person, system),
  eventId: uuid,
  queriedAt: time,
});

function written(model: QueryStub): string {
  return encodeXml(bareQueryStubNode(model));
}

describe("CP-ISQueryStub", () => {
  for (const { name, model } of stubVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written(model), readVector(`cpis/query-stub/${name}`));
    });
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

  it("is the same as the payload of the query to Spine", () => {
    const { nhsNumber: number, author, eventId, queriedAt } = personRequest;
    const bare = written({ nhsNumber: number, author, eventId, queriedAt });
    const inner = bare.slice(bare.indexOf("<cP-ISNHSQuery>"), bare.indexOf("</CP-ISQueryStub>"));
    assert.ok(inner.length > 0 && encodeQueryRequest(personRequest).includes(inner));
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

  const incomplete: readonly (readonly [string, QueryStub])[] = [
    ["the user id is missing", { ...stub, author: { ...clinician, userId: "" } }],
    ["the organisation code is missing", { ...stub, author: { ...clinician, organisation: { name: "A" } } }],
    ["an id is not a UUID", { ...stub, eventId: "1" }],
    ["the time of the query is missing", { ...stub, queriedAt: parseHl7Time("now") }],
  ];
  for (const [detail, model] of incomplete) {
    it(`is refused because ${detail}`, () => {
      assert.throws(() => written(model), {
        code: "CPIS_INVALID_REQUEST",
        message: `The request cannot be sent as it is: ${detail}`,
      });
    });
  }

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
