// Holds the bare query, which a Spine mini service is asked with.
import assert from "node:assert/strict";
import { bareQueryStubNode, type QueryStub } from "../../../../lib/cpis/query/query-stub.js";
import { encodeQueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { parseHl7Time } from "../../../../lib/hl7v3/timestamp.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { readVector } from "../../../support/hl7v3/vectors.js";
import { stub } from "../../../support/itk/samples.js";
import { clinician, personRequest } from "../../../support/cpis/samples.js";
import { stubVectors } from "../../../support/cpis/smsp-golden.js";

function written(model: QueryStub): string {
  return encodeXml(bareQueryStubNode(model));
}

describe("CP-ISQueryStub", () => {
  for (const { name, model } of stubVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written(model), readVector(`cpis/query-stub/${name}`));
    });
  }

  it("is the same as the payload of the query to Spine", () => {
    const { nhsNumber: number, author, eventId, queriedAt } = personRequest;
    const bare = written({ nhsNumber: number, author, eventId, queriedAt });
    const inner = bare.slice(bare.indexOf("<cP-ISNHSQuery>"), bare.indexOf("</CP-ISQueryStub>"));
    assert.ok(inner.length > 0 && encodeQueryRequest(personRequest).includes(inner));
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
});
