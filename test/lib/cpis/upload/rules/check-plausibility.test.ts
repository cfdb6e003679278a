// What is possible and hardly ever meant: it is said, and sent, unless it cannot be true.
import assert from "node:assert/strict";
import type { Subject } from "../../../../../lib/cpis/model.js";
import type { UploadRecord } from "../../../../../lib/cpis/upload/upload-model.js";
import type { UploadPlausibility } from "../../../../../lib/cpis/upload/rules/check-plausibility.js";
import { hasUploadError } from "../../../../../lib/cpis/upload/rules/upload-rules.js";
import { createUploadValidator } from "../../../../../lib/cpis/upload/rules/validate-upload.js";
import {
  bothKindsRecord,
  told,
  unbornPlan,
  unbornRecord,
  uploadContext,
  uploadedChild,
  uploadedMother,
  withChild,
  withPlan,
} from "../../../../support/cpis/upload-samples.js";

function faultsOf(record: UploadRecord, plausibility?: UploadPlausibility) {
  const faults = createUploadValidator({
    ...uploadContext,
    ...(plausibility === undefined ? {} : { plausibility }),
  }).check(record);
  return { told: told(faults).filter((one) => !/several-/.test(one)), isRefused: hasUploadError(faults) };
}

function expectWarning(record: UploadRecord, warning: string, plausibility?: UploadPlausibility): void {
  assert.deepEqual(faultsOf(record, plausibility), { told: [warning], isRefused: false });
}

function expectError(record: UploadRecord, ...errors: readonly string[]): void {
  assert.deepEqual(faultsOf(record), { told: errors, isRefused: true });
}

function withMother(change: Partial<Subject>): UploadRecord {
  return { plans: [unbornPlan], subjects: [{ ...uploadedMother, ...change }] };
}

describe("a plan that ends in the future", () => {
  it("is worth a word when it is a child's, and not when it is an unborn child's", () => {
    for (const planType of ["child-protection-plan", "looked-after-child"] as const) {
      expectWarning(withPlan({ planType, endDate: "2026-03-02T06:01" }), "upload.end-in-future plans[0].endDate");
      assert.deepEqual(faultsOf(withPlan({ planType, endDate: "2026-03-02T06:00" })).told, []);
    }
    assert.deepEqual(faultsOf(unbornRecord).told, []);
  });
});

describe("the plan of an unborn child", () => {
  it("is worth a word when the mother is a child herself: it may be the child's own row", () => {
    expectWarning(withMother({ birthDate: "2016-02-01" }), "upload.mother-too-young subjects[0].birthDate");
    expectWarning(withMother({ birthDate: "2014-02-03" }), "upload.mother-too-young subjects[0].birthDate");
    assert.deepEqual(faultsOf(withMother({ birthDate: "2014-02-02" })).told, []);
  });

  it("is judged by the age that the settings name", () => {
    assert.deepEqual(faultsOf(withMother({ birthDate: "2016-02-01" }), { youngestMother: 10 }).told, []);
    const settings = { youngestMother: 16 };
    expectWarning(withMother({ birthDate: "2011-02-01" }), "upload.mother-too-young subjects[0].birthDate", settings);
  });

  it("is refused beside a child of the same NHS number, or one that is older than its mother", () => {
    const beside = (change: Partial<Subject>): UploadRecord => ({
      ...bothKindsRecord,
      subjects: [uploadedChild, { ...uploadedMother, ...change }],
    });
    const number = uploadedChild.nhsNumber ?? "";
    expectError(beside({ nhsNumber: number }), "upload.mother-is-the-child subjects[1].nhsNumber");
    const birthDate = uploadedChild.birthDate ?? "";
    const younger = "upload.mother-younger-than-child subjects[1].birthDate";
    const young = "upload.mother-too-young subjects[1].birthDate";
    assert.deepEqual(faultsOf(beside({ birthDate })).told, [younger, young]);
    assert.ok(faultsOf(beside({ birthDate })).isRefused);
    assert.deepEqual(faultsOf(beside({})).told, []);
  });
});

describe("the plan of a child", () => {
  it("is worth a word when it starts long before the birth, by as many days as the settings say", () => {
    const warning = "upload.start-before-birth subjects[0].birthDate";
    const record = withChild({ birthDate: "2026-02-20" });
    const starting = (startDate: string): UploadRecord => ({
      ...record,
      plans: [{ planType: "child-protection-plan", startDate }],
    });
    expectWarning(starting("2020-02-20T09:00"), warning);
    expectWarning(starting("2025-05-15T09:00"), warning);
    assert.deepEqual(faultsOf(starting("2025-05-16T09:00")).told, []);
    expectWarning(starting("2025-05-16T09:00"), warning, { daysBeforeBirth: 279 });
  });
});

describe("a name that is none", () => {
  it("is refused when it is a sign or a spreadsheet's word for nothing", () => {
    for (const name of ["N/A", "n/a", "#N/A", "#REF!", "#NAME?", "7", "-", "?", "..", "0"]) {
      for (const field of ["givenName", "familyName"]) {
        expectError(withChild({ [field]: name }), "upload.name-placeholder " + `subjects[0].${field}`);
      }
    }
  });

  it("is worth a word when somebody might be called so", () => {
    for (const name of ["NULL", "Null", "None", "unknown", "TBC", "XXX", "Sm1th"]) {
      expectWarning(withChild({ familyName: name }), "upload.name-doubtful subjects[0].familyName");
    }
    for (const name of ["Na", "O'Brien", "Zo\u00eb", "\u674e", "D\u2019Souza", "St. John", "Nullah"]) {
      assert.deepEqual(faultsOf(withChild({ familyName: name })).told, [], name);
    }
  });

  it("is refused when it has characters that nobody sees", () => {
    for (const mark of ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad"]) {
      expectError(withChild({ familyName: `Exam${mark}ple` }), "upload.text-invisible subjects[0].familyName");
      expectError(withChild({ localId: `L${mark}1` }), "upload.text-invisible subjects[0].localId");
    }
  });
});
