// Holds how rows and objects of users become records, and what is said of those that cannot.
import assert from "node:assert/strict";
import fc from "fast-check";
import { hasUploadError, uploadRules } from "../../../../../lib/cpis/upload/rules/upload-rules.js";
import { readUploadRecord, type UploadMapping } from "../../../../../lib/cpis/upload/rows/upload-row.js";
import { createUploadValidator } from "../../../../../lib/cpis/upload/rules/validate-upload.js";
import {
  bothKindsRecord,
  childRecord,
  told,
  unbornRecord,
  uploadContext,
} from "../../../../support/cpis/upload-samples.js";

const row = {
  nhsNumber: "9990000018",
  localId: "LOCAL-1",
  localIdAuthority: "999:EXAMPLE COUNTY COUNCIL",
  birthDate: "14/03/2015",
  givenName: "Test",
  familyName: "Child",
  planType: "Child Protection Plan",
  startDate: "3/11/2025 09:00",
};

function recordOf(value: unknown, mapping: UploadMapping = {}): unknown {
  const read = readUploadRecord(value, mapping);
  assert.deepEqual(read.kind === "faults" ? told(read.faults) : [], []);
  return read.kind === "record" ? read.record : undefined;
}

function faultsOf(value: unknown, mapping: UploadMapping = {}): readonly string[] {
  const read = readUploadRecord(value, mapping);
  return told(read.kind === "record" ? read.warnings : read.faults);
}

describe("a row that cannot be sent", () => {
  it("names its person all the same, as far as the row had one", () => {
    const { nhsNumber, localId } = row;
    const person = (value: unknown) => {
      const read = readUploadRecord(value, {});
      return read.kind === "faults" ? read.person : "a record";
    };
    assert.deepEqual(person({ ...row, startDate: "13/13/2025" }), { nhsNumber, localId });
    assert.deepEqual(person({ ...row, planType: "S.20", nhsNumber: "" }), { localId });
    assert.deepEqual(person({ ...row, nhsNumber: "9.99E+09", startDate: "soon" }), { nhsNumber: "9.99E+09", localId });
    assert.deepEqual(person({ plans: [], subjects: [{ nhsNumber, localId, birthDate: "x" }] }), { nhsNumber, localId });
    assert.equal(person("no row"), undefined);
  });

  it("names the word for a type of plan or person that is not known, and no other value", () => {
    const words = (value: unknown) => {
      const read = readUploadRecord(value, {});
      return (read.kind === "faults" ? read.faults : []).map(({ word }) => word);
    };
    assert.deepEqual(words({ ...row, planType: "S.20" }), ["S.20"]);
    assert.deepEqual(words({ ...row, planType: "Category B (new)" }), ["Category B (new)"]);
    const { planType, startDate, ...subject } = row;
    assert.deepEqual(words({ plans: [{ planType, startDate }], subjects: [{ ...subject, kind: "kid" }] }), ["kid"]);
    for (const other of ["9990000018", "14/03/2015", "a line\nand more", "x".repeat(41)]) {
      assert.deepEqual(words({ ...row, planType: other }), [undefined], other);
    }
    for (const field of ["startDate", "birthDate"]) {
      assert.deepEqual(words({ ...row, [field]: "soon" }), [undefined], field);
    }
  });

  it("is warned of when its local id came as a number: 12E3 is 12000 then", () => {
    assert.deepEqual(faultsOf({ ...row, localId: 12e3 }), ["upload.local-id-number localId"]);
    assert.deepEqual(faultsOf({ ...row, localId: "12E3" }), []);
  });
});

describe("a row with a plan", () => {
  it("of our own names is a record", () => {
    assert.deepEqual(recordOf(row), childRecord);
    assert.deepEqual(faultsOf(row), []);
  });

  it("as the CSV node gives it is the same: other names, blanks, numbers, empty cells", () => {
    const csv = {
      "NHS Number": 9_990_000_018,
      local_id: "LOCAL-1 ",
      "Local ID Authority": "999:EXAMPLE COUNTY COUNCIL",
      DOB: 20_150_314,
      Forename: "  Test",
      Surname: "Child  ",
      "PLAN TYPE": "cpp ",
      "Start-Date": 202_511_030_900,
      "End Date": "",
      "Delete Date": "   ",
      "Social Worker": "somebody",
    };
    assert.deepEqual(recordOf(csv), childRecord);
  });

  it("of the user's own names and words is the same, and blanks and hyphens in the NHS number do not count", () => {
    const own = {
      number: "999 000-0018",
      ref: "LOCAL-1",
      born: "2015-03-14",
      n1: "Test",
      n2: "Child",
      kind: "CP Active",
      from: "3 Nov 2025 9:00 am",
    };
    const mapping: UploadMapping = {
      columns: {
        nhsNumber: "number",
        localId: "Ref",
        birthDate: "born",
        givenName: "n1",
        familyName: "n2",
        planType: "kind",
        startDate: "FROM",
      },
      planTypes: { "cp active": "child-protection-plan" },
    };
    const { localIdAuthority, ...child } = childRecord.subjects[0]!;
    assert.ok(localIdAuthority);
    assert.deepEqual(recordOf(own, mapping), { ...childRecord, subjects: [child] });
  });

  for (const [words, planType, kind] of [
    ["Child Protection Plan", "child-protection-plan", "child"],
    ["child-protection-plan", "child-protection-plan", "child"],
    ["CPP", "child-protection-plan", "child"],
    ["LAC", "looked-after-child", "child"],
    ["looked_after_child", "looked-after-child", "child"],
    ["UCP", "unborn-child-protection-plan", "mother"],
    ["Unborn Child  Protection Plan", "unborn-child-protection-plan", "mother"],
  ] as const) {
    it(`that says "${words}" is about a ${kind}`, () => {
      const record = readUploadRecord({ ...row, planType: words, endDate: "1/1/2026" }, {});
      assert.ok(record.kind === "record");
      assert.equal(record.record.plans[0]?.planType, planType);
      assert.equal(record.record.plans[0].endDate, "2026-01-01T00:00");
      assert.equal(record.record.subjects[0]?.kind, kind);
    });
  }

  it("with several forenames sends the first, and says so", () => {
    const read = readUploadRecord({ ...row, givenName: "Test Second Third" }, {});
    assert.ok(read.kind === "record");
    assert.deepEqual(read.record, childRecord);
    assert.deepEqual(told(read.warnings), ["upload.several-forenames givenName"]);
  });

  for (const [title, change, expected] of [
    ["no plan type", { planType: " " }, ["upload.plan-type-missing planType"]],
    ["an unknown plan type", { planType: "constructor" }, ["upload.plan-type-unknown planType"]],
    ["no start date", { startDate: "" }, ["upload.start-date-missing startDate"]],
    ["a start of two digits", { startDate: "3/11/25" }, ["upload.date-two-digit-year startDate"]],
    ["an end that is not understood", { endDate: "soon" }, ["upload.date-not-understood endDate"]],
    ["a deletion with a zone", { deleteDate: "2025-11-03T09:00Z" }, ["upload.date-time-zone deleteDate"]],
    ["a start on 31 November", { startDate: "31/11/2025" }, ["upload.date-not-real startDate"]],
    ["a birth on 30 February", { birthDate: "30/2/2015" }, ["upload.birth-date-invalid birthDate"]],
    ["a birth in two digits", { birthDate: "14/3/15" }, ["upload.date-two-digit-year birthDate"]],
    ["an object for a name", { familyName: { text: "Child" } }, ["upload.value-not-text familyName"]],
    ["a number that has lost digits", { localId: 1e21 }, ["upload.value-not-text localId"]],
    ["two columns that differ", { start_date: "4/11/2025" }, ["upload.column-ambiguous startDate"]],
  ] as const) {
    it(`with ${title} is no record`, () => {
      const read = readUploadRecord({ ...row, ...change }, {});
      assert.ok(read.kind === "faults");
      assert.deepEqual(
        told(read.faults).filter((fault) => expected.some((one) => one === fault)),
        expected,
      );
      assert.ok(read.faults.length <= expected.length);
    });
  }

  it("may have two columns for a field when they say the same", () => {
    assert.deepEqual(recordOf({ ...row, start_date: " 3/11/2025 09:00" }), childRecord);
  });

  it("tells all its faults at once, also those that the validator would find", () => {
    assert.deepEqual(faultsOf({ nhsNumber: "9990000019", planType: "UCP", startDate: "soon", birthDate: "x" }), [
      "upload.date-not-understood startDate",
      "upload.date-not-understood birthDate",
      "upload.end-date-missing endDate",
      "upload.nhs-number-invalid nhsNumber",
      "upload.name-missing givenName",
      "upload.name-missing familyName",
    ]);
  });

  it("with the word of a type that the settings misspell is no record", () => {
    const mapping = JSON.parse('{ "planTypes": { "CPP": "child-plan" } }') as UploadMapping;
    assert.deepEqual(faultsOf({ ...row, planType: "CPP" }, mapping), ["upload.plan-type-unknown planType"]);
  });

  it("with a NHS number of nine digits is left to the validator, which refuses it: nothing is padded", () => {
    const read = readUploadRecord({ ...row, nhsNumber: 999_000_001 }, {});
    assert.ok(read.kind === "record");
    assert.deepEqual(told(createUploadValidator(uploadContext).check(read.record)), [
      "upload.nhs-number-invalid subjects[0].nhsNumber",
    ]);
  });
});

describe("an object with plans and subjects", () => {
  it("that is a record already stays as it is", () => {
    for (const record of [childRecord, unbornRecord, bothKindsRecord]) assert.deepEqual(recordOf(record), record);
  });

  it("may have dates and types as people write them, and one person whose kind follows from the plan", () => {
    const { kind, ...person } = unbornRecord.subjects[0]!;
    assert.equal(kind, "mother");
    const plan = { "Plan Type": "UCP", start_date: "2/2/2026 09:00", endDate: "2 Aug 2026 09:00" };
    assert.deepEqual(recordOf({ plans: [plan], subjects: [{ ...person, nhsNumber: "999 000 0034" }] }), unbornRecord);
  });

  it("with a misspelled field is warned of, for its value is not sent", () => {
    const plan = { ...childRecord.plans[0], endDtae: "2026-01-01" };
    assert.deepEqual(faultsOf({ ...childRecord, plans: [plan] }), ["upload.field-unknown plans[0]"]);
    assert.deepEqual(faultsOf({ ...childRecord, remark: "x" }), ["upload.field-unknown"]);
  });

  for (const [title, value, expected] of [
    ["plans that are no list", { ...childRecord, plans: childRecord.plans[0] }, "upload.not-a-list plans"],
    ["a plan that is no object", { ...childRecord, plans: ["CPP"] }, "upload.row-not-an-object plans[0]"],
    [
      "an unknown kind of person",
      { ...childRecord, subjects: [{ ...childRecord.subjects[0], kind: "father" }] },
      "upload.subject-kind-unknown subjects[0].kind",
    ],
    [
      "two persons of no kind",
      { plans: childRecord.plans, subjects: [{ nhsNumber: "1" }, {}] },
      "upload.subject-kind-unknown subjects[1].kind",
    ],
  ] as const) {
    it(`with ${title} is no record`, () => {
      const read = readUploadRecord(value, {});
      assert.ok(read.kind === "faults");
      assert.ok(told(read.faults).includes(expected), told(read.faults).join());
    });
  }

  it("with very many plans is read no further than is needed to refuse it", () => {
    const read = readUploadRecord(
      { plans: Array.from({ length: 100_000 }, () => childRecord.plans[0]), subjects: childRecord.subjects },
      {},
    );
    assert.ok(read.kind === "record");
    assert.deepEqual(told(createUploadValidator(uploadContext).check(read.record))[0], "upload.plan-count plans");
  });
});

describe("any value", () => {
  it("that is no object is refused as a row", () => {
    for (const value of [undefined, null, "9990000018", 9_990_000_018, true, [], [row]]) {
      assert.deepEqual(faultsOf(value), ["upload.row-not-an-object"]);
    }
  });

  const field = fc.constantFrom(
    ...Object.keys(row),
    "NHS Number",
    "End Date",
    "plans",
    "subjects",
    "__proto__",
    "kind",
  );
  const anything = fc.dictionary(field, fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(field, fc.jsonValue()))));

  it("gives a record or faults, and a record can be judged", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), anything), (value) => {
        const read = readUploadRecord(value, {});
        if (read.kind === "faults") assert.equal(hasUploadError(read.faults), true);
        else createUploadValidator(uploadContext).check(read.record);
      }),
      { numRuns: 200 },
    );
  });

  it("never finds its way into a fault, but for a word for a type of plan or person", () => {
    const marker = "MARKED-VALUE";
    const fields = [...Object.keys(row), "endDate", "deleteDate", "kind", marker];
    const marked = Object.fromEntries(fields.map((name) => [name, marker]));
    const shapes = [
      marked,
      ...fields.map((name) => ({ ...row, [name]: marker })),
      ...fields.map((name) => ({ ...row, [name]: { [marker]: marker } })),
      { plans: [marked, marked], subjects: [marked, marked], [marker]: marker },
      { plans: [marker], subjects: marker },
    ];
    for (const shape of shapes) {
      const read = readUploadRecord(shape, { planTypes: { [marker]: "child-protection-plan" } });
      const found = read.kind === "faults" ? read.faults : createUploadValidator(uploadContext).check(read.record);
      assert.ok(!JSON.stringify(found.map((fault) => ({ ...fault, word: undefined }))).includes(marker));
      for (const { word, code } of found) {
        if (word !== undefined) assert.match(code, /^upload\.(plan-type|subject-kind)-unknown$/);
      }
      for (const { code, message, advice } of found) {
        assert.deepEqual({ message, advice }, { message: uploadRules[code].message, advice: uploadRules[code].advice });
      }
    }
  });
});
