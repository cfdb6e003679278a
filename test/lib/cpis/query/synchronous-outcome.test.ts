// Holds the rows of the decision table in which the reply of a synchronous exchange is judged otherwise, and the rest.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { CpisError } from "../../../../lib/errors.js";
import type { QueryResult } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome, decideSynchronousOutcome } from "../../../../lib/cpis/query/query-outcome.js";
import {
  encodeApplicationAcknowledgement,
  encodeQueryFailure,
} from "../../../../lib/simulator/messages/application-acknowledgement.js";
import type { XmlElement } from "../../../../lib/xml/xml-element.js";
import { acknowledgement, applicationError, notOnCpis } from "../../../support/hl7v3/samples.js";
import { parseText, readVector } from "../../../support/hl7v3/vectors.js";
import { context } from "../../../support/cpis/samples.js";

const settings = { emptyResponse: "not-found" } as const;
const otherMessage = "0D000000-0000-4000-8000-00000000000F";

/** As it stands in the Body of the reply's envelope. */
function bodyAround(payload: string): XmlElement {
  return parseText(`<s:Body xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${payload}</s:Body>`);
}

function judged(payload: string): QueryResult {
  return decideSynchronousOutcome(context, bodyAround(payload), settings);
}

function codeOf(result: QueryResult): string {
  return result.outcome === "failed" ? result.code : result.outcome;
}

const vectorNames = ["cpis/query-response", "hl7v3/query-failure", "hl7v3/application-acknowledgement"].flatMap(
  (folder) =>
    fs
      .readdirSync(path.resolve(__dirname, "../../../vectors", folder))
      .map((file) => `${folder}/${path.basename(file, ".xml")}`),
);

describe("the outcome of a query whose answer came in the reply", () => {
  for (const name of vectorNames) {
    it(`is that of the same answer posted later, but for one that would be waited upon: ${name}`, () => {
      const payload = readVector(name);
      const asynchronous = decideQueryOutcome(context, parseText(payload), settings);
      const result = judged(payload);
      if (asynchronous.kind === "result") assert.deepEqual(result, asynchronous.result);
      else assert.equal(codeOf(result), asynchronous.kind === "discard" ? "correlation-mismatch" : "unexpected-reply");
    });
  }

  it("row 3: MCCI AA is failed unexpected-reply, whatever it refers to: no other answer can come", () => {
    for (const messageRef of [context.messageId, otherMessage]) {
      const accepted = { ...applicationError, acknowledgement: { ...acknowledgement("AA"), messageRef }, reasons: [] };
      const result = judged(encodeApplicationAcknowledgement(accepted));
      assert.equal(codeOf(result), "unexpected-reply");
      assert.ok(result.outcome === "failed" && !result.retryable);
    }
  });

  it("row 7: a reply that cannot be read, or holds nothing known, is failed unparseable-reply", () => {
    const unread = decideSynchronousOutcome(context, new CpisError("XML_TRUNCATED"), settings);
    assert.equal(codeOf(unread), "unparseable-reply");
    assert.equal(codeOf(judged("<html/>")), "unparseable-reply");
    assert.equal(codeOf(judged("")), "unparseable-reply");
    const failure = encodeQueryFailure(notOnCpis);
    assert.equal(codeOf(judged(failure + failure)), "unparseable-reply");
  });

  it("row 8: a messageRef to another message is failed correlation-mismatch, and nothing of it is told", () => {
    const refersTo = { ...acknowledgement("AE"), messageRef: otherMessage };
    for (const payload of [
      encodeQueryFailure({ ...notOnCpis, acknowledgement: refersTo }),
      encodeApplicationAcknowledgement({ ...applicationError, acknowledgement: refersTo }),
    ]) {
      assert.deepEqual(judged(payload), {
        ...context,
        outcome: "failed",
        code: "correlation-mismatch",
        retryable: false,
        codes: [],
        warnings: [],
      });
    }
  });

  it("row 15: it is not-found in the form of Spine's own failure, which has no queryAck and its ASIDs swapped", () => {
    const { transmission, reasons, acknowledgement: answered } = notOnCpis;
    const model = { transmission, reasons, acknowledgement: answered };
    const result = judged(encodeQueryFailure(model, { namespace: "prefixed", swappedAsids: true }));
    assert.ok(result.outcome === "not-found" && result.basis === "nhs-number-not-on-cpis");
  });
});
