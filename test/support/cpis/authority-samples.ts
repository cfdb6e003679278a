// Models of what a local authority sends and receives. All people are invented.
import type { Subject } from "../../../lib/cpis/model.js";
import type {
  AccessNotification,
  InactiveNhsNumberNotification,
  NotifiedAccess,
  UploadFile,
  UploadRecord,
  UploadRecordResult,
  UploadResponse,
  UploadResultCode,
} from "../../../lib/cpis/upload/upload-model.js";
import { objectIdentifiers } from "../../../lib/hl7v3/object-identifiers.js";
import { parseHl7Time } from "../../../lib/hl7v3/timestamp.js";
import { clinician, county, eventId, systemWithLead, testChild, testMother } from "./samples.js";

export const childWithLocalId: Subject = {
  ...testChild,
  localId: "LOCAL-1",
  localIdAuthority: "999:EXAMPLE COUNTY COUNCIL",
};

export const secondChild: Subject = {
  kind: "child",
  nhsNumber: "9990000026",
  birthDate: "2016-01-02",
  givenName: "Second",
  familyName: "Child",
};

export const endedPlan: UploadRecord = {
  plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00", endDate: "2026-02-27T12:00" }],
  subjects: [childWithLocalId],
};

export const lookedAfter: UploadRecord = {
  plans: [{ planType: "looked-after-child", startDate: "2026-01-15T09:30" }],
  subjects: [secondChild],
};

export const withdrawnUnborn: UploadRecord = {
  plans: [
    {
      planType: "unborn-child-protection-plan",
      startDate: "2026-02-02T09:00",
      endDate: "2026-08-02T09:00",
      deleteDate: "2026-03-01T08:00",
    },
  ],
  subjects: [testMother],
};

/** A mother in care who is a child herself: every plan, and both persons, in one record. */
export const everything: UploadRecord = {
  plans: [
    { planType: "looked-after-child", startDate: "2026-01-15T09:30", deleteDate: "2026-03-01T08:00" },
    { planType: "child-protection-plan", startDate: "2025-11-03T00:00" },
    { planType: "unborn-child-protection-plan", startDate: "2026-02-02T09:00", endDate: "2026-08-02T09:00" },
  ],
  subjects: [childWithLocalId, { ...testMother, nhsNumber: "9990000018" }],
};

export function fileOf(records: readonly UploadRecord[]): UploadFile {
  return { fileId: "123", createdAt: "20260302060000+0000", localAuthority: county, records };
}

const texts = {
  CPR01: "PDS Error - No Match Found for NHS Number",
  CPR06: "Successful Record Upload",
  // Spelled as the schema enumerates it.
  CPR07: "Unsucessful Record Upload",
};

export function resultCode(code: keyof typeof texts, location: string): UploadResultCode {
  const codeSystem = objectIdentifiers.uploadRecordResponse;
  return { code, codeSystem, displayName: texts[code], details: [], location };
}

export function loadedRecord(index: number, subject: Subject = testChild): UploadRecordResult {
  const results = [resultCode("CPR06", `/FileResponse/message[${index + 1}]`)];
  return { index, accepted: true, results, subjects: [subject], plans: [] };
}

export function refusedRecord(index: number, code: "CPR01" | "CPR07" = "CPR01"): UploadRecordResult {
  const results = [resultCode(code, `/FileResponse/message[${index + 1}]`)];
  return { index, accepted: false, results, subjects: lookedAfter.subjects, plans: lookedAfter.plans };
}

const fileTexts = {
  CPF01: "File Level Error",
  CPF02: "Successful File Upload",
  CPF03: "Partial File Upload",
  CPF04: "Unsuccessful File Upload",
  CPF05: "PDS Error - PDS Unavailable",
};

export function responseOf(code: keyof typeof fileTexts, records: readonly UploadRecordResult[]): UploadResponse {
  const successful = records.filter(({ accepted }) => accepted).length;
  return {
    fileId: "123",
    createdAt: parseHl7Time("20260302073000+0000"),
    recordsProcessed: records.length,
    fileResults: [{ code, displayName: fileTexts[code] }],
    localAuthority: county,
    successful,
    failed: records.length - successful,
    unlinkedResults: [],
    warnings: [],
    records,
  };
}

export const partialResponse = responseOf("CPF03", [loadedRecord(0), refusedRecord(1)]);

/** With neither the file's id nor a number of records: they are written as -1. */
export const fileLevelError: UploadResponse = {
  createdAt: parseHl7Time("20260302073000+0000"),
  fileResults: [{ code: "CPF01", displayName: fileTexts.CPF01 }],
  localAuthority: county,
  successful: 0,
  failed: 0,
  unlinkedResults: [],
  warnings: [],
  records: [],
};

export const personAccess: NotifiedAccess = {
  accessId: eventId,
  accessedAt: parseHl7Time("20260302101500+0000"),
  author: clinician,
  nhsNumber: "9990000018",
  localId: "LOCAL-1",
  uploadFileId: "123",
  isThisQuery: false,
};

export const systemAccess: NotifiedAccess = {
  accessId: "0A000000-0000-4000-8000-000000000003",
  accessedAt: parseHl7Time("20260302114500+0000"),
  author: systemWithLead,
  nhsNumber: "9990000034",
  uploadFileId: "123",
  isThisQuery: false,
};

const recipient = { code: "999", codeType: "organisation", name: "EXAMPLE COUNTY COUNCIL" } as const;
const createdAt = parseHl7Time("20260303060000+0000");

export function accessNotificationOf(accesses: readonly NotifiedAccess[]): AccessNotification {
  const id = "0D000000-0000-4000-8000-000000000001";
  return { id, createdAt, recipient, total: accesses.length, accesses, warnings: [] };
}

export const inactiveNumbers: InactiveNhsNumberNotification = {
  id: "0D000000-0000-4000-8000-000000000002",
  createdAt,
  recipient,
  numbers: [{ nhsNumber: "9990000026", localId: "LOCAL-2", replacedBy: ["9990000069"], uploadFileId: "123" }],
  warnings: [],
};

export const withoutReplacement: InactiveNhsNumberNotification = {
  ...inactiveNumbers,
  numbers: [{ nhsNumber: "9990000018", replacedBy: [], uploadFileId: "122" }, ...inactiveNumbers.numbers],
};
