// How a scheduled read is written, in each form that could turn out to be the confirmed one.
import assert from "node:assert/strict";
import { encodeQueryRequest, parseQueryRequest } from "../../../../lib/cpis/query/query-request.js";
import { silentReadPlaces, type SilentReadForm } from "../../../../lib/cpis/query/silent-read.js";
import { parseText, readVector } from "../../../support/hl7v3/vectors.js";
import { personRequest } from "../../../support/cpis/samples.js";

const vectors: Readonly<Record<string, SilentReadForm>> = {
  "attribute-after-id": { place: "after-id", attribute: "value", value: "false" },
  "text-last": { place: "last", value: "false" },
};

/** The names of the children of the query event, in order. */
function childrenOf(text: string): readonly string[] {
  const event = /<cP-ISNHSQuery>(.*)<\/cP-ISNHSQuery>/s.exec(text)?.[1] ?? "";
  return parseText(
    `<event xmlns="urn:hl7-org:v3" xmlns:npfitlc="NPFIT:HL7:Localisation">${event}</event>`,
  ).children.map(({ localName }) => localName);
}

describe("a scheduled read", () => {
  for (const [name, silentRead] of Object.entries(vectors)) {
    it(`${name}: is written as the vector has it, and read as a query`, () => {
      const written = encodeQueryRequest({ ...personRequest, silentRead });
      assert.equal(written, readVector(`cpis/silent-read/${name}`));
      assert.deepEqual(parseQueryRequest(parseText(written)), personRequest);
    });
  }

  for (const [index, place] of silentReadPlaces.entries()) {
    it(`has its element ${place}, and all else unchanged`, () => {
      const written = encodeQueryRequest({ ...personRequest, silentRead: { place, value: "false" } });
      const expected = ["effectiveTime", "id", "author", "queryByParameter"];
      assert.deepEqual(childrenOf(written), expected.toSpliced(index, 0, "accessEventType"));
      const without = written.replace("<accessEventType>false</accessEventType>", "");
      assert.equal(without, encodeQueryRequest(personRequest));
    });
  }

  it("is the only query that has the element", () => {
    assert.ok(!encodeQueryRequest(personRequest).includes("accessEventType"));
  });

  it("is escaped as any other value is", () => {
    const silentRead = { place: "last", value: 'a<b>&"c' } as const;
    assert.ok(encodeQueryRequest({ ...personRequest, silentRead }).includes("a&lt;b&gt;&amp;"));
  });

  const refused: readonly (readonly [string, SilentReadForm])[] = [
    ["no value", { place: "last", value: "" }],
    ["a value with a space at its end", { place: "last", value: "false " }],
    ["a value of two lines", { place: "last", value: "fal\nse" }],
    ["an attribute with a prefix", { place: "last", attribute: "x:y", value: "false" }],
    ["an attribute that declares a namespace", { place: "last", attribute: "xmlns", value: "false" }],
    ["an attribute that is no name", { place: "last", attribute: 'a="b" c', value: "false" }],
  ];
  for (const [what, silentRead] of refused) {
    it(`is not written with ${what}`, () => {
      assert.throws(() => encodeQueryRequest({ ...personRequest, silentRead }), { code: "CONFIG_INVALID" });
    });
  }
});
