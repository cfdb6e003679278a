// Rows of a local authority's system in any number, and the response of CP-IS to them.
import type { UploadResponse } from "../../lib/cpis/upload/upload-model.js";
import { composeUpload, type Composition } from "../../lib/services/upload/upload-composition.js";
import type { SentRecord } from "../../lib/services/upload/sent-record-index.js";

const localAuthority = {
  code: "999",
  codeType: "organisation",
  name: "EXAMPLE COUNTY COUNCIL",
  officeHoursTelephone: "01632960001",
  emergencyDutyTelephone: "01632960999",
} as const;

export const sampleTime = Date.UTC(2026, 2, 2, 10);

/** Ten digits with a valid check digit; stems whose check digit would be 10 are stepped over. */
function* nhsNumbers(): Generator<string, never> {
  for (let stem = 999_100_000; ; stem += 1) {
    const digits = Array.from(stem.toString(), Number);
    const check = 11 - (digits.reduce((sum, digit, index) => sum + digit * (10 - index), 0) % 11);
    if (check !== 10) yield `${stem}${check === 11 ? 0 : check}`;
  }
}

/** As the CSV node of Node-RED gives them. */
export function* sampleRows(count: number): Generator<Record<string, string>> {
  const numbers = nhsNumbers();
  for (let index = 0; index < count; index += 1) {
    yield {
      nhsNumber: numbers.next().value,
      localId: `LOCAL-${index}`,
      birthDate: `${1 + (index % 28)}/0${1 + (index % 9)}/2015`,
      givenName: `Given${index}`,
      familyName: `Family${index}`,
      planType: index % 3 === 0 ? "Looked After Child" : "Child Protection Plan",
      startDate: `03/11/2025 09:${(index % 60).toString().padStart(2, "0")}`,
    };
  }
}

export async function composeSample(count: number): Promise<Composition> {
  const composition = await composeUpload(
    {
      owner: "bench",
      localAuthority,
      records: sampleRows(count),
      mapping: {},
      faultyRecords: "refuse-file",
      handOut: () => undefined,
    },
    sampleTime,
  );
  if (composition.sent !== count) throw new Error(`${count - composition.sent} sample records were found faulty`);
  return composition;
}

/** The plan of the row in this place. */
function planOf(position: number): UploadResponse["records"][number]["plans"] {
  const planType = position % 3 === 0 ? "looked-after-child" : "child-protection-plan";
  return [{ planType, startDate: `2025-11-03T09:${(position % 60).toString().padStart(2, "0")}` }];
}

function resultOf({ position, nhsNumber, localId }: SentRecord): UploadResponse["records"][number] {
  const accepted = position % 2 === 0;
  const code = accepted ? "CPR06" : "CPR01";
  const location = `/FileResponse/message[${position + 1}]`;
  return {
    index: position,
    accepted,
    results: [{ code, displayName: "as in the vocabulary", details: [], location }],
    subjects: [
      {
        kind: "child",
        ...(nhsNumber === undefined ? {} : { nhsNumber }),
        ...(localId === undefined ? {} : { localId }),
        birthDate: "2015-03-14",
        givenName: "Given",
        familyName: "Family",
      },
    ],
    plans: accepted ? [] : planOf(position),
  };
}

/** Every second record refused. */
export function sampleResponse(sent: readonly SentRecord[]): UploadResponse {
  return {
    fileId: "42",
    createdAt: { raw: "20260302101500+0000", zone: "explicit" },
    recordsProcessed: sent.length,
    fileResults: [{ code: "CPF03", displayName: "Partial File Upload" }],
    localAuthority,
    successful: Math.ceil(sent.length / 2),
    failed: Math.floor(sent.length / 2),
    unlinkedResults: [],
    warnings: [],
    records: sent.map(resultOf),
  };
}
