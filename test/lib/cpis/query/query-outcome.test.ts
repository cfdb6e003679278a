// Holds the decision table of query outcomes, a test or more for every row.
import assert from "node:assert/strict";
import fc from "fast-check";
import { CpisError, isCpisError } from "../../../../lib/errors.js";
import type { QueryResult, Subject } from "../../../../lib/cpis/model.js";
import { decideQueryOutcome, type QueryDecision } from "../../../../lib/cpis/query/query-outcome.js";
import {
  encodeQueryResponse,
  type QueryResponse,
  type ResponsePayload,
} from "../../../../lib/simulator/messages/query-response.js";
import type { QueryResponseDeviation } from "../../../../lib/simulator/messages/query-response-deviations.js";
import {
  encodeApplicationAcknowledgement,
  encodeQueryFailure,
  type QueryFailure,
} from "../../../../lib/simulator/messages/application-acknowledgement.js";
import { hl7TimeAt } from "../../../../lib/hl7v3/timestamp.js";
import { parseXml } from "../../../../lib/xml/parse-xml.js";
import { withOneByteChanged } from "../../../support/hl7v3/arbitraries.js";
import {
  acknowledgement,
  applicationError,
  businessError,
  notFoundCodes,
  notOnCpis,
  spineCode,
} from "../../../support/hl7v3/samples.js";
import { parseText, readVector } from "../../../support/hl7v3/vectors.js";
import {
  child,
  childPayload,
  context,
  earlierAccess,
  emptyResponse,
  eventId,
  otherChild,
  ownAccess,
  response,
  responseWith,
  severalPlansResponse,
  testChild,
  testMother,
} from "../../../support/cpis/samples.js";

const settings = { emptyResponse: "not-found" } as const;

function decide(text: string, emptyResponseIs: "not-found" | "failed" = "not-found"): QueryDecision {
  return decideQueryOutcome(context, parseText(text), { emptyResponse: emptyResponseIs });
}

function resultOf(decision: QueryDecision): QueryResult {
  assert.ok(decision.kind === "result", decision.kind);
  return decision.result;
}

function judged(text: string): QueryResult {
  return resultOf(decide(text));
}

function judgedResponse(model: QueryResponse, ...deviations: readonly QueryResponseDeviation[]): QueryResult {
  return judged(encodeQueryResponse(model, deviations));
}

function judgedFailure(change: Partial<QueryFailure>): QueryResult {
  return judged(encodeQueryFailure({ ...notOnCpis, ...change }));
}

function withoutQueryAck(model: QueryFailure): QueryFailure {
  const { transmission, reasons, acknowledgement: answered } = model;
  return { transmission, reasons, acknowledgement: answered };
}

/** "found", "not-found <basis>", or "failed <code>" with a mark when retryable. */
function verdict(result: QueryResult): string {
  if (result.outcome === "found") return "found";
  if (result.outcome === "not-found") return `not-found ${result.basis}`;
  return `failed ${result.code}${result.retryable ? " retryable" : ""}`;
}

function warningCodes(result: QueryResult): readonly string[] {
  return result.warnings.map((warning) => warning.code);
}

function found(result: QueryResult): Extract<QueryResult, { outcome: "found" }> {
  assert.ok(result.outcome === "found", verdict(result));
  return result;
}

/** A response that holds no plan, and says of itself what is asked for. */
function absence(queryResponseCode: "OK" | "NF" | "ID", payload: Partial<ResponsePayload> = {}): QueryResponse {
  return { ...responseWith({ totalPlans: 0, records: [], ...payload }), queryResponseCode };
}

const { transmission } = response;
const bareNoData: QueryResponse = { transmission, reasons: [], queryResponseCode: "NF" };

describe("the outcome of a query", () => {
  it("row 3: MCCI AA is no answer: keep waiting, whatever it refers to", () => {
    const accepted = { ...applicationError, acknowledgement: acknowledgement("AA"), reasons: [] };
    assert.deepEqual(decide(encodeApplicationAcknowledgement(accepted)), { kind: "keep-waiting" });
    const foreign = { ...accepted, acknowledgement: { ...acknowledgement("AA"), messageRef: eventId } };
    assert.deepEqual(decide(encodeApplicationAcknowledgement(foreign)), { kind: "keep-waiting" });
  });

  it("row 7: XML that cannot be read is failed unparseable-reply", () => {
    for (const code of ["XML_MALFORMED", "XML_TOO_LARGE", "XML_TRUNCATED", "XML_EMPTY"] as const) {
      const result = resultOf(decideQueryOutcome(context, new CpisError(code), settings));
      assert.equal(verdict(result), "failed unparseable-reply");
      assert.equal(result.outcome === "failed" && result.detail, code);
    }
  });

  it("row 7: no known interaction or payload is failed unparseable-reply", () => {
    for (const text of ["<html/>", "<a><b/></a>", '<QUQI_IN010000UK14 xmlns="urn:other"/>']) {
      assert.equal(verdict(judged(text)), "failed unparseable-reply");
    }
  });

  it("row 7: two interactions at once are failed unparseable-reply: either might be meant", () => {
    const both = `<Body>${encodeQueryFailure(notOnCpis)}${encodeQueryResponse(response)}</Body>`;
    assert.equal(verdict(judged(both)), "failed unparseable-reply");
  });

  it("row 8: a messageRef to another message is discarded with a warning", () => {
    const foreign = { ...notOnCpis, acknowledgement: { ...acknowledgement("AE"), messageRef: eventId } };
    const decision = decide(encodeQueryFailure(foreign));
    assert.ok(decision.kind === "discard");
    assert.equal(decision.warning.code, "correlation-mismatch");
  });

  it("row 8: an MCCI AE and an unknown interaction that answer another message are discarded too", () => {
    const foreign = { ...applicationError, acknowledgement: { ...acknowledgement("AE"), messageRef: eventId } };
    const text = encodeApplicationAcknowledgement(foreign);
    assert.equal(decide(text).kind, "discard");
    assert.equal(decide(text.replaceAll("MCCI_IN010000UK13", "MCCI_IN010000UK99")).kind, "discard");
  });

  it("row 8: a messageRef in another case or with uuid: is ours; none at all contradicts nothing", () => {
    const id = context.messageId;
    const text = encodeQueryFailure(notOnCpis);
    assert.equal(verdict(judged(text.replace(id, `uuid:${id.toLowerCase()}`))), "not-found nhs-number-not-on-cpis");
    assert.equal(verdict(judged(text.replace(/<messageRef>.*<\/messageRef>/, ""))), "not-found nhs-number-not-on-cpis");
  });

  it("row 9: a record about another child is failed wrong-patient, and nothing of it is shown", () => {
    const foreign = responseWith({
      records: childPayload.records.map((record) => ({
        ...record,
        subjects: [{ ...testChild, nhsNumber: otherChild }],
      })),
    });
    const result = judgedResponse({ ...foreign, reasons: [businessError] });
    assert.equal(verdict(result), "failed wrong-patient");
    assert.deepEqual([result.codes, result.warnings], [[], []]);
    assert.ok(!JSON.stringify(result).includes(otherChild));
  });

  it("row 9: one record of several about another child is enough", () => {
    const own = childPayload.records[0]!;
    const foreign = { ...own, subjects: [{ ...testChild, nhsNumber: otherChild }] };
    assert.equal(verdict(judgedResponse(responseWith({ records: [own, foreign] }))), "failed wrong-patient");
  });

  it("row 9: a record with child and mother is right when one of them was asked for", () => {
    const [record] = childPayload.records;
    assert.ok(record);
    const both = responseWith({ records: [{ ...record, subjects: [testMother, testChild] }] });
    assert.equal(verdict(judgedResponse(both)), "found");
  });

  it("row 9: the echo of this query about another number is failed wrong-patient, also without a plan", () => {
    const accesses = [{ ...ownAccess, nhsNumber: otherChild }];
    assert.equal(verdict(judgedResponse(responseWith({ accesses }))), "failed wrong-patient");
    assert.equal(verdict(judgedResponse(absence("NF", { accesses }))), "failed wrong-patient");
  });

  it("row 9: another access about another number is left out with a warning", () => {
    const accesses = [{ ...earlierAccess, nhsNumber: otherChild }, ownAccess];
    const result = found(judgedResponse(responseWith({ accesses })));
    assert.deepEqual(
      result.accesses.map(({ accessId }) => accessId),
      [eventId],
    );
    assert.deepEqual(warningCodes(result), ["foreign-access"]);
    assert.ok(!JSON.stringify(result).includes(otherChild));
  });

  it("row 10: a response with a plan is found, with all that it says", () => {
    assert.deepEqual(judgedResponse(response), {
      ...context,
      replyId: transmission.messageId,
      respondedAt: childPayload.respondedAt,
      codes: [],
      warnings: [],
      outcome: "found",
      plans: [
        {
          planType: "child-protection-plan",
          startDate: "2025-11-03T09:00",
          localAuthority: childPayload.records[0]!.localAuthority,
          subject: testChild,
        },
      ],
      accesses: [
        { ...ownAccess, isThisQuery: true },
        { ...earlierAccess, isThisQuery: false },
      ],
      totalPlans: 1,
      totalAccesses: 2,
      incomplete: false,
    });
  });

  it("row 10: a plan is found whatever queryAck and reasons say, with a warning", () => {
    for (const queryResponseCode of ["NF", "ID"] as const) {
      assert.deepEqual(warningCodes(found(judgedResponse({ ...response, queryResponseCode }))), ["inconsistent-reply"]);
    }
    const result = found(judgedResponse({ ...response, reasons: notFoundCodes }));
    assert.deepEqual(warningCodes(result), ["inconsistent-reply"]);
    assert.deepEqual(result.codes, notFoundCodes);
    assert.deepEqual(warningCodes(found(judgedResponse(response, "no-query-ack"))), []);
  });

  it("row 10: totals that differ from what was counted are a warning", () => {
    assert.deepEqual(warningCodes(judgedResponse(responseWith({ totalPlans: 2 }))), ["total-mismatch"]);
    assert.deepEqual(warningCodes(judgedResponse(responseWith({ totalAccesses: 3, totalPlans: 0 }))), [
      "total-mismatch",
      "total-mismatch",
    ]);
    assert.deepEqual(warningCodes(judgedResponse(response, "no-total-plans", "no-total-accesses")), []);
  });

  it("row 10: plan blocks that cannot be read beside one that can make it incomplete, with a warning", () => {
    const result = found(judgedResponse(severalPlansResponse, "unreadable-first-start-date"));
    assert.equal(result.incomplete, true);
    assert.equal(result.plans.length, 3);
    // The mother of the unborn plan in it is not the child who was asked for.
    assert.deepEqual(warningCodes(result), ["other-subject", "unreadable-plan"]);
  });

  it("row 10: a place for a plan that holds none makes it incomplete", () => {
    const text = encodeQueryResponse(response).replace("<CP-ISRecord>", "<CP-ISRecord><pertinentInformation15/>");
    assert.equal(found(judged(text)).incomplete, true);
  });

  it("row 10: a plan that ended is a plan", () => {
    const { plans } = found(judgedResponse(severalPlansResponse));
    assert.deepEqual(
      plans.map(({ endDate }) => endDate),
      [undefined, "2026-08-02T09:00", "2025-12-31T23:59", undefined],
    );
  });

  it("row 11: plan blocks of which none can be read are failed unreadable-plan", () => {
    assert.equal(verdict(judgedResponse(response, "unknown-plan-template")), "failed unreadable-plan");
    assert.equal(verdict(judgedResponse(response, "unreadable-start-dates")), "failed unreadable-plan");
    const noPlan = responseWith({ records: childPayload.records.map((record) => ({ ...record, plans: [] })) });
    assert.equal(verdict(judgedResponse({ ...noPlan, queryResponseCode: "NF" })), "failed unreadable-plan");
  });

  for (const [what, content] of [
    ["text", "some text"],
    ["an unknown element", "<other/>"],
    ["an empty control act", "<pertinentCP-ISRecordControlAct/>"],
    ["an empty record", "<pertinentCP-ISRecordControlAct><record/></pertinentCP-ISRecordControlAct>"],
  ] as const) {
    it(`row 11: a pertinentInformation14 that holds ${what} is failed unreadable-plan`, () => {
      const block = `<pertinentInformation14>${content}</pertinentInformation14></CP-ISNHSQueryResponse>`;
      const text = encodeQueryResponse(absence("NF")).replace("</CP-ISNHSQueryResponse>", block);
      assert.equal(verdict(judged(text)), "failed unreadable-plan");
    });
  }

  it("row 12: NF without plan and with a total of 0 or none is not-found no-data-found", () => {
    const result = judgedResponse(absence("NF"));
    assert.equal(verdict(result), "not-found no-data-found");
    assert.deepEqual(result.outcome === "not-found" && result.accesses.map(({ isThisQuery }) => isThisQuery), [
      true,
      false,
    ]);
    assert.equal(verdict(judgedResponse(absence("NF"), "no-total-plans")), "not-found no-data-found");
    assert.equal(verdict(judgedResponse(bareNoData)), "not-found no-data-found");
    assert.equal(verdict(judgedResponse({ ...bareNoData, reasons: notFoundCodes })), "not-found no-data-found");
  });

  it("row 12: NF with any other reason is not not-found", () => {
    assert.equal(verdict(judgedResponse({ ...bareNoData, reasons: [businessError] })), "failed inconsistent-reply");
    assert.equal(
      verdict(judgedResponse({ ...bareNoData, reasons: [...notFoundCodes, businessError] })),
      "failed inconsistent-reply",
    );
    const unreadable = encodeQueryResponse({ ...bareNoData, reasons: notFoundCodes }).replace('code="1" ', "");
    assert.equal(verdict(judged(unreadable)), "failed inconsistent-reply");
  });

  it("row 13: OK without plan, reason, and with a total of 0 is not-found empty-response with a warning", () => {
    const result = judgedResponse(emptyResponse);
    assert.equal(verdict(result), "not-found empty-response");
    assert.deepEqual(warningCodes(result), ["empty-response"]);
  });

  it("row 13: the same is failed inconsistent-reply where that is set", () => {
    assert.equal(verdict(resultOf(decide(encodeQueryResponse(emptyResponse), "failed"))), "failed inconsistent-reply");
  });

  for (const [what, model, deviations] of [
    ["OK and a total above 0", absence("OK", { totalPlans: 1 }), []],
    ["NF and a total above 0", absence("NF", { totalPlans: 1 }), []],
    ["NF and a total of -1", absence("NF", { totalPlans: -1 }), []],
    ["OK and no total", absence("OK"), ["no-total-plans"]],
    ["OK and no payload", { ...bareNoData, queryResponseCode: "OK" }, []],
    ["no queryAck", absence("OK"), ["no-query-ack"]],
    ["no queryAck in a bare payload", absence("NF"), ["bare-payload"]],
    ["ID", absence("ID"), []],
    ["OK, a total of 0 and a reason", { ...absence("OK"), reasons: notFoundCodes }, []],
  ] as const) {
    it(`row 14: a response without plan that has ${what} is failed inconsistent-reply`, () => {
      assert.equal(verdict(judgedResponse(model, ...deviations)), "failed inconsistent-reply");
    });
  }

  it("row 14: a total that cannot be read is failed inconsistent-reply", () => {
    const total = "<pertinentTotalReturnedChildRecords><value value=";
    const text = encodeQueryResponse(absence("NF"));
    assert.ok(text.includes(`${total}"0"/>`));
    assert.equal(verdict(judged(text.replace(`${total}"0"/>`, `${total}"none"/>`))), "failed inconsistent-reply");
    assert.equal(
      verdict(judged(text.replace(`${total}"0"/>`, `${total}"0"/><value value="1"/>`))),
      "failed inconsistent-reply",
    );
  });

  it("row 14: a subject of an unknown kind, or a record in a strange place, is failed inconsistent-reply", () => {
    const subject = (content: string): string =>
      encodeQueryResponse(bareNoData).replace("<queryAck", `<subject typeCode="SUBJ">${content}</subject><queryAck`);
    assert.equal(verdict(judged(subject("<Other/>"))), "failed inconsistent-reply");
    assert.equal(verdict(judged(subject('<CP-ISNHSQueryResponse xmlns="urn:x"/>'))), "failed inconsistent-reply");
    const misplaced = subject("<CP-ISNHSQueryResponse><record><CP-ISRecord/></record></CP-ISNHSQueryResponse>");
    assert.equal(verdict(judged(misplaced)), "failed inconsistent-reply");
  });

  it("row 15: NHSNCC002, with or without its companion, is not-found nhs-number-not-on-cpis", () => {
    assert.deepEqual(judgedFailure({}), {
      ...context,
      replyId: notOnCpis.transmission.messageId,
      respondedAt: notOnCpis.transmission.createdAt,
      codes: notFoundCodes,
      warnings: [],
      outcome: "not-found",
      basis: "nhs-number-not-on-cpis",
      accesses: [],
    });
    assert.equal(verdict(judgedFailure({ reasons: [{ code: "NHSNCC002" }] })), "not-found nhs-number-not-on-cpis");
  });

  it("row 15: it is so without queryAck, wrapped, prefixed, and with the ASIDs swapped", () => {
    const text = encodeQueryFailure(withoutQueryAck(notOnCpis), {
      namespace: "prefixed",
      wrappedIn: "CP-ISNHSQueryResponse",
      swappedAsids: true,
    });
    assert.equal(verdict(judged(text)), "not-found nhs-number-not-on-cpis");
  });

  it("row 16: NHSNCC002 with any other code is failed query-rejected", () => {
    const other = spineCode("XX001", "Other");
    assert.equal(verdict(judgedFailure({ reasons: [...notFoundCodes, other] })), "failed query-rejected");
    assert.equal(
      verdict(judgedFailure({ reasons: [...notFoundCodes, businessError] })),
      "failed query-rejected retryable",
    );
    const details = [{ typeCode: "ER", code: other }] as const;
    assert.equal(
      verdict(judgedFailure({ acknowledgement: { ...acknowledgement("AE"), details } })),
      "failed query-rejected",
    );
  });

  it("row 16: NHSNCC002 with a reason that cannot be read is failed query-rejected", () => {
    assert.equal(verdict(judged(encodeQueryFailure(notOnCpis).replace('code="1" ', ""))), "failed query-rejected");
  });

  it("row 16: NHSNCC002 with an error detail that cannot be read is failed query-rejected", () => {
    const detail = '<acknowledgementDetail typeCode="ER"/><messageRef>';
    assert.equal(
      verdict(judged(encodeQueryFailure(notOnCpis).replace("<messageRef>", detail))),
      "failed query-rejected",
    );
  });

  it("row 16: a detail that only informs does not speak against NHSNCC002", () => {
    const details = [{ typeCode: "IF", code: { code: "200" } }] as const;
    const result = judgedFailure({ acknowledgement: { ...acknowledgement("AE"), details } });
    assert.equal(verdict(result), "not-found nhs-number-not-on-cpis");
  });

  it("row 17: QUQI NF without a reason is not-found no-data-found", () => {
    assert.equal(verdict(judgedFailure({ reasons: [], queryResponseCode: "NF" })), "not-found no-data-found");
  });

  for (const [what, change] of [
    ["ID and no reason", { reasons: [], queryResponseCode: "ID" }],
    ["OK and no reason", { reasons: [], queryResponseCode: "OK" }],
    ["code 1 alone", { reasons: [spineCode("1", "NHS Number Not Found")] }],
    ["NF and code 1 alone", { reasons: [{ code: "1" }], queryResponseCode: "NF" }],
    ["NF and another code", { reasons: [{ code: "XX001" }], queryResponseCode: "NF" }],
    ["the text of not found under another code", { reasons: [spineCode("2", "NHS Number Not Found")] }],
    ["NHSNCC002 of another code system", { reasons: [{ code: "NHSNCC002", codeSystem: "1.2.3" }] }],
  ] as const) {
    it(`row 18: QUQI with ${what} is failed query-rejected`, () => {
      assert.equal(verdict(judgedFailure(change)), "failed query-rejected");
    });
  }

  it("row 18: QUQI without queryAck and reasons is failed query-rejected", () => {
    const text = encodeQueryFailure(withoutQueryAck({ ...notOnCpis, reasons: [] }));
    assert.equal(verdict(judged(text)), "failed query-rejected");
  });

  it("row 18: known codes are named, and what else stands in their place is not", () => {
    const result = judgedFailure({ reasons: [{ code: "GE002" }, { code: child }, { code: "a b" }] });
    assert.equal(result.outcome === "failed" && result.detail, "codes GE002, an unknown code");
  });

  it("row 19: MCCI AE is failed application-error with its codes, even with NHSNCC002", () => {
    const result = judged(encodeApplicationAcknowledgement({ ...applicationError, reasons: notFoundCodes }));
    assert.equal(verdict(result), "failed application-error");
    assert.deepEqual(result.codes, notFoundCodes);
  });

  it("row 19: MCCI AE with GE002 is retryable", () => {
    const result = judged(encodeApplicationAcknowledgement(applicationError));
    assert.equal(verdict(result), "failed application-error retryable");
    assert.equal(result.outcome === "failed" && result.detail, "codes GE002");
  });

  it("row 20: MCCI AR is failed application-rejected, not retryable even with GE002", () => {
    const rejected = { ...applicationError, acknowledgement: acknowledgement("AR") };
    assert.equal(verdict(judged(encodeApplicationAcknowledgement(rejected))), "failed application-rejected");
  });

  it("row 21: any other interaction is failed unexpected-reply", () => {
    const text = encodeQueryFailure(notOnCpis).replaceAll("QUQI_IN010000UK14", "REPC_IN000004GB01");
    const result = judged(text);
    assert.equal(verdict(result), "failed unexpected-reply");
    assert.equal(result.replyId, notOnCpis.transmission.messageId);
  });

  it("row 21: an MCCI of no known type is failed unexpected-reply", () => {
    const text = encodeApplicationAcknowledgement(applicationError);
    assert.equal(verdict(judged(text.replace('typeCode="AE"', 'typeCode="CA"'))), "failed unexpected-reply");
    assert.equal(verdict(judged(text.replace('typeCode="AE"', ""))), "failed unexpected-reply");
  });
});

describe("the accesses of a result", () => {
  const many = Array.from({ length: 30 }, (_, index) => ({
    ...earlierAccess,
    accessId: `0C000000-0000-4000-8000-0000000000${String(index + 10)}`,
    accessedAt: hl7TimeAt(Date.UTC(2026, 0, 1 + ((index * 7) % 30))),
  }));

  it("are the 25 most recent, the newest first, and no total is missed for it", () => {
    const result = found(judgedResponse(responseWith({ accesses: many, totalAccesses: 30 })));
    const days = result.accesses.map(({ accessedAt }) => accessedAt?.raw.slice(0, 8));
    assert.equal(days.length, 25);
    assert.deepEqual(days, [...days].sort().reverse());
    assert.equal(days[0], "20260130");
    assert.deepEqual(result.warnings, []);
  });

  it("come last when their time cannot be read", () => {
    const text = encodeQueryResponse(response).replace("20260302101500+0000", "soon");
    const result = found(judged(text));
    assert.deepEqual(
      result.accesses.map(({ isThisQuery }) => isThisQuery),
      [false, true],
    );
  });

  it("are this query by the id of its event, in any case", () => {
    const text = encodeQueryResponse(response).replaceAll(eventId, eventId.toLowerCase());
    assert.deepEqual(
      found(judged(text)).accesses.map(({ isThisQuery }) => isThisQuery),
      [true, false],
    );
  });

  it("sort an unzoned time among zoned ones as if it were UTC", () => {
    const unzoned = encodeQueryResponse(response).replace("20260114221000+0000", "20260302101501");
    assert.deepEqual(
      found(judged(unzoned)).accesses.map(({ isThisQuery }) => isThisQuery),
      [false, true],
    );
  });
});

describe("the subject of a plan", () => {
  const [record] = childPayload.records;
  assert.ok(record);
  const unborn = {
    planType: "unborn-child-protection-plan",
    startDate: "2026-02-02T09:00",
    endDate: "2026-08-02T09:00",
  } as const;
  const otherOne: Subject = { ...testChild, nhsNumber: otherChild, givenName: "Sib" };
  const asMother: Subject = { ...testMother, nhsNumber: child };

  function judgedRecord(
    change: Partial<ResponsePayload["records"][number]>,
  ): Extract<QueryResult, { outcome: "found" }> {
    return found(judgedResponse(responseWith({ records: [{ ...record!, ...change }] })));
  }

  it("is the mother for an unborn child and the child for the others", () => {
    const { plans } = found(judgedResponse(severalPlansResponse));
    assert.deepEqual(
      plans.map(({ subject }) => subject?.kind),
      ["child", "mother", "child", "child"],
    );
  });

  it("is another child, with a warning that says so, where the asked number is the mother's", () => {
    const result = judgedRecord({ subjects: [otherOne, asMother] });
    assert.equal(result.plans[0]?.subject?.nhsNumber, otherChild);
    assert.deepEqual(result.warnings, [
      {
        code: "other-subject",
        message: "Plan 1 names a child whose NHS number is not the one asked for: it may be the plan of that child",
        path: "subject",
      },
    ]);
  });

  it("is another mother, with a warning, where the asked number is the child's and the plan an unborn one", () => {
    const result = judgedRecord({ plans: [unborn], subjects: [testChild, testMother] });
    assert.equal(result.plans[0]?.subject?.nhsNumber, testMother.nhsNumber);
    assert.deepEqual(warningCodes(result), ["other-subject"]);
  });

  it("is the only one of the record although it is of the other kind, with a warning", () => {
    const protectedMother = judgedRecord({ subjects: [asMother] });
    assert.equal(protectedMother.plans[0]?.subject?.kind, "mother");
    assert.deepEqual(warningCodes(protectedMother), ["other-subject"]);
    const unbornChild = judgedRecord({ plans: [unborn], subjects: [testChild] });
    assert.deepEqual(warningCodes(unbornChild), ["other-subject"]);
  });

  it("is left out when two might be meant, and when there is none, each with a warning", () => {
    const two = judgedRecord({ subjects: [testChild, otherOne] });
    assert.equal(two.plans[0]?.subject, undefined);
    assert.deepEqual(warningCodes(two), ["ambiguous-subject"]);
    const none = judgedRecord({ subjects: [] });
    assert.equal(none.plans[0]?.subject, undefined);
    assert.deepEqual(warningCodes(none), ["subject-missing"]);
  });

  it("is taken for the one asked for when it has no number, as real replies leave it out", () => {
    assert.deepEqual(warningCodes(judgedResponse(response, "missing-person-id")), []);
  });

  const idOfChild = `<id root="2.16.840.1.113883.2.1.4.1" extension="${child}"/>`;
  for (const [form, foreign] of [
    ["value", `<id root="2.16.840.1.113883.2.1.4.1" value="${otherChild}"/>`],
    ["value without a scheme", `<id value="${otherChild}"/>`],
    ["the unverified scheme", `<id root="2.16.840.1.113883.2.1.3.2.4.18.23" extension="${otherChild}"/>`],
    ["value of the unverified scheme", `<id root="2.16.840.1.113883.2.1.3.2.4.18.23" value="${otherChild}"/>`],
    ["an unknown scheme", `<id root="1.2.3" extension="${otherChild}"/>`],
    ["text", `<id root="2.16.840.1.113883.2.1.4.1">${otherChild}</id>`],
    ["spaces and hyphens", `<id root="2.16.840.1.113883.2.1.4.1" extension="999 000-0026"/>`],
    ["a failing check digit", `<id root="2.16.840.1.113883.2.1.4.1" extension="9990000019"/>`],
  ] as const) {
    it(`row 9: who has another number in ${form} is failed wrong-patient, and nothing of it is shown`, () => {
      const text = encodeQueryResponse(response);
      assert.ok(text.includes(idOfChild));
      const result = judged(text.replace(idOfChild, foreign));
      assert.equal(verdict(result), "failed wrong-patient");
      assert.ok(!JSON.stringify(result).includes(otherChild));
      assert.equal(verdict(judged(text.replace(idOfChild, foreign.replace(/99[0-9 -]{8,}/, child)))), "found");
    });
  }

  it("keeps its local id, whose digits are no NHS number", () => {
    const local = `${idOfChild}<id root="2.16.840.1.113883.2.1.3.2.4.18.24" extension="${otherChild}"/>`;
    assert.equal(verdict(judged(encodeQueryResponse(response).replace(idOfChild, local))), "found");
  });
});

describe("a deep reply", () => {
  it("is compared with its repetition in no more time and memory than it takes to read", () => {
    const deep = (text: string): string => `${"<a>".repeat(50)}${text}${"</a>".repeat(50)}`;
    const twice = ["x", "y"].map((text) => `<queryAck>${deep(text)}</queryAck>`).join("");
    const text = encodeQueryFailure(notOnCpis).replace("</ControlActEvent>", `${twice}</ControlActEvent>`);
    assert.equal(verdict(judged(text)), "failed inconsistent-reply");
  });
});

describe("a damaged reply", () => {
  function outcomeOf(bytes: Buffer): string {
    const decision = ((): QueryDecision => {
      try {
        return decideQueryOutcome(context, parseXml(bytes), settings);
      } catch (error) {
        assert.ok(isCpisError(error), String(error));
        return decideQueryOutcome(context, error, settings);
      }
    })();
    return decision.kind === "result" ? decision.result.outcome : decision.kind;
  }

  for (const name of [
    "cpis/query-response/child-protection-plan",
    "cpis/query-response/shape-of-the-reply-of-2014",
    "cpis/query-response/d8-bare-payload",
    "hl7v3/query-failure/not-on-cpis-and-another-code",
    "hl7v3/application-acknowledgement/application-error",
  ]) {
    const bytes = Buffer.from(readVector(name));

    it(`${name}: with one byte changed never says that there is no record`, () => {
      fc.assert(
        fc.property(withOneByteChanged(bytes), (changed) => {
          assert.notEqual(outcomeOf(changed), "not-found");
        }),
        { numRuns: 500 },
      );
    });

    it(`${name}: cut anywhere is failed`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
          assert.equal(outcomeOf(bytes.subarray(0, length)), "failed");
        }),
      );
    });
  }

  it("of any bytes at all is failed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.equal(outcomeOf(Buffer.from(bytes)), "failed");
      }),
    );
  });
});

describe("warnings and details", () => {
  it("hold no name, number or date of a child", () => {
    const foreign = { ...earlierAccess, nhsNumber: otherChild };
    const model = responseWith({ accesses: [foreign, ownAccess], totalPlans: 9, totalAccesses: 9 });
    const text = encodeQueryResponse({ ...model, queryResponseCode: "ID" }).replace("20150314", "20150399");
    const { warnings } = judged(text);
    assert.equal(warnings.length, 5);
    for (const secret of [child, otherChild, "Test", "20150399", "EXAMPLE"]) {
      assert.ok(!JSON.stringify(warnings).includes(secret), secret);
    }
  });
});
