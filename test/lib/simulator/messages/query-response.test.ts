// Holds the written REPC_IN000007GB01 to its vectors, and to what is read of it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseQueryReply } from "../../../../lib/cpis/query/query-reply.js";
import { encodeQueryResponse } from "../../../../lib/simulator/messages/query-response.js";
import type { QueryResponseDeviation } from "../../../../lib/simulator/messages/query-response-deviations.js";
import { response as anyResponse } from "../../../support/cpis/arbitraries.js";
import { deviatingResponseVectors, strictResponseVectors } from "../../../support/cpis/golden.js";
import { readQueryResponse } from "../../../support/cpis/read-reply.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";

describe("REPC_IN000007GB01", () => {
  for (const { name, model, deviations } of [...strictResponseVectors, ...deviatingResponseVectors]) {
    it(`${name}: is written as the vector has it`, () => {
      assert.equal(encodeQueryResponse(model, deviations), readVector(`cpis/query-response/${name}`));
    });
  }

  for (const { name, model } of strictResponseVectors) {
    it(`${name}: is read as the model has it, without a warning`, () => {
      const root = parseVector(`cpis/query-response/${name}`);
      assert.deepEqual(readQueryResponse(root), model);
      assert.deepEqual(parseQueryReply(root).warnings, []);
    });
  }

  it("is read as it was written", () => {
    fc.assert(
      fc.property(anyResponse, (model) => {
        const root = parseText(encodeQueryResponse(model));
        assert.deepEqual(readQueryResponse(root), model);
        assert.deepEqual(parseQueryReply(root).warnings, []);
      }),
    );
  });

  it("says the same with every deviation that loses nothing", () => {
    const lossless: readonly QueryResponseDeviation[] = [
      "grouped-accesses",
      "grouped-records",
      "grouped-in-one-act",
      "extra-wrapper",
      "prefixed",
      "no-namespace",
    ];
    fc.assert(
      fc.property(anyResponse, fc.subarray([...lossless]), (model, deviations) => {
        assert.deepEqual(readQueryResponse(parseText(encodeQueryResponse(model, deviations))), model);
      }),
    );
  });
});
