// Which records a response proves to be loaded, and which it leaves in doubt: all people are invented.
import assert from "node:assert/strict";
import type { PlanType, Subject } from "../../../../lib/cpis/model.js";
import { encodeUploadFile } from "../../../../lib/cpis/upload/upload-file.js";
import type { UploadRecord, UploadRecordResult, UploadResponse } from "../../../../lib/cpis/upload/upload-model.js";
import { encodeUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import { noSentRecords, readSentRecords } from "../../../../lib/services/upload/sent-record-index.js";
import type { RefusedRecord } from "../../../../lib/services/upload/upload-model.js";
import { matchResponse, unknownFile, type AnsweredFile } from "../../../../lib/services/upload/upload-matching.js";

const child = "9990000018";
const sibling = "9990000026";
const localAuthority = { code: "998", name: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "01632960999" };

function person(nhsNumber: string, change: Partial<Subject> = {}): Subject {
  const names = { givenName: "Test", familyName: "Child" };
  return { kind: "child", nhsNumber, localId: "LOCAL-1", birthDate: "2016-03-14", ...names, ...change };
}

function plan(planType: PlanType, startDate = "2025-11-03T09:00") {
  const isUnborn = planType === "unborn-child-protection-plan";
  return { planType, startDate, ...(isUnborn ? { endDate: "2026-08-02T09:00" } : {}) };
}

const protection: UploadRecord = { plans: [plan("child-protection-plan")], subjects: [person(child)] };
const lookedAfter: UploadRecord = { plans: [plan("looked-after-child")], subjects: [person(child)] };

type Said = Partial<UploadRecordResult> & Pick<UploadRecordResult, "accepted">;

/** What CP-IS says of a record, with the code of its result: a refusal names the record's plans. */
function said(record: UploadRecord, code: string, change: Partial<UploadRecordResult> = {}): Said {
  const accepted = code === "CPR06";
  const results = [{ code, details: [], location: "" }];
  return { accepted, results, subjects: record.subjects, plans: accepted ? [] : record.plans, ...change };
}

function response(fileCode: string, records: readonly Said[], change: Partial<UploadResponse> = {}): UploadResponse {
  const successful = records.filter(({ accepted }) => accepted).length;
  return {
    fileId: "7",
    createdAt: { raw: "20260302073000+0000", iso: "2026-03-02T07:30:00Z", zone: "explicit" },
    recordsProcessed: records.length,
    fileResults: [{ code: fileCode }],
    localAuthority,
    successful,
    failed: records.length - successful,
    unlinkedResults: [],
    warnings: [],
    records: records.map(({ results = [], subjects = [], plans = [], accepted }, index) => ({
      index,
      accepted,
      results: results.map((result) => ({ ...result, location: `/FileResponse/message[${index + 1}]` })),
      subjects,
      plans,
    })),
    ...change,
  };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function match(
  sent: readonly UploadRecord[] | "not kept",
  answer: UploadResponse,
  change?: Partial<AnsweredFile>,
) {
  const file = {
    fileId: "7",
    createdAt: "20260302060000+0000",
    localAuthority,
    records: sent === "not kept" ? [] : sent,
  };
  const records = sent === "not kept" ? noSentRecords : await readSentRecords(once(encodeUploadFile(file)));
  const text = encodeUploadResponse(answer);
  const known = {
    sent: records,
    sentCount: sent.length,
    notSent: 0,
    indexOf: (position: number) => position,
    ...change,
  };
  const matched = await matchResponse(
    () => once(text),
    () => Promise.resolve(sent === "not kept" && change === undefined ? unknownFile(records) : known),
  );
  const refused: RefusedRecord[] = [];
  for await (const record of matched.refused()) refused.push(record);
  const { outcome } = matched;
  return { outcome, refused, loaded: outcome.records.filter(({ accepted }) => accepted).map(({ index }) => index) };
}

function codesOf(refused: readonly RefusedRecord[]) {
  return refused.map(({ index, reasons }) => [index, ...reasons.map(({ code }) => code)]);
}

describe("A response", () => {
  it("gives the refused plan of a child to the record of that plan, whichever order it has", async () => {
    for (const records of [
      [said(protection, "CPR06"), said(lookedAfter, "CPR07")],
      [said(lookedAfter, "CPR07"), said(protection, "CPR06")],
    ]) {
      const { outcome, refused, loaded } = await match([protection, lookedAfter], response("CPF03", records));
      assert.deepEqual([outcome.outcome, loaded], ["partly-accepted", [0]]);
      assert.deepEqual(codesOf(refused), [[1, "CPR07"]]);
    }
  });

  it("that refuses a plan under another start loads neither of the child's plans", async () => {
    const other = { plans: [plan("child-protection-plan", "2025-11-03T00:00")] };
    const answer = response("CPF03", [said(protection, "CPR07", other), said(lookedAfter, "CPR06")]);
    const { outcome, refused, loaded } = await match([protection, lookedAfter], answer);
    assert.deepEqual([loaded, outcome.accepted, outcome.unmatched], [[], 0, 1]);
    assert.deepEqual(codesOf(refused), [
      [undefined, "CPR07"],
      [0, "result-unclear"],
      [1, "no-result"],
    ]);
  });

  it("that names one plan less than was sent, and not which, loads none of them", async () => {
    const answer = response("CPF03", [said(protection, "CPR06")]);
    const { refused, loaded } = await match([protection, lookedAfter], answer);
    assert.deepEqual(loaded, []);
    assert.deepEqual(
      refused.map(({ index }) => index),
      [0, 1],
    );
  });

  it("that accepts and refuses the plans of a child without naming one loads none of them", async () => {
    const answer = response("CPF03", [said(protection, "CPR06"), said(lookedAfter, "CPR07", { plans: [] })]);
    const { refused, loaded } = await match([protection, lookedAfter], answer);
    assert.deepEqual(loaded, []);
    assert.equal(refused.length, 2);
  });

  it("that says of one record that it was loaded and that it was refused does not load it", async () => {
    const answer = response("CPF03", [said(protection, "CPR06"), said(protection, "CPR01", { plans: [] })]);
    const { loaded } = await match([protection], answer);
    assert.deepEqual(loaded, []);
  });

  it("loads all plans of a mother when it accepts each of them", async () => {
    const unborn = (start: string): UploadRecord => ({
      plans: [plan("unborn-child-protection-plan", start)],
      subjects: [person(child, { kind: "mother" })],
    });
    const records = [unborn("2026-02-02T09:00"), unborn("2026-03-02T09:00")];
    const answer = response(
      "CPF02",
      records.map((record) => said(record, "CPR06")),
    );
    const { outcome, loaded } = await match(records, answer);
    assert.deepEqual([outcome.outcome, loaded], ["accepted", [0, 1]]);
  });

  it("tells a child from the mother that she is to be", async () => {
    const subjects = [person(child, { kind: "mother" })];
    const unborn: UploadRecord = { plans: [plan("unborn-child-protection-plan")], subjects };
    const { loaded } = await match([protection, unborn], response("CPF03", [said(unborn, "CPR06")]));
    assert.deepEqual(loaded, [1]);
  });

  it("that refuses the mother's plan of a record for child and mother does not load the record", async () => {
    const mother = person(sibling, { kind: "mother", localId: "LOCAL-2" });
    const both = {
      plans: [plan("child-protection-plan"), plan("unborn-child-protection-plan")],
      subjects: [person(child), mother],
    };
    const ofChild = said({ plans: [], subjects: [person(child)] }, "CPR06");
    for (const plans of [[plan("unborn-child-protection-plan")], []]) {
      const ofMother = said({ plans, subjects: [mother] }, "CPR01");
      for (const records of [
        [ofChild, ofMother],
        [ofMother, ofChild],
      ]) {
        assert.deepEqual((await match([both], response("CPF03", records))).loaded, []);
      }
    }
    const { subjects } = both;
    const other = said({ ...both, subjects: subjects.toReversed() }, "CPR06");
    assert.deepEqual((await match([both], response("CPF02", [other]))).loaded, [0]);
  });

  it("finds the record though the local id comes back in other letters", async () => {
    const record = { plans: protection.plans, subjects: [person(child, { localId: "ab-1" })] };
    const subjects = [person(child, { localId: "AB-1 " })];
    const { loaded } = await match([record], response("CPF02", [said(record, "CPR06", { subjects })]));
    assert.deepEqual(loaded, [0]);
  });

  it("tells two records of one child by their local ids", async () => {
    const other = { ...lookedAfter, subjects: [person(child, { localId: "LOCAL-2" })] };
    const { loaded } = await match([protection, other], response("CPF03", [said(other, "CPR06")]));
    assert.deepEqual(loaded, [1]);
  });

  it("under another local id is of no record, though the NHS number is that of one", async () => {
    const other = { subjects: [person(child, { localId: "LOCAL-9" })] };
    const { outcome, loaded } = await match([protection], response("CPF02", [said(protection, "CPR06", other)]));
    assert.deepEqual([loaded, outcome.unmatched], [[], 1]);
    assert.notEqual(outcome.outcome, "accepted");
  });

  it("gives a reason and advice for every refused record, also without a code of refusal", async () => {
    const none = said(protection, "CPR07", { results: [] });
    const success = said({ ...protection, subjects: [person(sibling)] }, "CPR06", { accepted: false });
    const answer = response("CPF04", [none, { ...success, plans: protection.plans }]);
    const sent = [protection, { ...protection, subjects: [person(sibling)] }];
    const { refused } = await match(sent, answer);
    assert.deepEqual(codesOf(refused), [
      [0, "no-reason"],
      [1, "no-reason"],
    ]);
    assert.ok(refused.every(({ reasons }) => reasons.every(({ advice }) => advice !== "")));
  });

  it("shows the codes that belong to no record of it, with advice", async () => {
    const unlinkedResults = [{ code: "CPR01", details: [], location: "somewhere" }];
    const { outcome, loaded } = await match([protection], response("CPF04", [], { unlinkedResults }));
    assert.deepEqual(loaded, []);
    assert.deepEqual(
      outcome.unlinkedReasons?.map(({ code, advice }) => [code, advice !== ""]),
      [["CPR01", true]],
    );
  });
});

describe("A response to a large file", () => {
  it("that names no record leaves the process room for other work while it is told", async () => {
    const records = Array.from({ length: 3000 }, () => protection);
    const file = { fileId: "7", createdAt: "20260302060000+0000", localAuthority, records };
    const sent = await readSentRecords(once(encodeUploadFile(file)));
    const text = encodeUploadResponse(response("CPF04", []));
    const matched = await matchResponse(
      () => once(text),
      () => Promise.resolve({ sent, sentCount: 3000, notSent: 0, indexOf: (position) => position }),
    );
    let isOver = false;
    const { promise: turned, resolve } = Promise.withResolvers<boolean>();
    let told = 0;
    for await (const refused of matched.refused()) {
      if (refused.index === 0) setImmediate(() => resolve(isOver));
      told += 1;
    }
    isOver = true;
    assert.deepEqual([told, await turned], [3000, false]);
  });
});

describe("A response under a number that is none", () => {
  it("has no file number", async () => {
    const { outcome } = await match("not kept", response("CPF01", [], { fileId: "unknown" }));
    assert.equal("fileNumber" in outcome, false);
  });
});

describe("A response that says that the whole file was loaded, and names no record,", () => {
  const counts = { recordsProcessed: 2, successful: 2, failed: 0 };
  const sent = [protection, lookedAfter];

  it("loads every record, and the outcome says on what that rests", async () => {
    const { outcome, refused, loaded } = await match(sent, response("CPF02", [], counts));
    assert.deepEqual([outcome.outcome, outcome.basis, loaded, refused], ["accepted", "whole-file", [0, 1], []]);
    const each = await match(sent, response("CPF02", [said(protection, "CPR06"), said(lookedAfter, "CPR06")]));
    assert.deepEqual([each.outcome.outcome, each.outcome.basis], ["accepted", "each-record"]);
  });

  const without = (answer: UploadResponse, name: keyof UploadResponse): UploadResponse =>
    Object.fromEntries(Object.entries(answer).filter(([key]) => key !== name)) as unknown as UploadResponse;
  const refusalOfNone = { code: "CPR01", details: [], location: "somewhere" };
  for (const [what, change] of [
    ["counts failed records", (all) => ({ ...all, failed: 1 })],
    ["counts fewer loaded records than were sent", (all) => ({ ...all, successful: 1 })],
    ["counts no loaded record", (all) => ({ ...all, successful: 0 })],
    ["counts more loaded records than were sent", (all) => ({ ...all, successful: 3 })],
    ["processed fewer records than were sent", (all) => ({ ...all, recordsProcessed: 1 })],
    ["processed more records than were sent", (all) => ({ ...all, recordsProcessed: 3 })],
    ["does not count the loaded ones", (all) => without(all, "successful")],
    ["does not count the failed ones", (all) => without(all, "failed")],
    ["does not say how many it processed", (all) => without(all, "recordsProcessed")],
    ["has the code of failure, too", (all) => ({ ...all, fileResults: [{ code: "CPF02" }, { code: "CPF04" }] })],
    ["has a refusal of a record that it does not name", (all) => ({ ...all, unlinkedResults: [refusalOfNone] })],
  ] as readonly (readonly [string, (all: UploadResponse) => UploadResponse])[]) {
    it(`loads none when it ${what}, and is unclear`, async () => {
      const { outcome, refused, loaded } = await match(sent, change(response("CPF02", [], counts)));
      assert.deepEqual([outcome.outcome, loaded, outcome.accepted, outcome.refused], ["unclear", [], 0, 2]);
      assert.equal(refused.filter(({ index }) => index !== undefined).length, 2);
    });
  }

  for (const name of ["fileId", "localAuthority"] as const) {
    it(`is unclear when its ${name} is missing`, async () => {
      const { outcome, loaded } = await match(sent, without(response("CPF02", [], counts), name));
      assert.deepEqual([outcome.outcome, loaded], ["unclear", []]);
    });
  }
});

describe("A response that loads every record that was sent", () => {
  const sent = [protection, lookedAfter];
  const all = [said(protection, "CPR06"), said(lookedAfter, "CPR06")];

  it("is not accepted while records of the upload were left out, and its words do not say so", async () => {
    const { outcome } = await match(sent, response("CPF02", all), { notSent: 5 });
    const { given, notSent, accepted, refused } = outcome;
    assert.deepEqual([outcome.outcome, given, notSent, accepted, refused], ["partly-accepted", 7, 5, 2, 0]);
    const [words] = outcome.fileResults;
    assert.equal(words?.meaning, "All records that were sent were loaded.");
    assert.match(words.advice, /^5 records of the upload were not sent/);
  });

  for (const [what, answer] of [
    ["counts one less", response("CPF02", all, { successful: 1 })],
    ["counts none", response("CPF02", all, { successful: 0 })],
    ["counts a failed one", response("CPF02", all, { failed: 1 })],
    ["processed more", response("CPF02", all, { recordsProcessed: 3 })],
    ["calls it a part", response("CPF03", all)],
    ["has no code of the file", response("CPF02", all, { fileResults: [] })],
    [
      "refuses a record that was never sent",
      response("CPF02", [...all, said({ ...protection, subjects: [person(sibling)] }, "CPR01")]),
    ],
  ] as const) {
    it(`is unclear when CP-IS ${what}: then none counts as loaded`, async () => {
      const { outcome, refused, loaded } = await match(sent, answer);
      assert.deepEqual([outcome.outcome, loaded, outcome.accepted], ["unclear", [], 0]);
      assert.deepEqual(
        refused.flatMap(({ index }) => index ?? []),
        [0, 1],
      );
      assert.ok(outcome.warnings.some(({ code }) => code === "response-unclear"));
    });
  }

  it("in part is unclear when CP-IS counts fewer loaded ones than it names", async () => {
    const third = { ...protection, subjects: [person(sibling)] };
    const answer = response("CPF03", [...all, said(third, "CPR01")], { successful: 1, failed: 2 });
    const { outcome, refused } = await match([...sent, third], answer);
    assert.deepEqual([outcome.outcome, outcome.accepted, refused.length], ["unclear", 0, 3]);
    for (const counts of [{ successful: 1 }, { failed: 2 }]) {
      const one = await match([...sent, third], response("CPF03", [...all, said(third, "CPR01")], counts));
      assert.deepEqual([one.outcome.outcome, one.outcome.accepted], ["unclear", 0]);
    }
  });
});

describe("A response to a file that is known, and whose records are not kept", () => {
  const known = { sentCount: 2 };

  it("is never accepted, whatever it says", async () => {
    const counts = { recordsProcessed: 2, successful: 2, failed: 0 };
    const each = [said(protection, "CPR06"), said(lookedAfter, "CPR06")];
    const outcomes = [];
    for (const answer of [
      response("CPF02", each),
      response("CPF03", each),
      response("CPF03", []),
      response("CPF04", []),
      response("CPF01", []),
    ]) {
      const { outcome } = await match("not kept", answer, known);
      assert.deepEqual([outcome.sent, outcome.accepted, outcome.refused], [2, 0, 2]);
      outcomes.push(outcome.outcome);
    }
    assert.deepEqual(outcomes, ["unclear", "unclear", "unclear", "refused", "file-refused"]);
    assert.equal((await match("not kept", response("CPF02", [], counts), known)).outcome.outcome, "unclear");
  });
});

describe("A response to a file that is not known", () => {
  it("is told as it came, under a name of its own, and never as a success", async () => {
    const partly = response("CPF03", [said(protection, "CPR06"), said(lookedAfter, "CPR07")]);
    const { outcome, refused } = await match("not kept", partly);
    assert.deepEqual([outcome.outcome, outcome.accepted, outcome.refused], ["unknown-file", 1, 1]);
    assert.deepEqual(codesOf(refused), [[undefined, "CPR07"]]);
    for (const fileCode of ["CPF01", "CPF02", "CPF03", "CPF04"]) {
      const whole = await match("not kept", response(fileCode, [], { recordsProcessed: 2, successful: 2, failed: 0 }));
      assert.deepEqual([whole.outcome.outcome, whole.outcome.accepted, whole.outcome.refused], ["unknown-file", 0, 0]);
      assert.doesNotMatch(JSON.stringify(whole.outcome.fileResults), /Nothing need be done/);
    }
  });
});
