// A local authority's flow: uploads, and remembers what it was told.
import type { CpisError } from "../../../lib/errors.js";
import { createUploadService, type UploadService } from "../../../lib/services/upload/upload.js";
import type {
  RefusedRecord,
  UploadAcceptance,
  UploadFailure,
  UploadOutcome,
  UploadReference,
  UploadRequest,
} from "../../../lib/services/upload/upload-model.js";
import { localAuthority, type AuthorityRun } from "./authority-scene.js";

export interface Flow {
  readonly service: UploadService;
  readonly outcomes: { readonly outcome: UploadOutcome; readonly upload: UploadReference }[];
  readonly refused: RefusedRecord[];
  readonly failures: UploadFailure[];
  readonly stray: CpisError[];
  upload(records: readonly unknown[], change?: Partial<UploadRequest>): Promise<UploadAcceptance>;
  stop(): Promise<void>;
}

export function startFlow(run: AuthorityRun, owner = "flow"): Flow {
  const service = createUploadService(run);
  const outcomes: Flow["outcomes"] = [];
  const refused: RefusedRecord[] = [];
  const failures: UploadFailure[] = [];
  const stray: CpisError[] = [];
  const stop = service.attach({
    owner,
    localAuthority: localAuthority.code,
    listener: {
      refused: (record) => Promise.resolve(void refused.push(record)),
      answered: (outcome, upload) => Promise.resolve(void outcomes.push({ outcome, upload })),
      undelivered: (failure) => Promise.resolve(void failures.push(failure)),
      stray: (error) => void stray.push(error),
      sending: () => undefined,
      overdue: () => undefined,
    },
  });
  return {
    service,
    outcomes,
    refused,
    failures,
    stray,
    upload: (records, change = {}) =>
      service.upload({
        owner,
        localAuthority,
        records,
        mapping: {},
        faultyRecords: "refuse-file",
        handOut: (faulty) => void refused.push(...faulty),
        ...change,
      }),
    stop,
  };
}

/** Ten digits with a valid check digit, one after another, of the range that no patient has. */
export function* nhsNumbers(): Generator<string, never> {
  for (let stem = 999_100_000; ; stem += 1) {
    const digits = Array.from(stem.toString(), Number);
    const check = 11 - (digits.reduce((sum, digit, index) => sum + digit * (10 - index), 0) % 11);
    if (check !== 10) yield `${stem}${check === 11 ? 0 : check}`;
  }
}

/** A row as a CSV node gives it; the numbers are of the range that no patient has. */
export function row(nhsNumber: string, change: Record<string, string> = {}): Record<string, string> {
  return {
    nhsNumber,
    localId: `LOCAL-${nhsNumber}`,
    givenName: "Test",
    familyName: "Child",
    birthDate: "14/03/2016",
    planType: "CPP",
    startDate: "03/11/2025 09:00",
    ...change,
  };
}

export { until } from "../mhs/durable-exchange.js";
