// Whatever bytes a Spine mini service sends, they are an answer, a fault, or a coded failure; never "no record" by accident.
import assert from "node:assert/strict";
import fc from "fast-check";
import { decideSmspOutcome } from "../../../lib/cpis/query/smsp-outcome.js";
import { interpretReply } from "../../../lib/smsp/interpret-reply.js";
import type { SmspOutcome } from "../../../lib/smsp/model.js";
import { withOneByteChanged } from "../../support/hl7v3/arbitraries.js";
import { readVector } from "../../support/hl7v3/vectors.js";
import { mother, requestHeader, stubEventId } from "../../support/itk/samples.js";

const reply = Buffer.from(readVector("itk/web-service-message/reply"));
const context = { nhsNumber: mother, messageId: "0E000000-0000-4000-8000-000000000001", eventId: stubEventId };

function interpret(body: Buffer, status = 200): SmspOutcome {
  return interpretReply({ status, contentType: "text/xml; charset=utf-8", body }, requestHeader.messageId);
}

describe("the reply of a Spine mini service", () => {
  it("as the vector has it is an answer that is found", () => {
    const outcome = interpret(reply);
    assert.ok(outcome.kind === "replied");
    assert.equal(decideSmspOutcome(context, outcome.payload).outcome, "found");
  });

  it("with one byte changed never says that there is no record, and raises nothing", () => {
    fc.assert(
      fc.property(withOneByteChanged(reply), (bytes) => {
        const outcome = interpret(bytes);
        if (outcome.kind !== "replied") return;
        assert.notEqual(decideSmspOutcome(context, outcome.payload).outcome, "not-found");
      }),
      { numRuns: 300 },
    );
  });

  it("that was cut anywhere is no answer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: reply.length - 1 }), (length) => {
        assert.equal(interpret(reply.subarray(0, length)).kind, "unparseable");
      }),
      { numRuns: 100 },
    );
  });

  it("of any bytes at all is a value", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.integer({ min: 100, max: 599 }),
        (bytes, status) => {
          const isSuccess = status >= 200 && status <= 299;
          assert.equal(interpret(Buffer.from(bytes), status).kind, isSuccess ? "unparseable" : "http-error");
        },
      ),
      { numRuns: 100 },
    );
  });

  it("with an error status is none, even if it looks like an answer", () => {
    assert.deepEqual(interpret(reply, 500), { kind: "http-error", httpStatus: 500 });
  });
});
