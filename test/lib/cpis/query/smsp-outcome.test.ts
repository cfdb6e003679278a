// Holds rows 9 to 11 and 22 to 24 of the decision table: what the answer of a Spine mini service means.
import assert from "node:assert/strict";
import fc from "fast-check";
import { CpisError } from "../../../../lib/errors.js";
import type { QueryResult } from "../../../../lib/cpis/model.js";
import {
  encodeQueryResponse,
  smspResponseNode,
  type ResponsePayload,
  type SmspResponse,
} from "../../../../lib/simulator/messages/query-response.js";
import { decideSmspOutcome } from "../../../../lib/cpis/query/smsp-outcome.js";
import { smspStatus, type SmspStatusCode } from "../../../../lib/cpis/query/smsp-status.js";
import { encodeXml } from "../../../../lib/xml/encode-xml.js";
import { parseText } from "../../../support/hl7v3/vectors.js";
import { mother, stubEventId, success, unbornPayload } from "../../../support/itk/samples.js";
import { response as anyResponse } from "../../../support/cpis/arbitraries.js";
import { response, severalPlansResponse, child } from "../../../support/cpis/samples.js";
import { statusOnly } from "../../../support/cpis/smsp-golden.js";

const context = { nhsNumber: mother, messageId: "0E000000-0000-4000-8000-000000000001", eventId: stubEventId };

function textOf(model: SmspResponse): string {
  return encodeXml(smspResponseNode(model));
}

function decide(model: SmspResponse | string): QueryResult {
  return decideSmspOutcome(context, parseText(typeof model === "string" ? model : textOf(model)));
}

function told(result: QueryResult): string {
  if (result.outcome === "failed") return result.code;
  return result.outcome === "not-found" ? result.basis : result.outcome;
}

function withStatus(code: SmspStatusCode, payload: Partial<ResponsePayload> = {}): SmspResponse {
  return { status: smspStatus(code), payload: { ...unbornPayload, ...payload } };
}

describe("the answer of a Spine mini service", () => {
  it("rows 10 and 22: SMSP-0000 with a plan is found, with plans and accesses", () => {
    const result = decide(success);
    assert.ok(result.outcome === "found");
    assert.deepEqual(result.plans, [
      {
        planType: "unborn-child-protection-plan",
        startDate: "2026-02-02T09:00",
        endDate: "2026-08-02T09:00",
        localAuthority: unbornPayload.records[0]!.localAuthority,
        subject: unbornPayload.records[0]!.subjects[0],
      },
    ]);
    assert.deepEqual(
      result.accesses.map(({ accessId, isThisQuery }) => [accessId, isThisQuery]),
      [["0E000000-0000-4000-8000-000000000006", false]],
    );
    const { totalPlans, totalAccesses, incomplete, warnings, codes, respondedAt } = result;
    assert.deepEqual(
      { totalPlans, totalAccesses, incomplete, warnings, codes, raw: respondedAt?.raw },
      {
        totalPlans: 1,
        totalAccesses: 1,
        incomplete: false,
        warnings: [],
        codes: [smspStatus("SMSP-0000")],
        raw: "202603021015+0000",
      },
    );
  });

  it("row 10: a total that is not what was counted is a warning, and the plan is shown", () => {
    const result = decide(withStatus("SMSP-0000", { totalPlans: 7, totalAccesses: 9 }));
    assert.equal(result.outcome, "found");
    assert.deepEqual(
      result.warnings.map(({ code }) => code),
      ["total-mismatch", "total-mismatch"],
    );
  });

  it("row 10: a plan that can be read beside one that cannot is found, incomplete, with a warning", () => {
    const payload = { ...severalPlansResponse.payload!, accesses: [] };
    const text = encodeXml(
      smspResponseNode({ status: smspStatus("SMSP-0000"), payload }, ["unreadable-first-start-date"]),
    );
    const result = decideSmspOutcome({ ...context, nhsNumber: child }, parseText(text));
    assert.ok(result.outcome === "found" && result.incomplete);
    assert.ok(result.warnings.some(({ code }) => code === "unreadable-plan"));
  });

  it("row 11: plans of which none can be read are failed unreadable-plan", () => {
    const text = encodeXml(smspResponseNode(success, ["unreadable-start-dates"]));
    assert.equal(told(decide(text)), "unreadable-plan");
    assert.equal(told(decide(textOf(success).replace(/<record>.*<\/record>/, "<record/>"))), "unreadable-plan");
  });

  it("row 22: SMSP-0000 without a plan block is failed inconsistent-reply, whatever the totals", () => {
    for (const totalPlans of [0, 1, 5]) {
      const result = decide(withStatus("SMSP-0000", { records: [], totalPlans }));
      assert.equal(told(result), "inconsistent-reply");
      assert.ok(result.outcome === "failed" && !result.retryable);
    }
  });

  it("row 23: CPIS-0001 is no record, and the only status that says so", () => {
    const result = decide(statusOnly("CPIS-0001"));
    assert.deepEqual(result, {
      ...context,
      outcome: "not-found",
      basis: "smsp-no-record",
      accesses: [],
      respondedAt: unbornPayload.respondedAt,
      codes: [smspStatus("CPIS-0001")],
      warnings: [],
    });
  });

  it("row 23: a total above 0 beside CPIS-0001 speaks of a record", () => {
    const counted = withStatus("CPIS-0001", { records: [], accesses: [], totalPlans: 3 });
    assert.equal(told(decide(counted)), "inconsistent-reply");
  });

  it("row 10: a plan beside CPIS-0001 is shown, with a warning; one that cannot be read is inconsistent", () => {
    const shown = decide(withStatus("CPIS-0001"));
    assert.ok(shown.outcome === "found" && shown.warnings.some(({ code }) => code === "inconsistent-reply"));
    const unreadable = encodeXml(smspResponseNode(withStatus("CPIS-0001"), ["unreadable-start-dates"]));
    assert.equal(told(decide(unreadable)), "inconsistent-reply");
  });

  for (const [what, from, to] of [
    ["a record anywhere", "</CP-ISNHSQueryResponse>", "<x><CP-ISRecord/></x></CP-ISNHSQueryResponse>"],
    ["a place for a record", "</CP-ISNHSQueryResponse>", "<pertinentInformation14/></CP-ISNHSQueryResponse>"],
    ["the event id of another query", stubEventId, "0E000000-0000-4000-8000-00000000000F"],
    ["something that is not understood", "</CP-ISNHSQueryResponse>", "<other/></CP-ISNHSQueryResponse>"],
    ["two ids that differ", "<id ", '<id root="0E000000-0000-4000-8000-00000000000F"/><id '],
  ] as const) {
    it(`row 23: CPIS-0001 and ${what} is failed inconsistent-reply`, () => {
      const text = textOf(statusOnly("CPIS-0001"));
      assert.ok(text.includes(from));
      assert.equal(told(decide(text.replace(from, to))), "inconsistent-reply");
    });
  }

  it("row 23: CPIS-0001 with accesses of another number only is failed inconsistent-reply", () => {
    const accesses = [{ ...unbornPayload.accesses[0]!, nhsNumber: child }];
    assert.equal(told(decide(withStatus("CPIS-0001", { records: [], totalPlans: 0, accesses }))), "inconsistent-reply");
  });

  const failures: readonly (readonly [SmspStatusCode, string, boolean])[] = [
    ["SMSP-0001", "smsp-error", false],
    ["SMSP-0002", "smsp-error", true],
    ["SMSP-0003", "smsp-no-match", false],
    ["SMSP-0004", "smsp-error", true],
    ["SMSP-0005", "access-denied", false],
    ["SMSP-9999", "smsp-error", true],
    ["CPIS-9999", "smsp-error", true],
  ];
  for (const [code, failure, retryable] of failures) {
    it(`row 24: ${code} is failed ${failure}, ${retryable ? "retryable" : "not retryable"}`, () => {
      const result = decide(statusOnly(code));
      assert.deepEqual(result, {
        ...context,
        outcome: "failed",
        code: failure,
        retryable,
        detail: `codes ${code}`,
        respondedAt: unbornPayload.respondedAt,
        codes: [smspStatus(code)],
        warnings: [],
      });
    });
  }

  it("row 24: a missing status is failed smsp-error; beside a plan the plan is shown, with a warning", () => {
    const shown = decide(textOf(success).replace(/<value codeSystem[^>]*>/, ""));
    assert.ok(shown.outcome === "found" && shown.warnings.some(({ code }) => code === "inconsistent-reply"));
    const result = decide(textOf(statusOnly("CPIS-0001")).replace(/<value codeSystem[^>]*>/, ""));
    assert.ok(result.outcome === "failed");
    assert.deepEqual([result.code, result.retryable, result.detail], ["smsp-error", false, "the status is missing"]);
  });

  it("row 24: an unknown status, one of another code system and two that differ are failed smsp-error", () => {
    const empty = textOf(statusOnly("CPIS-0001"));
    const changes = [
      empty.replace("CPIS-0001", "CPIS-0002"),
      empty.replace("CPIS-0001", "cpis-0001"),
      empty.replace("4.17.499", "4.17.42"),
      empty.replace("<value codeSystem", '<value code="SMSP-0000"/><value codeSystem'),
      empty.replace(' code="CPIS-0001"', ""),
    ];
    for (const changed of changes) assert.equal(told(decide(changed)), "smsp-error", changed);
  });

  it("row 24: a code that might be a number of somebody is in no detail", () => {
    const result = decide(textOf(statusOnly("CPIS-0001")).replace("CPIS-0001", "9990000034"));
    assert.ok(result.outcome === "failed");
    assert.equal(result.detail, "codes an unknown code");
  });

  for (const code of ["SMSP-0000", "CPIS-0001", "SMSP-9999"] as const) {
    it(`row 9: ${code} with the record of another person is failed wrong-patient, and nothing of it is shown`, () => {
      const [record] = unbornPayload.records;
      const records = [{ ...record!, subjects: [{ ...record!.subjects[0]!, nhsNumber: child }] }];
      const result = decide(withStatus(code, { records }));
      assert.deepEqual(result, {
        ...context,
        outcome: "failed",
        code: "wrong-patient",
        retryable: false,
        codes: [],
        warnings: [],
      });
    });
  }

  it("row 9: an echo of this very query with another number is failed wrong-patient", () => {
    const accesses = [{ ...unbornPayload.accesses[0]!, accessId: stubEventId, nhsNumber: child }];
    assert.equal(told(decide(withStatus("SMSP-0000", { accesses }))), "wrong-patient");
    assert.equal(told(decide(withStatus("CPIS-0001", { accesses, records: [] }))), "wrong-patient");
  });

  it("row 9: another access about another number is left out with a warning", () => {
    const accesses = [{ ...unbornPayload.accesses[0]!, nhsNumber: child }];
    const result = decide(withStatus("SMSP-0000", { accesses }));
    assert.ok(result.outcome === "found" && result.accesses.length === 0);
    assert.ok(result.warnings.some(({ code }) => code === "foreign-access"));
  });

  it("row 21: an interaction, which Spine would send, is failed unexpected-reply", () => {
    assert.equal(told(decide(encodeQueryResponse(response))), "unexpected-reply");
    assert.equal(told(decide('<QUQI_IN010000UK14 xmlns="urn:hl7-org:v3"/>')), "unexpected-reply");
  });

  it("row 7: what holds no response, or two, or could not be read is failed unparseable-reply", () => {
    assert.equal(told(decide("<CP-ISQueryStub/>")), "unparseable-reply");
    assert.equal(told(decide(`<two>${textOf(success)}${textOf(statusOnly("CPIS-0001"))}</two>`)), "unparseable-reply");
    assert.equal(told(decideSmspOutcome(context, new CpisError("XML_MALFORMED"))), "unparseable-reply");
  });

  it("is never no record for any status but CPIS-0001, whatever the payload", () => {
    const statuses = fc.oneof(fc.constantFrom("SMSP-0000", "SMSP-0003", "CPIS-9999", "CPIS-0000"), fc.string());
    fc.assert(
      fc.property(anyResponse, statuses, ({ payload }, code) => {
        fc.pre(payload !== undefined && code !== "CPIS-0001");
        const model = {
          status: { ...smspStatus("SMSP-0000"), code: code.trim() === "CPIS-0001" ? "x" : code },
          payload,
        };
        assert.notEqual(decide(model).outcome, "not-found");
      }),
      { numRuns: 60 },
    );
  });
});
