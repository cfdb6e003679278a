// The records of a file that was sent, to find the one that a result in the response speaks of.
import { createUploadFileReader } from "../cpis/upload-file.js";
import type { Subject } from "../cpis/model.js";
import type { UploadPlan, UploadRecord, UploadRecordResult } from "../cpis/upload-model.js";

/** Little enough to hold a hundred thousand. */
export interface SentRecord {
  /** In the file, from 0. */
  readonly position: number;
  readonly nhsNumber: string | undefined;
  readonly localId: string | undefined;
  /** Of each plan, its type and start date. */
  readonly plans: readonly string[];
}

export interface SentRecords {
  readonly all: readonly SentRecord[];
  /** The record that the result belongs to; each is given once. */
  take(result: UploadRecordResult): SentRecord | undefined;
}

function planKey({ planType, startDate }: UploadPlan): string {
  return `${planType} ${startDate}`;
}

function firstOf(subjects: readonly Subject[], name: "nhsNumber" | "localId"): string | undefined {
  return subjects.map((subject) => subject[name]).find((value) => value !== undefined);
}

function sentRecord(record: UploadRecord, position: number): SentRecord {
  return {
    position,
    nhsNumber: firstOf(record.subjects, "nhsNumber"),
    localId: firstOf(record.subjects, "localId"),
    plans: record.plans.map(planKey),
  };
}

async function readAll(contents: AsyncIterable<Uint8Array>): Promise<readonly SentRecord[]> {
  const reader = createUploadFileReader();
  const all: SentRecord[] = [];
  for await (const piece of contents) {
    for (const record of reader.write(piece)) all.push(sentRecord(record, all.length));
  }
  reader.end();
  return all;
}

/** How well a record fits; undefined when it cannot be meant. A local id or a plan that differs rules it out. */
function fitOf(record: SentRecord, result: UploadRecordResult): number | undefined {
  const localId = firstOf(result.subjects, "localId");
  if (localId !== undefined && record.localId !== undefined && localId !== record.localId) return undefined;
  const plans = result.plans.map(planKey);
  const hasPlan = plans.some((plan) => record.plans.includes(plan));
  if (plans.length > 0 && !hasPlan) return undefined;
  return (localId !== undefined && localId === record.localId ? 1 : 0) + (hasPlan ? 1 : 0);
}

/**
 * By NHS number, then local id and plans; that the response keeps the order of the file is not certain, so it decides
 * only between records that fit equally. Throws what reading the file throws.
 */
export async function readSentRecords(contents: AsyncIterable<Uint8Array>): Promise<SentRecords> {
  const all = await readAll(contents);
  const waiting = new Map<string, SentRecord[]>();
  for (const record of all) {
    const number = record.nhsNumber ?? "";
    const sameNumber = waiting.get(number);
    if (sameNumber === undefined) waiting.set(number, [record]);
    else sameNumber.push(record);
  }
  return {
    all,
    take(result): SentRecord | undefined {
      const candidates = waiting.get(firstOf(result.subjects, "nhsNumber") ?? "") ?? [];
      let best: { readonly record: SentRecord; readonly fit: number } | undefined;
      for (const record of candidates) {
        const fit = fitOf(record, result);
        if (fit !== undefined && (best === undefined || fit > best.fit)) best = { record, fit };
      }
      if (best === undefined) return undefined;
      candidates.splice(candidates.indexOf(best.record), 1);
      return best.record;
    },
  };
}
