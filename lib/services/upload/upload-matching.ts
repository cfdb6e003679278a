// Brings CP-IS's response to a file together with the records that were sent, each result to its own record.
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { known } from "../../hl7v3/data-types.js";
import type { Warning } from "../../cpis/model.js";
import type { UploadRecordResult, UploadResponseSummary, UploadResultCode } from "../../cpis/upload/upload-model.js";
import { createUploadResponseReader, type UploadResponseIdentity } from "../../cpis/upload/upload-response.js";
import { describeFileResult, describeRecordResult } from "../../cpis/upload/upload-result-words.js";
import { uploadCodes } from "../../cpis/vocabularies.js";
import type { SentRecord, SentRecords } from "./sent-record-index.js";
import { fileNumberOf } from "./upload-context.js";
import type { FileResult, RecordOutcome, RecordReason, RefusedRecord, UploadOutcome } from "./upload-model.js";
import { createUploadVerdicts, type UploadVerdicts } from "./result-allocation.js";

/** Pieces of XML that can be read again from the start. */
type Contents = () => AsyncIterable<Uint8Array>;

/** Records between two pauses, so that other work of the process goes on. */
const recordsATurn = 200;
/** So many refusals are kept while the response is read; of more it is read again, which needs no memory. */
const refusalsKept = 2_000;
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
/** Of every record that seems to be loaded, when something in the response as a whole speaks against it. */
const contradictedReason: RecordReason = {
  code: "response-unclear",
  message: "CP-IS seems to have loaded the record, and its response contradicts itself or has parts that are not known",
  advice: "Take it as not loaded. Ask the national service desk what became of the file, then send the record again.",
};
const noReason: RecordReason = {
  code: "no-reason",
  message: "CP-IS did not load the record, and gives no reason",
  advice: "Check the record and send it again. Tell the national service desk if it happens again.",
};
const noCodes: readonly string[] = [];
const notProcessed = new Set(["CPF01", "CPF05", "CPF06"]);

/** What is known here of the file that a response answers. */
export interface AnsweredFile {
  readonly sent: SentRecords;
  /** How many records went out in it, also when they are not kept; undefined when no file is known. */
  readonly sentCount: number | undefined;
  /** How many records of the upload were found faulty, and not sent. */
  readonly notSent: number;
  /** From a place in the file to the one in the input. */
  readonly indexOf: (position: number) => number;
}

/** No file that is known here: then the response is told as it came. */
export function unknownFile(sent: SentRecords): AnsweredFile {
  return { sent, sentCount: undefined, notSent: 0, indexOf: (position) => position };
}

interface Counts {
  readonly accepted: number;
  readonly refused: number;
}

export interface MatchedResponse {
  readonly outcome: UploadOutcome;
  /** Of what the response says of the file and each record: two responses with one digest say the same. */
  readonly digest: string;
  /** Every record that is not on CP-IS. */
  refused(): AsyncGenerator<RefusedRecord>;
  /** The same response, when something outside it speaks against it. */
  contradicted(warning: Warning): MatchedResponse;
  /** The same response, with one more warning. */
  noted(warning: Warning): MatchedResponse;
}

function fileResultOf(
  { code, displayName }: { readonly code: string; readonly displayName?: string },
  outcome: UploadOutcome["outcome"],
  notSent: number,
): FileResult {
  const { meaning, advice, isSuccess } = describeFileResult(code);
  const words = isSuccess && outcome !== "accepted" ? limitedSuccess(outcome, notSent) : { meaning, advice };
  return known<FileResult>({ code, displayName, ...words });
}

/** "All records were loaded" would be read as if every record of the upload were on CP-IS. */
function limitedSuccess(outcome: UploadOutcome["outcome"], notSent: number): Pick<FileResult, "meaning" | "advice"> {
  if (outcome === "unknown-file") {
    return {
      meaning: "CP-IS says that all records of a file were loaded which is not known here.",
      advice: "Find out which system sent the file. Nothing is known of your own records from it.",
    };
  }
  if (outcome === "partly-accepted" && notSent > 0) {
    return {
      meaning: "All records that were sent were loaded.",
      advice: `${notSent} records of the upload were not sent, because they are faulty. Correct them, and send them.`,
    };
  }
  return {
    meaning: "CP-IS says that all records were loaded, and not everything in its response agrees.",
    advice: "Go through the records that are said to be not loaded, and ask the national service desk about the file.",
  };
}

function reasonOf({ code, details }: Pick<UploadResultCode, "code" | "details">): RecordReason {
  const { meaning, advice } = describeRecordResult(code);
  const texts = details.map((detail) => [detail.code, detail.displayName].filter(Boolean).join(" "));
  return { code, message: meaning, advice, ...(texts.length === 0 ? {} : { details: texts }) };
}

function refusalsOf(results: readonly UploadResultCode[]): readonly RecordReason[] {
  return results.filter(({ code }) => !describeRecordResult(code).isSuccess).map(reasonOf);
}

/** Each once: a hundred thousand may be of a few kinds. */
function unlinkedReasonsOf({ unlinkedResults }: UploadResponseSummary): readonly RecordReason[] {
  const refusals = refusalsOf(unlinkedResults);
  return [...new Map(refusals.map((reason) => [JSON.stringify(reason), reason])).values()];
}

/** What the readings of a response give. */
interface Reading {
  readonly file: AnsweredFile;
  readonly summary: UploadResponseSummary;
  readonly verdicts: UploadVerdicts;
  /** How many records are in doubt by what is said of their persons. */
  readonly unclear: number;
  /** Undefined when there are more than are kept. */
  readonly refusals: readonly UploadRecordResult[] | undefined;
}

async function readIdentity(contents: Contents): Promise<UploadResponseIdentity> {
  const reader = createUploadResponseReader();
  for await (const piece of contents()) reader.write(piece);
  reader.end();
  return reader.identity() ?? {};
}

/**
 * One reading: by the schema, what the response says of itself stands before its records. Where it does not it is read
 * twice, since to hold all records until the end takes memory that grows with the file.
 */
async function read(
  contents: Contents,
  find: (identity: UploadResponseIdentity) => Promise<AnsweredFile>,
): Promise<Reading> {
  const reader = createUploadResponseReader();
  let begun: { readonly file: AnsweredFile; readonly verdicts: UploadVerdicts } | undefined;
  let refusals: UploadRecordResult[] | undefined = [];

  async function begin(identity: UploadResponseIdentity) {
    const file = await find(identity);
    begun = { file, verdicts: createUploadVerdicts(file.sent) };
    return begun;
  }

  async function take(results: readonly UploadRecordResult[]): Promise<void> {
    if (results.length === 0) return;
    const { verdicts } = begun ?? (await begin(reader.identity() ?? (await readIdentity(contents))));
    for (const result of results) {
      verdicts.add(result);
      if (result.accepted || refusals === undefined) continue;
      if (refusals.length < refusalsKept) refusals.push(result);
      else refusals = undefined;
    }
  }

  for await (const piece of contents()) await take(reader.write(piece));
  const { records, ...summary } = reader.end();
  await take(records);
  const { file, verdicts } = begun ?? (await begin(reader.identity() ?? {}));
  return { file, summary, verdicts, unclear: verdicts.settle(), refusals };
}

/** CP-IS says that the file was loaded in full, names no record, and counts exactly those that were sent. */
function isLoadedWhole({ summary, verdicts, file }: Reading): boolean {
  const { fileResults, unlinkedResults, recordsProcessed, successful, failed } = summary;
  const isFullSuccess = fileResults.length > 0 && fileResults.every(({ code }) => code === uploadCodes.successfulFile);
  const { accepted, refused } = verdicts.told();
  const isAlone = accepted + refused + unlinkedResults.length === 0;
  const areCounted = recordsProcessed === file.sentCount && successful === file.sentCount && failed === 0;
  return isFullSuccess && isAlone && areCounted;
}

/** Whether something in the response speaks against records that seem to be loaded. */
function isContradicted(reading: Reading, { accepted, refused }: Counts, unanswered: number): boolean {
  const { summary, verdicts, file } = reading;
  const { fileResults, fileId, localAuthority, recordsProcessed, successful, failed } = summary;
  const codes = fileResults.map(({ code }) => code);
  if (summary.isDoubtful === true || codes.length === 0) return true;
  if (successful !== undefined && successful < accepted) return true;
  if (failed !== undefined && failed > refused) return true;
  // A refusal that names no record may be of any that is not refused yet.
  if (unlinkedReasonsOf(summary).length > 0 && unanswered === 0) return true;
  if (refused > 0) return codes.includes(uploadCodes.successfulFile);
  // To say that all are loaded takes every sign that there is.
  return (
    codes.some((code) => code !== uploadCodes.successfulFile) ||
    fileId === undefined ||
    localAuthority?.code === undefined ||
    verdicts.unmatched() > 0 ||
    recordsProcessed !== file.sentCount ||
    successful !== file.sentCount ||
    failed !== 0
  );
}

/** Of a response to a file that is known, when none of its records is proven to be loaded. */
function outcomeWithoutLoaded({ summary, verdicts, file }: Reading): UploadOutcome["outcome"] {
  const codes = summary.fileResults.map(({ code }) => code);
  const areKept = file.sent.all.length > 0;
  const isSuccessSaid = codes.includes(uploadCodes.successfulFile);
  // Which records it means cannot be told any more.
  const isPartSaid = !areKept && (codes.includes(uploadCodes.partialFile) || verdicts.told().accepted > 0);
  if (isSuccessSaid || isPartSaid) return "unclear";
  return codes.length === 0 || codes.some((code) => notProcessed.has(code)) ? "file-refused" : "refused";
}

function warningsOf(
  { summary, verdicts, unclear, file }: Reading,
  { accepted, refused }: Counts,
  isInDoubt: boolean,
): Warning[] {
  const { successful, failed, recordsProcessed } = summary;
  const warnings = [...summary.warnings];
  const warn = (code: string, message: string): void => void warnings.push({ code, message });
  if (verdicts.unmatched() > 0)
    warn("unmatched-results", `${verdicts.unmatched()} results belong to no record of the file`);
  if (unclear > 0) {
    warn("unclear-results", `Of ${unclear} records it is not clear whether they were loaded: they count as not loaded`);
  }
  if (successful !== undefined && successful !== accepted) {
    warn("count-differs", `CP-IS counts ${successful} records as loaded, the results say ${accepted}`);
  }
  if (failed !== undefined && failed > refused) {
    warn("failed-count-differs", `CP-IS counts ${failed} records as failed, the results say ${refused}`);
  }
  if (file.sentCount !== undefined && recordsProcessed !== undefined && recordsProcessed !== file.sentCount) {
    warn("processed-count-differs", `CP-IS has processed ${recordsProcessed} records, and ${file.sentCount} were sent`);
  }
  if (isInDoubt) {
    warn("response-unclear", "Something in the response speaks against its own word: no record counts as loaded");
  }
  return warnings;
}

function digestOf({ summary, verdicts, file }: Reading, kind: string, isLoaded: (record: SentRecord) => boolean) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([kind, summary.fileResults.map(({ code }) => code).sort(), verdicts.told()]));
  hash.update(Uint8Array.from(file.sent.all, (record) => (isLoaded(record) ? 1 : 0)));
  return hash.digest("hex").slice(0, 32);
}

function reasonsOf({ results, accepted }: UploadRecordResult, isUnclear: boolean): readonly RecordReason[] {
  const refusals = refusalsOf(results);
  if (isUnclear) return [unclearReason, ...refusals];
  return refusals.length > 0 || accepted ? refusals : [noReason];
}

function personOf({ subjects }: UploadRecordResult): Pick<RefusedRecord, "localId" | "nhsNumber"> {
  return known({ localId: subjects[0]?.localId, nhsNumber: subjects[0]?.nhsNumber });
}

async function* refusedResults(contents: Contents, { refusals }: Reading): AsyncGenerator<UploadRecordResult> {
  if (refusals !== undefined) {
    yield* refusals;
    return;
  }
  // A second reading, for there are more refusals than memory is to hold.
  const reader = createUploadResponseReader();
  for await (const piece of contents()) for (const result of reader.write(piece)) if (!result.accepted) yield result;
  for (const result of reader.end().records) if (!result.accepted) yield result;
}

/** `against`: what outside the response speaks against it, if anything. */
function judge(contents: Contents, reading: Reading, against?: Warning): MatchedResponse {
  const { file, summary, verdicts } = reading;
  const { sent, indexOf, notSent, sentCount } = file;
  const told = verdicts.told();
  const isWhole = isLoadedWhole(reading);
  const seemsLoaded = (record: SentRecord): boolean => isWhole || verdicts.of(record)?.accepted === true;
  const seeming = sent.all.filter(seemsLoaded).length;
  const unanswered = sent.all.filter((record) => !seemsLoaded(record) && verdicts.of(record) === undefined).length;
  const seemingCounts = { accepted: seeming, refused: sent.all.length - seeming };
  const isInDoubt = against !== undefined || (seeming > 0 && isContradicted(reading, seemingCounts, unanswered));
  const isLoaded = (record: SentRecord): boolean => !isInDoubt && seemsLoaded(record);
  const accepted = isInDoubt ? 0 : seeming;
  const counts =
    sentCount === undefined ? told : { accepted, refused: Math.max(sentCount, sent.all.length) - accepted };

  function kindOf(): UploadOutcome["outcome"] {
    if (sentCount === undefined) return "unknown-file";
    if (isInDoubt) return "unclear";
    if (accepted === 0) return outcomeWithoutLoaded(reading);
    return counts.refused + notSent === 0 ? "accepted" : "partly-accepted";
  }

  const outcome = kindOf();
  const unlinkedReasons = unlinkedReasonsOf(summary);
  const warnings = warningsOf(reading, { accepted: seeming, refused: counts.refused }, isInDoubt);
  const identity = ({ position, localId, nhsNumber }: SentRecord) =>
    known<Omit<RecordOutcome, "accepted" | "codes">>({ index: indexOf(position), localId, nhsNumber });

  async function* refused(): AsyncGenerator<RefusedRecord> {
    // The file as a whole was not processed: that is said once, not of each record.
    if (outcome === "file-refused") return;
    const given = new Uint8Array(sent.all.length);
    for await (const result of refusedResults(contents, reading)) {
      const record = verdicts.recordOf(result.index);
      if (record !== undefined) {
        if (isLoaded(record) || given[record.position] === 1) continue;
        given[record.position] = 1;
      }
      const { plans, subjects } = result;
      const isUnclear = record !== undefined && verdicts.of(record)?.isUnclear === true;
      const sentAs = plans.length > 0 ? { record: { plans, subjects } } : {};
      const whose = record === undefined ? personOf(result) : identity(record);
      yield { stage: "cp-is", ...whose, reasons: reasonsOf(result, isUnclear), ...sentAs };
    }
    for (const record of sent.all) {
      if (record.position % recordsATurn === 0) await nextTurn();
      if (given[record.position] === 1 || isLoaded(record)) continue;
      const verdict = verdicts.of(record);
      const reason = verdict?.isUnclear === true ? unclearReason : isInDoubt ? contradictedReason : unansweredReason;
      yield { stage: "cp-is", ...identity(record), reasons: [reason] };
    }
  }

  const matched: MatchedResponse = {
    outcome: known<UploadOutcome>({
      outcome,
      fileNumber: fileNumberOf(summary.fileId),
      localAuthority: summary.localAuthority?.code,
      respondedAt: summary.createdAt?.iso,
      fileResults: summary.fileResults.map((result) => fileResultOf(result, outcome, notSent)),
      given: (sentCount ?? told.accepted + told.refused) + notSent,
      notSent,
      sent: sentCount ?? told.accepted + told.refused,
      accepted: counts.accepted,
      refused: counts.refused,
      unanswered: isInDoubt ? 0 : unanswered,
      unmatched: verdicts.unmatched(),
      basis: accepted === 0 ? undefined : isWhole ? "whole-file" : "each-record",
      unlinkedReasons: unlinkedReasons.length === 0 ? undefined : unlinkedReasons,
      records: sent.all.map((record) =>
        known<RecordOutcome>({
          index: indexOf(record.position),
          localId: record.localId,
          nhsNumber: record.nhsNumber,
          accepted: isLoaded(record),
          codes: verdicts.of(record)?.codes ?? noCodes,
        }),
      ),
      warnings: against === undefined ? warnings : [against, ...warnings],
    }),
    digest: digestOf(reading, outcome, isLoaded),
    refused,
    contradicted: (warning) => judge(contents, reading, warning),
    noted: (warning) => ({
      ...matched,
      outcome: { ...matched.outcome, warnings: [warning, ...matched.outcome.warnings] },
    }),
  };
  return matched;
}

/**
 * A record counts as loaded only when the response says so of it and of no other that it could have meant, or says that
 * the whole file was loaded and names no record; and only when nothing in the response speaks against that. `find` is
 * called once, with what the response says of itself, and what it throws ends the reading. Throws XML_*,
 * CPIS_MESSAGE_INVALID or STORE_*.
 */
export async function matchResponse(
  contents: Contents,
  find: (identity: UploadResponseIdentity) => Promise<AnsweredFile>,
): Promise<MatchedResponse> {
  return judge(contents, await read(contents, find));
}
