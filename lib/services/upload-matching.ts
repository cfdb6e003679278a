// Brings CP-IS's response to a file together with the records that were sent, each result to its own record.
import type { Warning } from "../cpis/model.js";
import type { UploadRecordResult, UploadResponseSummary } from "../cpis/upload-model.js";
import { createUploadResponseReader } from "../cpis/upload-response.js";
import { describeFileResult, describeRecordResult } from "../cpis/upload-result-words.js";
import type { SentRecord, SentRecords } from "./sent-records.js";
import type { FileResult, RecordOutcome, RecordReason, RefusedRecord, UploadOutcome } from "./upload-model.js";

/** Pieces of XML that can be read again from the start. */
type Contents = () => AsyncIterable<Uint8Array>;

/** Of a record that the response does not mention. */
const unansweredReason: RecordReason = {
  code: "no-result",
  message: "The response of CP-IS says nothing about this record",
  advice: "Take it as not loaded. Send the record again, and tell the national service desk if it happens again.",
};
const fullySuccessful = "CPF02";
const notProcessed = new Set(["CPF01", "CPF05", "CPF06"]);

export interface MatchedResponse {
  readonly outcome: UploadOutcome;
  /** Every record that is not on CP-IS; read from the response again, so that they need not be held together. */
  refused(): AsyncGenerator<RefusedRecord>;
}

/** What is kept of each record: the result's place in the response, or none. */
interface Verdict {
  readonly accepted: boolean;
  readonly codes: readonly string[];
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

function reasonsOf({ results }: UploadRecordResult): readonly RecordReason[] {
  const refusals = results.filter(({ code }) => !describeRecordResult(code).isSuccess);
  return (refusals.length > 0 ? refusals : results).map(({ code, details }) => {
    const { meaning, advice } = describeRecordResult(code);
    const texts = details.map((detail) => [detail.code, detail.displayName].filter(Boolean).join(" "));
    return { code, message: meaning, advice, ...(texts.length === 0 ? {} : { details: texts }) };
  });
}

/** Matches results of both kinds: those that name plans choose first, since the others fit more records. */
async function matchAll(contents: Contents, sent: SentRecords) {
  const verdicts = new Map<number, Verdict>();
  const places = new Map<number, SentRecord>();
  let unmatched = 0;
  const match = (result: UploadRecordResult): void => {
    const record = sent.take(result);
    if (record === undefined) {
      unmatched += 1;
      return;
    }
    places.set(result.index, record);
    verdicts.set(record.position, { accepted: result.accepted, codes: result.results.map(({ code }) => code) });
  };
  let hasResults = false;
  await readResponse(contents, (result) => {
    hasResults = true;
    if (result.plans.length > 0) match(result);
  });
  const summary = await readResponse(contents, (result) => {
    if (result.plans.length === 0) match(result);
  });
  return { summary, verdicts, places, unmatched, hasResults };
}

function outcomeKind(summary: UploadResponseSummary, accepted: number, refused: number): UploadOutcome["outcome"] {
  const codes = summary.fileResults.map(({ code }) => code);
  if (accepted === 0 && (codes.length === 0 || codes.some((code) => notProcessed.has(code)))) return "file-refused";
  if (refused === 0) return "accepted";
  return accepted === 0 ? "refused" : "partly-accepted";
}

function warningsOf(summary: UploadResponseSummary, counted: { accepted: number; unmatched: number }): Warning[] {
  const { successful } = summary;
  const warnings = [...summary.warnings];
  if (counted.unmatched > 0) {
    const message = `${counted.unmatched} results belong to no record of the file`;
    warnings.push({ code: "unmatched-results", message });
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
 * A record counts as loaded only when the response says so of it, or says that the whole file was loaded and names no
 * record. `indexOf` turns a place in the file into one in the input. Throws XML_*, CPIS_MESSAGE_INVALID or STORE_*.
 */
export async function matchResponse(
  contents: Contents,
  sent: SentRecords,
  indexOf: (position: number) => number,
): Promise<MatchedResponse> {
  const { summary, verdicts, places, unmatched, hasResults } = await matchAll(contents, sent);
  const isFullSuccess =
    summary.fileResults.length > 0 && summary.fileResults.every(({ code }) => code === fullySuccessful);
  const areAllLoaded = isFullSuccess && !hasResults && summary.unlinkedResults.length === 0;
  const isLoaded = ({ position }: SentRecord): boolean => areAllLoaded || verdicts.get(position)?.accepted === true;
  const accepted = sent.all.filter(isLoaded).length;
  const refused = sent.all.length - accepted;
  const kind = outcomeKind(summary, accepted, refused);
  const isUnanswered = (record: SentRecord): boolean => !isLoaded(record) && !verdicts.has(record.position);
  const identity = ({ position, localId, nhsNumber }: SentRecord) => ({
    index: indexOf(position),
    ...known("localId", localId),
    ...known("nhsNumber", nhsNumber),
  });
  const records: RecordOutcome[] = sent.all.map((record) => ({
    ...identity(record),
    accepted: isLoaded(record),
    codes: verdicts.get(record.position)?.codes ?? [],
  }));

  async function* refusedRecords(): AsyncGenerator<RefusedRecord> {
    // The file as a whole was not processed: that is said once, not of each record.
    if (kind === "file-refused") return;
    const reader = createUploadResponseReader();
    const refusals = function* (results: readonly UploadRecordResult[]): Generator<RefusedRecord> {
      for (const result of results) {
        const record = places.get(result.index);
        if (record === undefined ? result.accepted : isLoaded(record)) continue;
        const { plans, subjects } = result;
        const told = plans.length > 0 ? { record: { plans, subjects } } : {};
        const whose = record === undefined ? personOf(result) : identity(record);
        yield { stage: "cp-is", ...whose, reasons: reasonsOf(result), ...told };
      }
    };
    for await (const piece of contents()) yield* refusals(reader.write(piece));
    yield* refusals(reader.end().records);
    for (const record of sent.all) {
      if (isUnanswered(record)) yield { stage: "cp-is", ...identity(record), reasons: [unansweredReason] };
    }
  }

  return {
    outcome: {
      outcome: kind,
      ...(summary.fileId === undefined ? {} : { fileNumber: Number(summary.fileId) }),
      ...known("localAuthority", summary.localAuthority?.code),
      ...known("respondedAt", summary.createdAt?.iso),
      fileResults: summary.fileResults.map(fileResultOf),
      sent: sent.all.length,
      accepted,
      refused,
      unanswered: sent.all.filter(isUnanswered).length,
      unmatched,
      records,
      warnings: warningsOf(summary, { accepted, unmatched }),
    },
    refused: refusedRecords,
  };
}
