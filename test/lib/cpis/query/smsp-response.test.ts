// Holds the reading of a Spine mini service's response: Spine's payload with a status.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isCpisError } from "../../../../lib/errors.js";
import { parseSmspResponse } from "../../../../lib/cpis/query/smsp-response.js";
import { smspResponseNode, type SmspResponse } from "../../../../lib/simulator/messages/query-response.js";
import { smspMeaning, smspStatus } from "../../../../lib/cpis/query/smsp-status.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import { parseText } from "../../../support/hl7v3/vectors.js";
import { success } from "../../../support/itk/samples.js";
import { statusOnly } from "../../../support/cpis/smsp-golden.js";

function written(model: SmspResponse): string {
  return encodeXml(smspResponseNode(model));
}

const status = '<value codeSystem="2.16.840.1.113883.2.1.3.2.4.17.499" code="SMSP-0000" displayName="Success"/>';
const text = written(success);

function statusIn(changed: string): ReturnType<typeof parseSmspResponse>["status"] {
  assert.notEqual(changed, text);
  return parseSmspResponse(parseText(changed)).status;
}

describe("REPC_MT000012GB01", () => {
  it("is read with prefixes, without a namespace, and inside two other elements", () => {
    const prefixed = text
      .replace('xmlns="urn:hl7-org:v3"', 'xmlns:h="urn:hl7-org:v3"')
      .replaceAll(/<(\/?)(?=[A-Za-z_.\d-]+[ />])(?!npfitlc)/g, "<$1h:");
    for (const form of [prefixed, text.replace(' xmlns="urn:hl7-org:v3"', ""), `<a><b>${text}</b></a>`]) {
      const { status: read, payload } = parseSmspResponse(parseText(form));
      assert.deepEqual({ status: read, payload }, success);
    }
  });

  it("has no status when the element is missing, is nil, or says nothing of a code", () => {
    assert.equal(statusIn(text.replace(status, "")), undefined);
    const nil = '<value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>';
    assert.equal(statusIn(text.replace(status, nil)), undefined);
    assert.equal(statusIn(text.replace(status, '<value displayName="Success"/>')), "unreadable");
  });

  it("has an unreadable status when there are two that differ, and a readable one when they are the same", () => {
    assert.equal(statusIn(text.replace(status, status + status.replace("SMSP-0000", "CPIS-0001"))), "unreadable");
    assert.deepEqual(statusIn(text.replace(status, status + status)), smspStatus("SMSP-0000"));
  });

  it("takes no total for a status", () => {
    const read = parseSmspResponse(parseText(written(statusOnly("CPIS-0001")).replace(/<value codeSystem[^>]*>/, "")));
    assert.equal(read.status, undefined);
    assert.equal(read.payload.totalPlans, 0);
  });

  it("is held against its shape, whatever stands in it", () => {
    const empty = written(statusOnly("CPIS-0001"));
    const within = (content: string): readonly boolean[] => {
      const text = empty.replace("</CP-ISNHSQueryResponse>", `${content}</CP-ISNHSQueryResponse>`);
      const { speaksOfRecord, isNotUnderstood, mayHideRecord } = parseSmspResponse(parseText(text)).findings;
      return [speaksOfRecord, isNotUnderstood, mayHideRecord];
    };
    assert.deepEqual(within(""), [false, false, false]);
    assert.deepEqual(within("<pertinentInformation14/>"), [true, false, false]);
    assert.deepEqual(within("<pertinentInformation14><other/></pertinentInformation14>"), [true, true, false]);
    assert.deepEqual(within("<elsewhere><CP-ISRecord/></elsewhere>"), [false, true, true]);
  });

  for (const [what, changed] of [
    ["CP-ISNHSQueryResponse is missing", "<CP-ISQueryResponse/>"],
    ["there is more than one CP-ISNHSQueryResponse", `<two>${text}${text}</two>`],
    ["there is more than one CP-ISNHSQueryResponse", `<CP-ISNHSQueryResponse>${text}${text}</CP-ISNHSQueryResponse>`],
  ] as const) {
    it(`is not read when ${what}`, () => {
      assert.throws(
        () => parseSmspResponse(parseText(changed)),
        (error: unknown) => isCpisError(error) && error.message.endsWith(what),
      );
    });
  }

  it("with one byte changed is read, or refused with a code", () => {
    fc.assert(
      fc.property(withOneByteChanged(Buffer.from(text)), (bytes) => {
        try {
          parseSmspResponse(parseXml(bytes));
        } catch (error) {
          assert.ok(isCpisError(error), String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the status of a Spine mini service", () => {
  it("says that there is no record with CPIS-0001 alone", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom("cpis-0001", "CPIS-0001 ", "CPIS-00001", "SMSP-0003")),
        (code) => {
          fc.pre(code !== "CPIS-0001");
          assert.notEqual(smspMeaning({ code }).kind, "no-record");
        },
      ),
    );
    assert.equal(smspMeaning({ code: "CPIS-0001" }).kind, "no-record");
  });

  it("of another code system means nothing", () => {
    for (const code of ["CPIS-0001", "SMSP-0000"]) {
      assert.deepEqual(smspMeaning({ code, codeSystem: "2.16.840.1.113883.2.1.3.2.4.17.42" }), {
        kind: "failed",
        code: "smsp-error",
        retryable: false,
      });
    }
  });

  it("is not looked up among the properties of an object", () => {
    for (const code of ["constructor", "__proto__", "toString"]) assert.equal(smspMeaning({ code }).kind, "failed");
  });
});
