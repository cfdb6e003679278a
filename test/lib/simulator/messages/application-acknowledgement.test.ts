// Holds the written QUQI_IN010000UK14 and MCCI_IN010000UK13 to their vectors, and to what is read of them.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import {
  encodeApplicationAcknowledgement,
  encodeQueryFailure,
} from "../../../../lib/simulator/messages/application-acknowledgement.js";
import type { InteractionForm } from "../../../../lib/hl7v3/interaction.js";
import type { Acknowledgement } from "../../../../lib/hl7v3/transmission-wrapper.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { parseQueryReply } from "../../../../lib/cpis/query/query-reply.js";
import { readApplicationAcknowledgement, readQueryFailure } from "../../../support/cpis/read-reply.js";
import { code, text, transmission, uuid, withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { acknowledgementVectors, queryFailureVectors } from "../../../support/hl7v3/golden.js";
import { notOnCpis } from "../../../support/hl7v3/samples.js";
import { parseText, parseVector, readVector } from "../../../support/hl7v3/vectors.js";

const acknowledgement: fc.Arbitrary<Acknowledgement> = fc.record({
  typeCode: fc.constantFrom("AA", "AE", "AR"),
  details: fc.array(fc.record({ typeCode: fc.constantFrom("ER", "WG", "IF"), code }), { maxLength: 2 }),
  messageRef: uuid,
});
const reasons = fc.array(code, { maxLength: 3 });
const form: fc.Arbitrary<InteractionForm> = fc.record(
  {
    namespace: fc.constantFrom("default", "prefixed", "none"),
    wrappedIn: fc.constantFrom("Body", "CP-ISNHSQueryResponse"),
  },
  { requiredKeys: [] },
);

describe("MCCI_IN010000UK13", () => {
  for (const vector of acknowledgementVectors) {
    const name = `hl7v3/application-acknowledgement/${vector.name}`;
    it(`${vector.name}: is written as the vector has it`, () => {
      assert.equal(encodeApplicationAcknowledgement(vector.model, vector.form), readVector(name));
    });
    it(`${vector.name}: is read as the model has it`, () => {
      assert.deepEqual(readApplicationAcknowledgement(parseVector(name)), vector.model);
    });
  }

  it("is read as it was written, in every form", () => {
    fc.assert(
      fc.property(fc.record({ transmission, acknowledgement, reasons }), form, (model, written) => {
        assert.deepEqual(
          readApplicationAcknowledgement(parseText(encodeApplicationAcknowledgement(model, written))),
          structuredClone(model),
        );
      }),
    );
  });
});

describe("QUQI_IN010000UK14", () => {
  for (const vector of queryFailureVectors) {
    const name = `hl7v3/query-failure/${vector.name}`;
    it(`${vector.name}: is written as the vector has it`, () => {
      assert.equal(encodeQueryFailure(vector.model, vector.form), readVector(name));
    });
    it(`${vector.name}: is read as the model has it`, () => {
      assert.deepEqual(readQueryFailure(parseVector(name)), vector.model);
    });
  }

  it("is read as it was written, in every form", () => {
    const failure = fc.record(
      { transmission, acknowledgement, reasons, queryResponseCode: fc.constantFrom("OK", "NF", "ID") },
      { requiredKeys: ["transmission", "acknowledgement", "reasons"] },
    );
    fc.assert(
      fc.property(failure, form, (model, written) => {
        assert.deepEqual(readQueryFailure(parseText(encodeQueryFailure(model, written))), structuredClone(model));
      }),
    );
  });

  it("can be written with the ASIDs swapped, as Spine's synchronous form has them (D10)", () => {
    const { transmission: read } = readQueryFailure(parseText(encodeQueryFailure(notOnCpis, { swappedAsids: true })));
    assert.equal(read.fromAsid, notOnCpis.transmission.toAsid);
    assert.equal(read.toAsid, notOnCpis.transmission.fromAsid);
  });

  it("counts the reasons that cannot be read", () => {
    const written = encodeQueryFailure(notOnCpis).replace('code="1" ', "");
    const read = readQueryFailure(parseText(written));
    assert.equal(read.unreadableReasons, 1);
    assert.equal(read.reasons.length, 1);
  });

  it("has no response code when it holds two that differ", () => {
    const ack = '<queryAck type="QueryAck"><queryResponseCode code="ID"/></queryAck>';
    const written = encodeQueryFailure(notOnCpis).replace(ack, `${ack}${ack.replace("ID", "NF")}`);
    assert.equal(readQueryFailure(parseText(written)).queryResponseCode, undefined);
  });

  it("with one byte changed is read, or refused with a code", () => {
    const document = Buffer.from(readVector("hl7v3/query-failure/nhs-number-not-on-cpis"));
    fc.assert(
      fc.property(withOneByteChanged(document), (bytes) => {
        try {
          parseQueryReply(parseXml(bytes));
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("in any other element is refused with a code", () => {
    fc.assert(
      fc.property(text, (content) => {
        const root = { localName: content, namespace: "", attributes: [], children: [], text: content };
        assert.throws(() => parseQueryReply(root), { code: "CPIS_MESSAGE_INVALID" });
      }),
    );
  });
});
