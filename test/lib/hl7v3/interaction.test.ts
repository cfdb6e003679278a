// Holds how the interaction is found in what a transport delivers.
import assert from "node:assert/strict";
import { findInteraction } from "../../../lib/hl7v3/interaction.js";
import { parseText } from "../../support/hl7v3/vectors.js";

const interaction = "<QUQI_IN010000UK14/>";

describe("the interaction of a payload", () => {
  for (const [place, xml] of [
    ["the root", interaction],
    ["inside one element", `<a>${interaction}</a>`],
    ["inside two elements", `<a xmlns="urn:other"><b/><b xmlns="">${interaction}</b></a>`],
    ["under a prefix", '<h:QUQI_IN010000UK14 xmlns:h="urn:hl7-org:v3"/>'],
  ] as const) {
    it(`is found as ${place}`, () => {
      assert.equal(findInteraction(parseText(xml))?.localName, "QUQI_IN010000UK14");
    });
  }

  it("is not looked for inside three elements", () => {
    assert.equal(findInteraction(parseText(`<a><b><c>${interaction}</c></b></a>`)), undefined);
  });

  it("is not found under a foreign namespace", () => {
    assert.equal(findInteraction(parseText('<QUQI_IN010000UK14 xmlns="urn:hl7-org:v2"/>')), undefined);
  });

  it("is refused when there are two", () => {
    assert.throws(() => findInteraction(parseText(`<a>${interaction}<MCCI_IN010000UK13/></a>`)), {
      code: "CPIS_MESSAGE_INVALID",
    });
  });
});
