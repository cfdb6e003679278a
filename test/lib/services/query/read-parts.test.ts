// Holds what an answer of several MIME parts means, from the bytes of the message on.
import assert from "node:assert/strict";
import { decideAnswerOutcome } from "../../../../lib/cpis/query/answer-parts.js";
import { encodeQueryResponse } from "../../../../lib/simulator/messages/query-response.js";
import { encodeBusinessMessage } from "../../../../lib/ebxml/encode-message.js";
import type { Attachment } from "../../../../lib/ebxml/model.js";
import { encodeQueryFailure } from "../../../../lib/simulator/messages/application-acknowledgement.js";
import { readParts } from "../../../../lib/services/query/read-parts.js";
import { childPayload, context, otherChild, response, responseWith, testChild } from "../../../support/cpis/samples.js";
import { parsedMessage, sampleAnswer } from "../../../support/ebxml/sample-messages.js";
import { notOnCpis } from "../../../support/hl7v3/samples.js";

const absent = encodeQueryFailure(notOnCpis);
const record = encodeQueryResponse(response);
const foreign = encodeQueryResponse(
  responseWith({
    records: [{ ...childPayload.records[0]!, subjects: [{ ...testChild, nhsNumber: otherChild }] }],
  }),
);

function attachment(text: string, contentType = "application/xml"): Attachment {
  return { contentId: "second@example.nhs.uk", contentType, content: Buffer.from(text) };
}

function bodyOf(payload: string, attachments: readonly Attachment[], externalReferences: readonly string[] = []) {
  return encodeBusinessMessage({ ...sampleAnswer(), payload: Buffer.from(payload), attachments, externalReferences });
}

function judged(body: Buffer | string, contentType: string): string {
  const parts = readParts(parsedMessage("message", body, contentType));
  const decision = decideAnswerOutcome(context, parts, { emptyResponse: "failed" });
  assert.ok(decision.kind === "result");
  const { result } = decision;
  if (result.outcome === "failed") return result.code;
  if (result.outcome === "not-found") return "not-found";
  return `found ${result.incomplete ? "incomplete " : ""}${result.warnings.map(({ code }) => code).join(" ")}`.trim();
}

describe("an answer of several parts", () => {
  for (const [what, payload, attachments, references, expected] of [
    ["no record alone", absent, [], [], "not-found"],
    ["a record alone", record, [], [], "found"],
    ["no record and a record", absent, [attachment(record)], [], "found incomplete several-parts"],
    [
      "no record and a record of another type",
      absent,
      [attachment(record, "image/png")],
      [],
      "found incomplete several-parts",
    ],
    ["no record and no record", absent, [attachment(absent)], [], "inconsistent-reply"],
    ["no record and a part that is no XML", absent, [attachment("plain", "text/plain")], [], "inconsistent-reply"],
    ["no record and a part elsewhere", absent, [], ["fragment-1"], "inconsistent-reply"],
    ["a record and no record", record, [attachment(absent)], [], "found incomplete several-parts"],
    ["no record and the record of another child", absent, [attachment(foreign)], [], "wrong-patient"],
    ["a record and the record of another child", record, [attachment(foreign)], [], "wrong-patient"],
  ] as const) {
    it(`${what}: ${expected}`, () => {
      const { body, contentType } = bodyOf(payload, attachments, references);
      assert.equal(judged(body, contentType), expected);
    });
  }

  it("never says no record when two parts are marked as the payload", () => {
    const { body, contentType } = bodyOf(absent, [attachment(record)]);
    const text = body.toString("latin1");
    const mark = '<hl7ebxml:Payload style="HL7" encoding="XML" version="3.0"/>';
    const marked = text.replace(
      'xlink:href="cid:second@example.nhs.uk"/>',
      `xlink:href="cid:second@example.nhs.uk">${mark}</eb:Reference>`,
    );
    assert.notEqual(marked, text);
    assert.equal(judged(Buffer.from(marked, "latin1"), contentType), "found incomplete several-parts");
  });

  it("never says no record when two parts have the same Content-Id", () => {
    const { body, contentType } = bodyOf(absent, [attachment(record)]);
    const text = body.toString("latin1");
    const id = /cid:([^"]+@spine\.nhs\.uk)/.exec(text)?.[1] ?? "";
    const same = text
      .replace("Content-Id: <second@example.nhs.uk>", `Content-Id: <${id}>`)
      .replace('<eb:Reference xlink:href="cid:second@example.nhs.uk"/>', "");
    assert.equal(judged(Buffer.from(same, "latin1"), contentType), "found incomplete several-parts");
  });
});
