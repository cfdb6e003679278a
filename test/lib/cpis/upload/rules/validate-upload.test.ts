// Holds each rule for records that are about to be uploaded.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Subject, UploadPlan } from "../../../../../lib/cpis/model.js";
import type { UploadRecord } from "../../../../../lib/cpis/upload/upload-model.js";
import {
  hasUploadError,
  uploadRules,
  type UploadFaultCode,
} from "../../../../../lib/cpis/upload/rules/upload-rules.js";
import { createUploadValidator } from "../../../../../lib/cpis/upload/rules/validate-upload.js";
import { nhsNumber } from "../../../../support/cpis/arbitraries.js";
import {
  bothKindsRecord,
  childPlan,
  childRecord,
  told,
  unbornPlan,
  unbornRecord,
  uploadContext,
  uploadedChild,
  uploadedMother,
  withChild,
  without,
  withPlan,
} from "../../../../support/cpis/upload-samples.js";

function faultsOf(record: UploadRecord): readonly string[] {
  return told(createUploadValidator(uploadContext).check(record));
}

/** What breaks each rule alone, and what is said. */
const brokenRecords: readonly (readonly [UploadFaultCode, string, UploadRecord, string?])[] = [
  ["upload.plan-count", "no plan", { plans: [], subjects: [uploadedChild] }, "plans"],
  ["upload.plan-count", "four plans", { ...childRecord, plans: plansFrom(2022, 2023, 2024, 2025) }, "plans"],
  ["upload.several-plans", "two plans", { ...childRecord, plans: plansFrom(2024, 2025) }, "plans"],
  ["upload.subject-count", "nobody", { plans: [childPlan], subjects: [] }, "subjects"],
  ["upload.subject-count", "three people", { ...childRecord, subjects: childrenOf(3) }, "subjects"],
  ["upload.subject-ambiguous", "two children", { ...childRecord, subjects: childrenOf(2) }, "subjects"],
  [
    "upload.plan-subject-mismatch",
    "a child's plan with the mother",
    { ...childRecord, subjects: [uploadedMother] },
    "plans[0].planType",
  ],
  [
    "upload.plan-subject-mismatch",
    "an unborn child's plan with a child",
    { ...unbornRecord, subjects: [uploadedChild] },
    "plans[0].planType",
  ],
  ["upload.start-date-missing", "a blank start date", withPlan({ startDate: " " }), "plans[0].startDate"],
  [
    "upload.end-date-missing",
    "an unborn child's plan that has no end",
    { ...unbornRecord, plans: [without(unbornPlan, "endDate")] },
    "plans[0].endDate",
  ],
  [
    "upload.end-date-missing",
    "an unborn child's plan with a blank end",
    { ...unbornRecord, plans: [{ ...unbornPlan, endDate: "" }] },
    "plans[0].endDate",
  ],
  ["upload.date-format", "a start without time", withPlan({ startDate: "2025-11-03" }), "plans[0].startDate"],
  ["upload.date-format", "an end with a zone", withPlan({ endDate: "2026-01-03T09:00Z" }), "plans[0].endDate"],
  ["upload.date-format", "a blank end", withPlan({ endDate: "" }), "plans[0].endDate"],
  ["upload.date-format", "a month 13", withPlan({ deleteDate: "2025-13-03T09:00" }), "plans[0].deleteDate"],
  ["upload.date-format", "the year 1899", withPlan({ startDate: "1899-11-03T09:00" }), "plans[0].startDate"],
  ["upload.date-not-real", "31 November", withPlan({ endDate: "2025-11-31T09:00" }), "plans[0].endDate"],
  ["upload.date-not-real", "29 February 2025", withPlan({ startDate: "2025-02-29T09:00" }), "plans[0].startDate"],
  [
    "upload.end-before-start",
    "an end a minute before the start",
    withPlan({ endDate: "2025-11-03T08:59" }),
    "plans[0].endDate",
  ],
  ["upload.start-in-future", "a start in a minute", withPlan({ startDate: "2026-03-02T06:01" }), "plans[0].startDate"],
  [
    "upload.delete-in-future",
    "a deletion in a minute",
    withPlan({ deleteDate: "2026-03-02T06:01" }),
    "plans[0].deleteDate",
  ],
  [
    "upload.ended-over-12-months",
    "an end of a year and a day ago",
    withPlan({ startDate: "2024-01-01T00:00", endDate: "2025-03-01T23:59" }),
    "plans[0].endDate",
  ],
  [
    "upload.nhs-number-missing",
    "no NHS number",
    { ...childRecord, subjects: [without(uploadedChild, "nhsNumber")] },
    "subjects[0].nhsNumber",
  ],
  ["upload.nhs-number-missing", "a blank NHS number", withChild({ nhsNumber: " " }), "subjects[0].nhsNumber"],
  ["upload.nhs-number-invalid", "a wrong check digit", withChild({ nhsNumber: "9990000019" }), "subjects[0].nhsNumber"],
  ["upload.nhs-number-invalid", "zeros", withChild({ nhsNumber: "0000000000" }), "subjects[0].nhsNumber"],
  [
    "upload.nhs-number-invalid",
    "a number with blanks, which is sent as it is",
    withChild({ nhsNumber: "999 000 0018" }),
    "subjects[0].nhsNumber",
  ],
  ["upload.person-id-root", "a blank local identifier", withChild({ localId: "" }), "subjects[0].localId"],
  [
    "upload.local-id-authority",
    "another authority's identifier",
    withChild({ localIdAuthority: "888:EXAMPLE CITY COUNCIL" }),
    "subjects[0].localIdAuthority",
  ],
  [
    "upload.birth-date-missing",
    "no date of birth",
    { ...childRecord, subjects: [without(uploadedChild, "birthDate")] },
    "subjects[0].birthDate",
  ],
  ["upload.birth-date-invalid", "half a date of birth", withChild({ birthDate: "2015-03" }), "subjects[0].birthDate"],
  ["upload.birth-date-invalid", "a birth tomorrow", withChild({ birthDate: "2026-03-03" }), "subjects[0].birthDate"],
  [
    "upload.birth-date-invalid",
    "a birth on 30 February",
    withChild({ birthDate: "2016-02-30" }),
    "subjects[0].birthDate",
  ],
  ["upload.birth-date-invalid", "a birth in 1899", withChild({ birthDate: "1899-02-03" }), "subjects[0].birthDate"],
  [
    "upload.name-missing",
    "no forename",
    { ...childRecord, subjects: [without(uploadedChild, "givenName")] },
    "subjects[0].givenName",
  ],
  ["upload.name-missing", "a blank family name", withChild({ familyName: " " }), "subjects[0].familyName"],
  ["upload.several-forenames", "two forenames", withChild({ givenName: "Test Two" }), "subjects[0].givenName"],
  [
    "upload.text-not-sendable",
    "a control character",
    withChild({ familyName: "Chi\u0000ld" }),
    "subjects[0].familyName",
  ],
  [
    "upload.text-not-sendable",
    "a letter lost in decoding",
    withChild({ givenName: "Zo\ufffd" }),
    "subjects[0].givenName",
  ],
  ["upload.text-not-sendable", "half a surrogate pair", withChild({ localId: "L\ud83d" }), "subjects[0].localId"],
  [
    "upload.child-is-adult",
    "an eighteenth birthday today",
    withChild({ birthDate: "2008-03-02" }),
    "subjects[0].birthDate",
  ],
];

const wholeRecords: readonly (readonly [string, UploadRecord])[] = [
  ["a child with a plan", childRecord],
  ["an unborn child's plan, with an end to come", unbornRecord],
  ["a plan that ended when it started", withPlan({ endDate: "2025-11-03T09:00" })],
  ["a plan that starts this minute", withPlan({ startDate: "2026-03-02T06:00" })],
  ["a plan withdrawn this minute", withPlan({ deleteDate: "2026-03-02T06:00" })],
  ["a plan that ended a year ago", withPlan({ startDate: "2024-01-01T00:00", endDate: "2025-03-02T00:00" })],
  ["29 February of a leap year", withPlan({ startDate: "2024-02-29T00:00" })],
  ["a child who will be 18 tomorrow", withChild({ birthDate: "2008-03-03" })],
  ["a child born today", withChild({ birthDate: "2026-03-02" })],
  ["a local identifier without authority", { ...childRecord, subjects: [without(uploadedChild, "localIdAuthority")] }],
  ["the sender's authority in other case", withChild({ localIdAuthority: "999:Example County Council" })],
  [
    "a hyphenated forename and a family name of words",
    withChild({ givenName: "Anna-Zoë", familyName: "O’Neill de la Cruz" }),
  ],
];

function plansFrom(...years: readonly number[]): readonly UploadPlan[] {
  return years.map((year) => ({ ...childPlan, startDate: `${year}-11-03T09:00` }));
}

function childrenOf(count: number): readonly Subject[] {
  return Array.from({ length: count }, () => uploadedChild);
}

describe("the validator of an upload", () => {
  for (const [code, title, record, field] of brokenRecords) {
    it(`says ${code} of a record with ${title}, and no more`, () => {
      assert.deepEqual(faultsOf(record), [field === undefined ? code : `${code} ${field}`]);
    });
  }

  for (const [title, record] of wholeRecords) {
    it(`has nothing to say of ${title}`, () => {
      assert.deepEqual(faultsOf(record), []);
    });
  }

  it("says of a record with both kinds of plan that one plan to a record is safer, and lets it pass", () => {
    const faults = createUploadValidator(uploadContext).check(bothKindsRecord);
    assert.deepEqual(told(faults), ["upload.several-plans plans", "upload.several-subjects subjects"]);
    assert.equal(hasUploadError(faults), false);
  });

  it("says that a mother without a plan of hers does not belong", () => {
    const record = { plans: [childPlan], subjects: [uploadedChild, uploadedMother] };
    assert.deepEqual(faultsOf(record), [
      "upload.several-subjects subjects",
      "upload.plan-subject-mismatch subjects[1].kind",
    ]);
  });

  it("says of a plan of unknown type only that, for it may be anybody's", () => {
    // From a flow, the type is whatever it is.
    const record = JSON.parse(JSON.stringify(childRecord).replace("child-protection-plan", "toString")) as UploadRecord;
    assert.deepEqual(faultsOf(record), ["upload.plan-type-unknown plans[0].planType"]);
  });

  it("never says that a mother is an adult", () => {
    assert.deepEqual(faultsOf({ plans: [unbornPlan], subjects: [{ ...uploadedMother, birthDate: "1980-01-01" }] }), []);
  });

  it("tells all faults of a record at once", () => {
    assert.deepEqual(
      faultsOf({
        plans: [{ planType: "looked-after-child", startDate: "soon", endDate: "later" }],
        subjects: [{ kind: "child" }],
      }),
      [
        "upload.date-format plans[0].startDate",
        "upload.date-format plans[0].endDate",
        "upload.nhs-number-missing subjects[0].nhsNumber",
        "upload.birth-date-missing subjects[0].birthDate",
        "upload.name-missing subjects[0].givenName",
        "upload.name-missing subjects[0].familyName",
      ],
    );
  });
});

const day = (from: string, to: string): fc.Arbitrary<string> =>
  fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true }).map((date) => date.toISOString());

const validName = fc
  .stringMatching(/^[A-Za-zÀ-ÖØ-öø-ÿ][A-Za-zÀ-ÖØ-öø-ÿ'-]{0,11}$/)
  .filter((name) => !/^(?:n[au]|u|t|x)/i.test(name));

const validPlan: fc.Arbitrary<UploadRecord> = fc
  .record({
    planType: fc.constantFrom("child-protection-plan", "looked-after-child", "unborn-child-protection-plan"),
    start: day("2025-01-01", "2025-06-01"),
    end: day("2025-06-02", "2026-03-01"),
    futureEnd: day("2026-03-03", "2030-01-01"),
    birth: day("2009-01-01", "2025-01-01"),
    motherBirth: day("1970-01-01", "2012-01-01"),
    number: nhsNumber,
    names: fc.tuple(validName, validName),
  })
  .map(({ planType, start, end, futureEnd, birth, motherBirth, number, names: [givenName, familyName] }) => {
    const isUnborn = planType === "unborn-child-protection-plan";
    const birthDate = (isUnborn ? motherBirth : birth).slice(0, 10);
    return {
      plans: [{ planType, startDate: start.slice(0, 16), endDate: (isUnborn ? futureEnd : end).slice(0, 16) }],
      subjects: [{ kind: isUnborn ? "mother" : "child", nhsNumber: number, birthDate, givenName, familyName }],
    };
  });

describe("any record", () => {
  it("that is whole has no fault", () => {
    const hasNoFault = fc.property(validPlan, (record) => {
      assert.deepEqual(faultsOf(record), []);
    });
    fc.assert(hasNoFault, { numRuns: 100 });
  });

  it("of any texts is judged without an exception, and with none of its texts", () => {
    const anyText = fc.string({ unit: "binary", maxLength: 12 });
    const anyPlan = fc.record(
      {
        planType: fc.constantFrom("child-protection-plan", "looked-after-child", "unborn-child-protection-plan"),
        startDate: anyText,
        endDate: anyText,
        deleteDate: anyText,
      },
      { requiredKeys: ["planType", "startDate"] },
    );
    const anySubject = fc.record(
      {
        kind: fc.constantFrom("child", "mother"),
        nhsNumber: anyText,
        localId: anyText,
        localIdAuthority: anyText,
        birthDate: anyText,
        givenName: anyText,
        familyName: anyText,
      },
      { requiredKeys: ["kind"] },
    );
    const anyRecord = fc.record({
      plans: fc.array(anyPlan, { maxLength: 5 }),
      subjects: fc.array(anySubject, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(anyRecord, (record) => {
        for (const fault of createUploadValidator(uploadContext).check(record)) {
          assert.equal(fault.message, uploadRules[fault.code].message);
          assert.match(fault.field ?? "plans", /^(plans|subjects)(\[[0-9]\](\.[a-zA-Z]+)?)?$/);
        }
      }),
      { numRuns: 200 },
    );
  });
});
