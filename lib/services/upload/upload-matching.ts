// Brings CP-IS's response to a file together with the records that were sent, each result to its own record.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Warning } from "../../cpis/model.js";
import type { UploadRecordResult, UploadResponseSummary, UploadResultCode } from "../../cpis/upload/upload-model.js";
import { createUploadResponseReader } from "../../cpis/upload/upload-response.js";
import { describeFileResult, describeRecordResult } from "../../cpis/upload/upload-result-words.js";
import type { SentRecord, SentRecords } from "./sent-record-index.js";
import { fileNumberOf } from "./upload-context.js";
import type { FileResult, RecordOutcome, RecordReason, RefusedRecord, UploadOutcome } from "./upload-model.js";
import { createUploadVerdicts } from "./result-allocation.js";

/** Pieces of XML that can be read again from the start. */
type Contents = () => AsyncIterable<Uint8Array>;

/** Records between two pauses, so that other work of the process goes on. */
const recordsATurn = 200;
/** Of a record that the response does not mention. */
const unansweredReason: RecordReason = {
  code: "no-result",
  message: "The response of CP-IS says nothing about this record",
  advice: "Take it as not loaded. Send the record again, and tell the national service desk if it happens again.",
};
/** Of a record of a person with several, when the response does not say which of them it loaded. */
const unclearReason: RecordReason = {
  code: "result-unclear",
  message: "The response of CP-IS does not say clearly which records of this person were loaded",
  advice: "Take it as not loaded. Send the record again, and tell the national service desk if it happens again.",
};
const noReason: RecordReason = {
  code: "no-reason",
  message: "CP-IS did not load the record, and gives no reason",
  advice: "Check the record and send it again. Tell the national service desk if it happens again.",
};
const fullySuccessful = "CPF02";
const notProcessed = new Set(["CPF01", "CPF05", "CPF06"]);

interface Counts {
  readonly accepted: number;
  readonly refused: number;
}

export interface MatchedResponse {
  readonly outcome: UploadOutcome;
  /** Every record that is not on CP-IS; read from the response again, so that they need not be held together. */
  refused(): AsyncGenerator<RefusedRecord>;
}

async function readResponse(
  contents: Contents,
  take: (result: UploadRecordResult) => void,
): Promise<UploadResponseSummary> {
  const reader = createUploadResponseReader();
  for await (const piece of contents()) for (const result of reader.write(piece)) take(result);
  const { records, ...summary } = reader.end();
  for (const result of records) take(result);
  return summary;
}

function fileResultOf({ code, displayName }: { code: string; displayName?: string }): FileResult {
  const { meaning, advice } = describeFileResult(code);
  return { code, meaning, advice, ...(displayName === undefined ? {} : { displayName }) };
}

function reasonOf({ code, details }: Pick<UploadResultCode, "code" | "details">): RecordReason {
  const { meaning, advice } = describeRecordResult(code);
  const texts = details.map((detail) => [detail.code, detail.displayName].filter(Boolean).join(" "));
  return { code, message: meaning, advice, ...(texts.length === 0 ? {} : { details: texts }) };
}

function reasonsOf({ results, accepted }: UploadRecordResult, isUnclear: boolean): readonly RecordReason[] {
  const refusals = results.filter(({ code }) => !describeRecordResult(code).isSuccess).map(reasonOf);
  if (isUnclear) return [unclearReason, ...refusals];
  return refusals.length > 0 || accepted ? refusals : [noReason];
}

/** Each once: a hundred thousand may be of a few kinds. */
function unlinkedReasonsOf({ unlinkedResults }: UploadResponseSummary): readonly RecordReason[] {
  const refusals = unlinkedResults.filter(({ code }) => !describeRecordResult(code).isSuccess).map(reasonOf);
  return [...new Map(refusals.map((reason) => [JSON.stringify(reason), reason])).values()];
}

/** Two readings: the results that name plans choose first. */
async function matchAll(contents: Contents, sent: SentRecords) {
  const verdicts = createUploadVerdicts(sent);
  await readResponse(contents, (result) => {
    if (result.plans.length > 0) verdicts.add(result);
  });
  const summary = await readResponse(contents, (result) => {
    if (result.plans.length === 0) verdicts.add(result);
  });
  return { summary, verdicts, unclear: verdicts.settle() };
}

/**
 * CP-IS says that the file was loaded in full, names no record, and counts none that failed or that is missing. A
 * count of no loaded records is taken for one of the records that were returned.
 */
function isLoadedWhole(summary: UploadResponseSummary, told: Counts, sent: number): boolean {
  const { fileResults, unlinkedResults, recordsProcessed = sent, successful = 0, failed = 0 } = summary;
  const isFullSuccess = fileResults.length > 0 && fileResults.every(({ code }) => code === fullySuccessful);
  const isAlone = told.accepted + told.refused + unlinkedResults.length === 0;
  const countsAgree = recordsProcessed === sent && failed === 0 && (successful === 0 || successful === sent);
  return isFullSuccess && isAlone && countsAgree;
}

function outcomeKind({ fileResults }: UploadResponseSummary, { accepted, refused }: Counts): UploadOutcome["outcome"] {
  const codes = fileResults.map(({ code }) => code);
  if (accepted === 0 && (codes.length === 0 || codes.some((code) => notProcessed.has(code)))) return "file-refused";
  if (refused === 0) return "accepted";
  return accepted === 0 ? "refused" : "partly-accepted";
}

/** Of a file whose records are not known: what the response itself counts, or at least one failure without a count. */
function countsOfUnknown(summary: UploadResponseSummary, told: Counts): Counts {
  const { fileResults, failed = 0 } = summary;
  const isSuccess = fileResults.length > 0 && fileResults.every(({ code }) => code === fullySuccessful) && failed === 0;
  return { accepted: told.accepted, refused: isSuccess ? told.refused : Math.max(told.refused, 1) };
}

function warningsOf(
  summary: UploadResponseSummary,
  counted: { readonly accepted: number; readonly unmatched: number; readonly unclear: number },
): Warning[] {
  const { successful } = summary;
  const warnings = [...summary.warnings];
  if (counted.unmatched > 0) {
    const message = `${counted.unmatched} results belong to no record of the file`;
    warnings.push({ code: "unmatched-results", message });
  }
  if (counted.unclear > 0) {
    const message = `Of ${counted.unclear} records it is not clear whether they were loaded: they count as not loaded`;
    warnings.push({ code: "unclear-results", message });
  }
  if (successful !== undefined && successful !== counted.accepted) {
    const message = `CP-IS counts ${successful} records as loaded, the results say ${counted.accepted}`;
    warnings.push({ code: "count-differs", message });
  }
  return warnings;
}

function known<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

function personOf({ subjects }: UploadRecordResult): Pick<RefusedRecord, "localId" | "nhsNumber"> {
  return { ...known("localId", subjects[0]?.localId), ...known("nhsNumber", subjects[0]?.nhsNumber) };
}

/**
 * A record counts as loaded only when the response says so of it and of no other that it could have meant, or says
 * that the whole file was loaded and names no record. `indexOf` turns a place in the file into one in the input. Throws XML_*, CPIS_MESSAGE_INVALID or STORE_*.
 */
export async function matchResponse(
  contents: Contents,
  sent: SentRecords,
  indexOf: (position: number) => number,
): Promise<MatchedResponse> {
  const { summary, verdicts, unclear } = await matchAll(contents, sent);
  const told = verdicts.told();
  const areAllLoaded = isLoadedWhole(summary, told, sent.all.length);
  const isLoaded = (record: SentRecord): boolean => areAllLoaded || verdicts.of(record)?.accepted === true;
  const accepted = sent.all.filter(isLoaded).length;
  const refused = sent.all.length - accepted;
  const counts = sent.all.length === 0 ? countsOfUnknown(summary, told) : { accepted, refused };
  const kind = outcomeKind(summary, counts);
  const unmatched = verdicts.unmatched();
  const fileNumber = fileNumberOf(summary.fileId);
  const unlinkedReasons = unlinkedReasonsOf(summary);
  const isUnanswered = (record: SentRecord): boolean => !isLoaded(record) && verdicts.of(record) === undefined;
  const identity = ({ position, localId, nhsNumber }: SentRecord) => ({
    index: indexOf(position),
    ...known("localId", localId),
    ...known("nhsNumber", nhsNumber),
  });
  const records: RecordOutcome[] = sent.all.map((record) => ({
    ...identity(record),
    accepted: isLoaded(record),
    codes: verdicts.of(record)?.codes ?? [],
  }));

  async function* refusedRecords(): AsyncGenerator<RefusedRecord> {
    // The file as a whole was not processed: that is said once, not of each record.
    if (kind === "file-refused") return;
    const reader = createUploadResponseReader();
    const refusals = function* (results: readonly UploadRecordResult[]): Generator<RefusedRecord> {
      for (const result of results) {
        const record = verdicts.recordOf(result.index);
        if (record === undefined ? result.accepted : isLoaded(record)) continue;
        const { plans, subjects } = result;
        const isUnclear = record !== undefined && verdicts.of(record)?.isUnclear === true;
        const sentAs = plans.length > 0 ? { record: { plans, subjects } } : {};
        const whose = record === undefined ? personOf(result) : identity(record);
        yield { stage: "cp-is", ...whose, reasons: reasonsOf(result, isUnclear), ...sentAs };
      }
    };
    for await (const piece of contents()) yield* refusals(reader.write(piece));
    yield* refusals(reader.end().records);
    for (const record of sent.all) {
      if (record.position % recordsATurn === 0) await nextTurn();
      if (isUnanswered(record)) yield { stage: "cp-is", ...identity(record), reasons: [unansweredReason] };
    }
  }

  return {
    outcome: {
      outcome: kind,
      ...(fileNumber === undefined ? {} : { fileNumber }),
      ...known("localAuthority", summary.localAuthority?.code),
      ...known("respondedAt", summary.createdAt?.iso),
      fileResults: summary.fileResults.map(fileResultOf),
      sent: sent.all.length,
      accepted,
      refused,
      unanswered: sent.all.filter(isUnanswered).length,
      unmatched,
      ...(unlinkedReasons.length === 0 ? {} : { unlinkedReasons }),
      records,
      warnings: warningsOf(summary, { accepted, unmatched, unclear }),
    },
    refused: refusedRecords,
  };
}
