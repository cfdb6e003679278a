// Writes an upload of so many records, or reads its response, in a process of its own: tells the rate and the peak memory.
import fs from "node:fs/promises";
import path from "node:path";
import { encodeUploadResponse } from "../../lib/cpis/upload/upload-response.js";
import { gunzipPieces, GzipWriter } from "../../lib/gzip.js";
import { indexSentRecords } from "../../lib/services/upload/sent-record-index.js";
import { encodeUploadContext, readUploadContext } from "../../lib/services/upload/upload-context.js";
import { matchResponse } from "../../lib/services/upload/upload-matching.js";
import { composeSample, sampleResponse, sampleRows, sampleTime } from "./upload-samples.js";

export interface UploadMeasure {
  readonly recordsPerSecond: number;
  readonly peakMegabytes: number;
}

/** "bare-write" and "bare-read" do no more than what cannot be left out: strings joined, and bytes expanded. */
export type UploadWork = "write" | "bare-write" | "read" | "bare-read";

const bytesPerMegabyte = 1_000_000;
/** So that a small file is measured as long as a large one. */
const recordsMeasured = 20_000;
/** By files of this size, which are always there: the memory is that of the file that is measured. */
const smallest = 1_000;
const warmUpRounds = 10;

async function write(count: number): Promise<void> {
  (await composeSample(count)).finish(42, sampleTime);
}

async function writeBare(count: number): Promise<void> {
  const writer = new GzipWriter();
  for (const row of sampleRows(count)) {
    const fields = Object.entries(row).map(([name, value]) => `<${name} value="${value}"/>`);
    await writer.write(`<record>${fields.join("")}</record>`.repeat(3));
  }
  await writer.end();
}

/** What is kept of the file, and its response, compressed, as a store and a mailbox keep them. */
export async function prepareFiles(folder: string, count: number): Promise<void> {
  const { table } = await composeSample(count);
  const writer = new GzipWriter();
  await writer.write(encodeUploadResponse(sampleResponse(indexSentRecords(table).all)));
  await fs.writeFile(path.join(folder, `sent-${count}`), encodeUploadContext({ leftOut: [], sent: table }));
  await fs.writeFile(path.join(folder, `answer-${count}`), await writer.end());
}

async function read(folder: string, count: number): Promise<void> {
  const answer = await fs.readFile(path.join(folder, `answer-${count}`));
  const context = readUploadContext(await fs.readFile(path.join(folder, `sent-${count}`)));
  if (context.sent === undefined) throw new Error("the table of the file is not there");
  const sent = indexSentRecords(context.sent);
  const matched = await matchResponse(
    () => gunzipPieces(answer),
    () => Promise.resolve({ sent, sentCount: count, notSent: 0, indexOf: (position) => position }),
  );
  let told = 0;
  for await (const record of matched.refused()) told += record.reasons.length;
  if (matched.outcome.accepted + told !== count) throw new Error("the response was not read as it was made");
}

async function readBare(folder: string, count: number): Promise<void> {
  const answer = await fs.readFile(path.join(folder, `answer-${count}`));
  let bytes = 0;
  for await (const piece of gunzipPieces(answer)) bytes += piece.length;
  if (bytes === 0) throw new Error("nothing was read");
}

/** Of this process itself: what getrusage tells of a child begins with the peak of its parent. */
async function peakMegabytes(): Promise<number> {
  const status = await fs.readFile("/proc/self/status", "utf8");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error("the peak of the process's memory is not told here");
  return (Number(kilobytes) * 1024) / bytesPerMegabyte;
}

async function main(): Promise<void> {
  const [, , work, folder = "", countText = ""] = process.argv;
  const count = Number(countText);
  const works: Readonly<Record<UploadWork, (records: number) => Promise<void>>> = {
    write,
    "bare-write": writeBare,
    read: (records) => read(folder, records),
    "bare-read": (records) => readBare(folder, records),
  };
  const once = works[work as UploadWork];
  const rounds = Math.max(1, Math.round(recordsMeasured / count));
  for (let round = 0; round < warmUpRounds; round += 1) await once(smallest);
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round += 1) await once(count);
  const seconds = (performance.now() - startedAt) / 1000;
  const measure: UploadMeasure = {
    recordsPerSecond: (rounds * count) / seconds,
    peakMegabytes: await peakMegabytes(),
  };
  process.stdout.write(JSON.stringify(measure));
}

if (require.main === module) void main();
