// Uploads without a fault, from which the tests make faulty ones. All people are invented.
import type { Subject, UploadPlan } from "../../../lib/cpis/model.js";
import type { UploadRecord } from "../../../lib/cpis/upload/upload-model.js";
import type { UploadFault } from "../../../lib/cpis/upload/rules/upload-rules.js";
import type { UploadCheckContext, UploadFileFacts } from "../../../lib/cpis/upload/rules/validate-upload.js";
import { county, mother, testChild } from "./samples.js";

export const uploadContext: UploadCheckContext = {
  localAuthority: county,
  today: "2026-03-02",
  now: "2026-03-02T06:00",
};
export const uploadFacts: UploadFileFacts = { fileId: "123", createdAt: "20260302060000+0000", recordCount: 1 };

export const childPlan: UploadPlan = { planType: "child-protection-plan", startDate: "2025-11-03T09:00" };
export const unbornPlan: UploadPlan = {
  planType: "unborn-child-protection-plan",
  startDate: "2026-02-02T09:00",
  endDate: "2026-08-02T09:00",
};
export const uploadedChild: Subject = {
  ...testChild,
  localId: "LOCAL-1",
  localIdAuthority: "999:EXAMPLE COUNTY COUNCIL",
};
export const uploadedMother: Subject = {
  kind: "mother",
  nhsNumber: mother,
  birthDate: "1995-06-07",
  givenName: "Test",
  familyName: "Mother",
};

export const childRecord: UploadRecord = { plans: [childPlan], subjects: [uploadedChild] };
export const unbornRecord: UploadRecord = { plans: [unbornPlan], subjects: [uploadedMother] };
export const bothKindsRecord: UploadRecord = {
  plans: [childPlan, unbornPlan],
  subjects: [uploadedChild, uploadedMother],
};

export function withPlan(change: Partial<UploadPlan>): UploadRecord {
  return { plans: [{ ...childPlan, ...change }], subjects: [uploadedChild] };
}

export function withChild(change: Partial<Subject>): UploadRecord {
  return { plans: [childPlan], subjects: [{ ...uploadedChild, ...change }] };
}

export function without<Model extends object, Key extends keyof Model>(model: Model, key: Key): Omit<Model, Key> {
  const copy = { ...model };
  Reflect.deleteProperty(copy, key);
  return copy;
}

/** As "upload.start-date-missing plans[0].startDate". */
export function told(faults: readonly UploadFault[]): readonly string[] {
  return faults.map(({ code, field }) => (field === undefined ? code : `${code} ${field}`));
}
