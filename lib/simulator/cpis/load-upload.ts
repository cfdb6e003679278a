// Loads a received upload into the register, and says what the local authority is answered.
import { createHash } from "node:crypto";
import {
  acceptedRecord,
  fileCodeOf,
  fileFaultsOf,
  judgeRecord,
  refusedRecord,
  registerFull,
  type FileCode,
  type ReceivedRecord,
  type ReceivedUpload,
  type RecordVerdict,
} from "./judge-upload.js";
import type { SimulatorEffects } from "../model.js";
import { createRecentMap } from "../recent-map.js";
import type { CpisRegister } from "./register.js";
import { authorityKey } from "./register-uploads.js";
import type { SimulatedPds } from "./simulated-pds.js";
import type { LocalAuthority, PlanType, Subject } from "../../cpis/model.js";
import { readNhsNumber } from "../../cpis/nhs-number.js";
import type { UploadFileHeader, UploadRecordResult, UploadResponse } from "../../cpis/upload/upload-model.js";
import type { UploadFaultCode } from "../../cpis/upload/rules/upload-rules.js";
import { known } from "../../hl7v3/data-types.js";
import { objectIdentifiers } from "../../hl7v3/object-identifiers.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";

export interface UploadLoaderParts {
  readonly effects: SimulatorEffects;
  readonly register: CpisRegister;
  readonly pds: SimulatedPds;
  /** While false, every file is answered that the client's version is no longer supported. */
  isClientSupported(): boolean;
  /** How many file ids are remembered; the oldest are forgotten. */
  readonly maximumIds: number;
}

/** What became of a file. */
export interface LoadedUpload {
  readonly fileCode: FileCode;
  readonly fileId?: string;
  readonly records: number;
  readonly accepted: number;
  readonly refused: number;
  /** Why the file as a whole was refused. */
  readonly faults: readonly UploadFaultCode[];
  readonly response: UploadResponse;
}

export interface UploadLoader {
  /** `sender` is answered when the file does not say whose it is. */
  load(upload: ReceivedUpload, sender: LocalAuthority): LoadedUpload;
  /** Forgets the file ids. */
  reset(): void;
}

const fileTexts: Readonly<Record<FileCode, string>> = {
  CPF01: "File Level Error",
  CPF02: "Successful File Upload",
  CPF03: "Partial File Upload",
  CPF04: "Unsuccessful File Upload",
  CPF05: "PDS Error - PDS Unavailable",
  CPF06: "Spine ii rejected the request because this version of the CPIS Client is no longer supported",
};

const recordTexts: Readonly<Record<RecordVerdict["results"][number]["code"], string>> = {
  CPR01: "PDS Error - No Match Found for NHS Number",
  CPR02: "PDS Error - NHS Number Matched, but Sensitive Record",
  CPR03: "PDS Error - NHS Number not Verified",
  CPR04: "PDS Error - NHS Number Format Incorrect",
  CPR05: "PDS Error - NHS Number Verified, but Superseded",
  CPR06: "Successful Record Upload",
  CPR07: "Unsuccessful Record Upload",
};

function resultOf(received: ReceivedRecord, verdict: RecordVerdict, index: number): UploadRecordResult {
  const { subjects, plans } = received.record;
  return {
    index,
    accepted: verdict.isAccepted,
    results: verdict.results.map(({ code, details }) => ({
      code,
      codeSystem: objectIdentifiers.uploadRecordResponse,
      displayName: recordTexts[code],
      details,
      location: `/FileResponse/message[${index + 1}]`,
    })),
    subjects,
    plans: verdict.isAccepted ? [] : plans,
  };
}

/** Whom a plan of a record hangs on. */
function subjectOf(subjects: readonly Subject[], planType: PlanType): Subject | undefined {
  const kind = planType === "unborn-child-protection-plan" ? "mother" : "child";
  return subjects.find((subject) => subject.kind === kind);
}

/** Of the records alone: a file that is sent again may have another time of making. */
function digestOf(records: readonly ReceivedRecord[]): string {
  const hash = createHash("sha256");
  for (const { record } of records) hash.update(JSON.stringify(record));
  return hash.digest("base64");
}

type ReadUpload = Extract<ReceivedUpload, { kind: "read" }>;

export function createUploadLoader(parts: UploadLoaderParts): UploadLoader {
  const { register, pds, effects } = parts;
  /** By local authority and file id: the records of the file that was processed under it. */
  const processed = createRecentMap<string>(parts.maximumIds);

  const loadRecord = (received: ReceivedRecord, header: UploadFileHeader): RecordVerdict => {
    const verdict = judgeRecord(received, pds);
    if (!verdict.isAccepted) return verdict;
    const { plans, subjects } = received.record;
    const outcomes = plans.map((plan) => {
      const subject = subjectOf(subjects, plan.planType);
      const nhsNumber = readNhsNumber(subject?.nhsNumber ?? "");
      if (subject === undefined || nhsNumber === undefined) return "taken";
      const { localAuthority, fileId: uploadFileId } = header;
      return register.upload({ nhsNumber, plan, subject, localAuthority, uploadFileId });
    });
    return outcomes.includes("full") ? refusedRecord([registerFull]) : acceptedRecord;
  };

  const answer = (
    fileCode: FileCode,
    sender: LocalAuthority,
    more: Partial<Pick<LoadedUpload, "faults" | "fileId">> & { readonly results?: readonly UploadRecordResult[] },
  ): LoadedUpload => {
    const { faults = [], fileId, results = [] } = more;
    const successful = results.filter(({ accepted }) => accepted).length;
    const failed = results.length - successful;
    const response = known<UploadResponse>({
      fileId,
      createdAt: hl7TimeAt(effects.now()),
      recordsProcessed: fileId === undefined ? undefined : results.length,
      fileResults: [{ code: fileCode, displayName: fileTexts[fileCode] }],
      localAuthority: sender,
      successful,
      failed,
      unlinkedResults: [],
      warnings: [],
      records: results,
    });
    const counts = { records: results.length, accepted: successful, refused: failed };
    return known<LoadedUpload>({ fileCode, fileId, ...counts, faults, response });
  };

  const loadRead = (upload: ReadUpload): LoadedUpload => {
    const { header, records } = upload;
    const { localAuthority } = header;
    const named = header.fileId === "" ? {} : { fileId: header.fileId };
    if (!parts.isClientSupported()) return answer("CPF06", localAuthority, named);
    const faults = fileFaultsOf(upload).map(({ code }) => code);
    const fileKey = JSON.stringify([authorityKey(localAuthority), header.fileId]);
    const content = digestOf(records);
    // The same records under the same number are taken again: nothing changes by them, and the sender, who may have
    // missed the first answer, gets it. Other records under a used number could not be told apart by the answer.
    if ((processed.get(fileKey) ?? content) !== content) faults.push("upload.file-id-reused");
    if (faults.length > 0) return answer("CPF01", localAuthority, { faults, ...named });
    if (pds.isOut) return answer("CPF05", localAuthority, named);
    processed.set(fileKey, content);
    const results = records.map((received, index) => resultOf(received, loadRecord(received, header), index));
    const accepted = results.filter((result) => result.accepted).length;
    return answer(fileCodeOf(accepted, results.length - accepted), localAuthority, { ...named, results });
  };

  return {
    load: (upload, sender) => {
      if (upload.kind === "read") return loadRead(upload);
      return answer("CPF01", sender, { faults: upload.faults.map(({ code }) => code) });
    },
    reset: () => processed.clear(),
  };
}
