// Holds the written response of a Spine mini service to its vectors, and to what is read of it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSmspResponse } from "../../../../lib/cpis/query/smsp-response.js";
import { smspStatus } from "../../../../lib/cpis/query/smsp-status.js";
import { smspResponseNode, type SmspResponse } from "../../../../lib/simulator/messages/query-response.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { response } from "../../../support/cpis/arbitraries.js";
import { smspVectors } from "../../../support/cpis/smsp-golden.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";
import { success } from "../../../support/itk/samples.js";

function written(model: SmspResponse): string {
  return encodeXml(smspResponseNode(model));
}

describe("REPC_MT000012GB01, written", () => {
  for (const { name, model } of smspVectors) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(written(model), readVector(`cpis/smsp-response/${name}`));
    });
    it(`${name}: is read as the model has it`, () => {
      const { status: read, payload, warnings } = parseSmspResponse(parseVector(`cpis/smsp-response/${name}`));
      assert.deepEqual({ status: read, payload }, model);
      assert.deepEqual(warnings, []);
    });
  }

  it("is read as it was written", () => {
    fc.assert(
      fc.property(response, ({ payload }) => {
        if (payload === undefined) return;
        const model = { status: smspStatus("SMSP-0000"), payload };
        const read = parseSmspResponse(parseText(written(model)));
        assert.deepEqual({ status: read.status, payload: read.payload }, structuredClone(model));
        assert.equal(read.findings.speaksOfRecord, payload.records.length > 0);
        // Markup within a value is not understood.
        assert.equal(read.findings.isNotUnderstood && !JSON.stringify(payload).includes("<"), false);
      }),
      { numRuns: 50 },
    );
  });

  it("has the status directly after the id", () => {
    assert.match(written(success), /<id root="[^"]+"\/><value [^>]*code="SMSP-0000"[^>]*\/><pertinentInformation11>/);
  });
});
