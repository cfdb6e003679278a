// Uploads of a thousand and of a hundred thousand records: the same rate, and memory that does not grow with the file.
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { median, row, type Row } from "./measure.js";
import { prepareFiles, type UploadMeasure, type UploadWork } from "./upload-process.js";

const run = promisify(execFile);
const small = 1_000;
const large = 100_000;
const rounds = 3;

async function measureOnce(work: UploadWork, folder: string, count: number): Promise<UploadMeasure> {
  const script = path.join(__dirname, "upload-process.ts");
  const { stdout } = await run(process.execPath, ["--import", "tsx", script, work, folder, count.toString()]);
  const { recordsPerSecond, peakMegabytes } = JSON.parse(stdout) as UploadMeasure;
  return { recordsPerSecond, peakMegabytes };
}

/** In turns, so that a change of the machine's pace meets all. */
async function measureTogether(folder: string, pairs: readonly (readonly [UploadWork, number])[]) {
  const measures = pairs.map((): UploadMeasure[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [work, count]] of pairs.entries()) {
      measures[index]?.push(await measureOnce(work, folder, count));
    }
  }
  return measures.map((each) => ({
    rate: median(each.map(({ recordsPerSecond }) => recordsPerSecond)),
    peak: median(each.map(({ peakMegabytes }) => peakMegabytes)),
  }));
}

async function measureWork(folder: string, work: "write" | "read", verb: string): Promise<readonly Row[]> {
  const [many, few, bare] = await measureTogether(folder, [
    [work, large],
    [work, small],
    [`bare-${work}`, large],
  ]);
  if (many === undefined || few === undefined || bare === undefined) return [];
  return [
    row(`${verb} 100,000 records / 1,000 records`, "per second", many.rate, few.rate, "0.9"),
    row(`${verb} 100,000 records / bare, same size`, "per second", many.rate, bare.rate, "none set"),
    row(`peak memory to ${verb} 100,000 / 1,000, aim +60`, "MB", many.peak, few.peak, "see left"),
  ];
}

export async function measureUploads(): Promise<readonly Row[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-bench-"));
  try {
    await prepareFiles(folder, small);
    await prepareFiles(folder, large);
    return [
      ...(await measureWork(folder, "write", "check and write")),
      ...(await measureWork(folder, "read", "read the response of")),
    ];
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
