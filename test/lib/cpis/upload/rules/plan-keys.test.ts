// Holds that a plan that is twice in a file is found, among thousands.
import assert from "node:assert/strict";
import { createPlanKeys, type PlanKey } from "../../../../../lib/cpis/upload/rules/plan-keys.js";
import type { UploadRecord } from "../../../../../lib/cpis/upload/upload-model.js";
import { hasUploadError } from "../../../../../lib/cpis/upload/rules/upload-rules.js";
import { createUploadValidator } from "../../../../../lib/cpis/upload/rules/validate-upload.js";
import { checkDigitOf } from "../../../../support/cpis/arbitraries.js";
import { otherChild } from "../../../../support/cpis/samples.js";
import {
  childPlan,
  childRecord,
  told,
  uploadContext,
  withChild,
  withPlan,
} from "../../../../support/cpis/upload-samples.js";

function faultsOf(record: UploadRecord): readonly string[] {
  return told(createUploadValidator(uploadContext).check(record));
}

describe("the second record about the same plan", () => {
  it("is found, whatever else it says", () => {
    const validator = createUploadValidator(uploadContext);
    assert.deepEqual(validator.check(childRecord), []);
    assert.deepEqual(told(validator.check(withPlan({ endDate: "2026-01-03T09:00" }))), [
      "upload.duplicate-record plans[0]",
    ]);
    assert.deepEqual(told(validator.check(childRecord)), ["upload.duplicate-record plans[0]"]);
  });

  it("is found within one record", () => {
    assert.deepEqual(faultsOf({ ...childRecord, plans: [childPlan, childPlan] }), [
      "upload.several-plans plans",
      "upload.duplicate-record plans[1]",
    ]);
  });

  it("is another when the person, the type or the start differs", () => {
    const validator = createUploadValidator(uploadContext);
    const records = [
      childRecord,
      withChild({ nhsNumber: otherChild }),
      withPlan({ planType: "looked-after-child" }),
      withPlan({ startDate: "2025-11-03T09:01" }),
    ];
    for (const record of records) assert.deepEqual(validator.check(record), []);
  });

  it("is not held against the correction of a record that was refused", () => {
    const validator = createUploadValidator(uploadContext);
    assert.equal(hasUploadError(validator.check(withChild({ familyName: "" }))), true);
    assert.deepEqual(validator.check(childRecord), []);
  });

  it("is not looked for in another file", () => {
    assert.deepEqual(faultsOf(childRecord), []);
    assert.deepEqual(faultsOf(childRecord), []);
  });
});

describe("the keys of plans", () => {
  const numbers = Array.from({ length: 4000 }, (_, index) => String(400_000_000 + index * 7))
    .filter((nine) => checkDigitOf(nine) !== 10)
    .map((nine) => nine + String(checkDigitOf(nine)));
  const keys = numbers.flatMap((nhsNumber, index): readonly PlanKey[] => [
    { nhsNumber, planType: "looked-after-child", startDate: "2025-01-01T00:00" },
    { nhsNumber, planType: "child-protection-plan", startDate: `20${10 + (index % 16)}-12-31T23:59` },
  ]);

  it("are all found again among thousands, and no other is", () => {
    const planKeys = createPlanKeys();
    for (const key of keys) {
      assert.equal(planKeys.has(key), false);
      planKeys.add(key);
      planKeys.add(key);
    }
    for (const key of keys) {
      assert.equal(planKeys.has(key), true);
      assert.equal(planKeys.has({ ...key, startDate: "2025-01-01T00:01" }), false);
      assert.equal(planKeys.has({ ...key, planType: "unborn-child-protection-plan" }), false);
    }
  });
});
