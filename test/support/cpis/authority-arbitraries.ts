// Generators of uploads, responses to them and notifications.
import fc from "fast-check";
import type { CodedText, UploadPlan } from "../../../lib/cpis/model.js";
import type {
  AccessNotification,
  InactiveNhsNumberNotification,
  NotifiedAccess,
  UploadFile,
  UploadRecord,
  UploadRecordResult,
  UploadResponse,
} from "../../../lib/cpis/upload/upload-model.js";
import { organisation, text, time, uuid } from "../hl7v3/arbitraries.js";
import { localAuthority, nhsNumber, person, planDate, subject, system } from "./arbitraries.js";

const plan: fc.Arbitrary<UploadPlan> = fc.record(
  {
    planType: fc.constantFrom("child-protection-plan", "looked-after-child", "unborn-child-protection-plan"),
    startDate: planDate,
    endDate: planDate,
    deleteDate: planDate,
  },
  { requiredKeys: ["planType", "startDate"] },
);

const record: fc.Arbitrary<UploadRecord> = fc.record({
  plans: fc.array(plan, { minLength: 1, maxLength: 3 }),
  subjects: fc.array(subject, { minLength: 1, maxLength: 2 }),
});

/** Plain data: fast-check gives some objects no prototype. */
function plain<Model>(models: fc.Arbitrary<Model>): fc.Arbitrary<Model> {
  return models.map((model) => structuredClone(model));
}

export const uploadFile: fc.Arbitrary<UploadFile> = plain(
  fc.record({
    fileId: text,
    createdAt: time.map(({ raw }) => raw),
    localAuthority,
    records: fc.array(record, { maxLength: 4 }),
  }),
);

const detail: fc.Arbitrary<CodedText> = fc.record(
  { code: text, codeSystem: text, displayName: text },
  { requiredKeys: ["code"] },
);

type AnyRecordResult = Pick<UploadRecordResult, "accepted" | "subjects" | "plans"> & {
  readonly results: readonly { readonly code: string; readonly details: readonly CodedText[] }[];
};

const refusal = fc.record({
  code: fc.constantFrom("CPR01", "CPR02", "CPR03", "CPR07", "CPR99"),
  details: fc.array(detail, { maxLength: 2 }),
});
const subjects = fc.array(subject, { minLength: 1, maxLength: 2 });

const recordResult: fc.Arbitrary<AnyRecordResult> = fc.oneof(
  subjects.map((persons): AnyRecordResult => ({
    ...{ accepted: true, results: [{ code: "CPR06", details: [] }] },
    ...{ subjects: persons, plans: [] },
  })),
  fc.record({
    accepted: fc.constant(false),
    results: fc.array(refusal, { minLength: 1, maxLength: 2 }),
    subjects,
    plans: fc.array(plan, { maxLength: 3 }),
  }),
);

function fileCode(accepted: number, count: number): string {
  if (accepted === count) return "CPF02";
  return accepted === 0 ? "CPF04" : "CPF03";
}

/** Consistent in itself, and every location numbered. */
export const uploadResponse: fc.Arbitrary<UploadResponse> = plain(
  fc
    .record({
      fileId: text,
      createdAt: time,
      localAuthority,
      displayName: text,
      records: fc.array(recordResult, { maxLength: 5 }),
    })
    .map(({ fileId, createdAt, localAuthority: authority, displayName, records }) => {
      const successful = records.filter(({ accepted }) => accepted).length;
      return {
        fileId,
        createdAt,
        recordsProcessed: records.length,
        fileResults: [{ code: fileCode(successful, records.length), displayName }],
        localAuthority: authority,
        successful,
        failed: records.length - successful,
        records: records.map((one, index) => ({
          ...one,
          index,
          results: one.results.map((result) => ({ ...result, location: `/FileResponse/message[${index + 1}]` })),
        })),
        unlinkedResults: [],
        warnings: [],
      };
    }),
);

const access: fc.Arbitrary<NotifiedAccess> = fc.record(
  {
    accessId: uuid,
    accessedAt: time,
    author: fc.oneof(person, system),
    nhsNumber,
    localId: text,
    uploadFileId: text,
    isThisQuery: fc.constant(false),
  },
  { requiredKeys: ["accessId", "isThisQuery", "nhsNumber"] },
);

const notificationHead = { id: uuid, createdAt: time, recipient: organisation } as const;

export const accessNotification: fc.Arbitrary<AccessNotification> = plain(
  fc
    .record({ ...notificationHead, accesses: fc.array(access, { maxLength: 4 }) })
    .map((model) => ({ ...model, total: model.accesses.length, warnings: [] })),
);

export const inactiveNotification: fc.Arbitrary<InactiveNhsNumberNotification> = plain(
  fc.record({
    ...notificationHead,
    numbers: fc.array(
      fc.record(
        { nhsNumber, localId: text, replacedBy: fc.uniqueArray(nhsNumber, { maxLength: 2 }), uploadFileId: text },
        { requiredKeys: ["nhsNumber", "replacedBy"] },
      ),
      { maxLength: 3 },
    ),
    warnings: fc.constant([]),
  }),
);
