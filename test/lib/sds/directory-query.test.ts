import assert from "node:assert/strict";
import { parsePartyKey } from "../../../lib/identifiers.js";
import type { EndpointQuery } from "../../../lib/sds/directory-model.js";
import { encodeDeviceQuery, encodeEndpointQuery, formatServiceInteraction } from "../../../lib/sds/directory-query.js";
import { query } from "../../support/sds/directory-vectors.js";

const partyKey = parsePartyKey("ZSP-0000001");
const interactionPart =
  "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2FnhsServiceInteractionId%7Curn%3Anhs%3Anames%3Aservices%3Acpisquery%3AQUPC_IN000006GB01";
const partyKeyPart = "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2FnhsMhsPartyKey%7CZSP-0000001";
const organisationPart = "organization=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fods-organization-code%7CZSP";

describe("the questions to the directory", () => {
  it("join service and interaction by a colon", () => {
    assert.equal(formatServiceInteraction(query), "urn:nhs:names:services:cpisquery:QUPC_IN000006GB01");
  });

  it("name the system of each value, percent-encoded", () => {
    assert.equal(encodeEndpointQuery({ interaction: query, partyKey }), `Endpoint?${interactionPart}&${partyKeyPart}`);
    assert.equal(
      encodeDeviceQuery({ odsCode: "ZSP", interaction: query }),
      `Device?${organisationPart}&${interactionPart}`,
    );
  });

  it("carry party key and manufacturer of a system when they are known", () => {
    assert.equal(
      encodeDeviceQuery({ odsCode: "ZSP", interaction: query, partyKey, manufacturerOdsCode: "ZSM" }),
      `Device?${organisationPart}&${interactionPart}&${partyKeyPart}&manufacturing-${organisationPart.replace("ZSP", "ZSM")}`,
    );
  });

  it("can be of all three for an endpoint", () => {
    assert.equal(
      encodeEndpointQuery({ odsCode: "ZSP", interaction: query, partyKey }),
      `Endpoint?${organisationPart}&${interactionPart}&${partyKeyPart}`,
    );
  });

  it("are not by one value only, which the directory refuses", () => {
    const fromPlainJavaScript = { partyKey } as EndpointQuery;
    assert.throws(() => encodeEndpointQuery(fromPlainJavaScript), { code: "CONFIG_INVALID" });
  });

  for (const odsCode of ["", "ZS P", "ZSP|other", "ZSP\r\nHost: other", "Z".repeat(300)]) {
    it(`refuse the ODS code ${JSON.stringify(odsCode.slice(0, 20))}`, () => {
      assert.throws(() => encodeDeviceQuery({ odsCode, interaction: query }), { code: "CONFIG_INVALID" });
    });
  }
});
