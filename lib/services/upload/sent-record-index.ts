// The records of a file that was sent, to find the one that a result in the response speaks of.
import { createUploadFileReader } from "../../cpis/upload/upload-file.js";
import type { Subject } from "../../cpis/model.js";
import type { UploadPlan, UploadRecord, UploadRecordResult } from "../../cpis/upload/upload-model.js";

/** Little enough to hold a hundred thousand. */
export interface SentRecord {
  /** In the file, from 0. */
  readonly position: number;
  readonly nhsNumber: string | undefined;
  readonly localId: string | undefined;
  /** Of the second person of a record for a child and its mother. */
  readonly otherNhsNumber?: string;
  /** Of each plan, its type and start date. */
  readonly plans: readonly string[];
}

export interface FoundRecord {
  readonly record: SentRecord;
  /** False when the result would fit another record of the same person just as well. */
  readonly isCertain: boolean;
}

export interface SentRecords {
  readonly all: readonly SentRecord[];
  /** The record that the result belongs to; each is given once. */
  take(result: UploadRecordResult): FoundRecord | undefined;
  /** All records under an NHS number. */
  ofPerson(nhsNumber: string): readonly SentRecord[];
}

/** What was sent is not known, or not kept. */
export const noSentRecords: SentRecords = { all: [], take: () => undefined, ofPerson: () => [] };

const planOfMother = "unborn-child-protection-plan";

function planKey({ planType, startDate }: UploadPlan): string {
  return `${planType} ${startDate}`;
}

function firstLocalIdOf(subjects: readonly Subject[]): string | undefined {
  return subjects.find(({ localId }) => localId !== undefined)?.localId;
}

/** Under which the persons of a record or a result are found. */
export function nhsNumbersOf({ subjects }: Pick<UploadRecordResult, "subjects">): readonly string[] {
  const numbers = subjects.flatMap(({ nhsNumber }) => nhsNumber ?? []);
  return [...new Set(numbers)];
}

/** Within one person's records an id is no other one for the letters it is written in. */
function comparableLocalId(localId: string | undefined): string {
  return localId?.trim().toUpperCase() ?? "";
}

/** Of a record for two persons it says nothing: the result may be of either. */
function localIdOf({ localId, otherNhsNumber }: SentRecord): string {
  return otherNhsNumber === undefined ? comparableLocalId(localId) : "";
}

/** One text for all that are equal: many plans have the same type and start. */
function createSharedTexts(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text) ?? text;
    texts.set(known, known);
    return known;
  };
}

function sentRecord(record: UploadRecord, position: number, shared: (text: string) => string): SentRecord {
  const [nhsNumber, otherNhsNumber] = nhsNumbersOf(record);
  return {
    position,
    nhsNumber,
    ...(otherNhsNumber === undefined ? {} : { otherNhsNumber }),
    localId: firstLocalIdOf(record.subjects),
    plans: record.plans.map((plan) => shared(planKey(plan))),
  };
}

async function readAll(contents: AsyncIterable<Uint8Array>): Promise<readonly SentRecord[]> {
  const reader = createUploadFileReader();
  const shared = createSharedTexts();
  const all: SentRecord[] = [];
  for await (const piece of contents) {
    for (const record of reader.write(piece)) all.push(sentRecord(record, all.length, shared));
  }
  reader.end();
  return all;
}

/** Whose plans they are: a mother may be a child with plans herself. */
function isOfKind({ plans }: SentRecord, kind: Subject["kind"]): boolean {
  return plans.some((plan) => plan.startsWith(planOfMother) === (kind === "mother"));
}

/** The records of one person that has several, by what a result may say of them. */
interface Person {
  readonly byPlan: ReadonlyMap<string, readonly SentRecord[]>;
  readonly byLocalId: ReadonlyMap<string, readonly SentRecord[]>;
  /** By what results without plans say. */
  readonly lanes: Map<string, Lane>;
}

/** Records that one and the same result would fit, in the order of the file. */
interface Lane {
  readonly records: readonly SentRecord[];
  next: number;
}

function grouped<Key>(
  records: readonly SentRecord[],
  keysOf: (record: SentRecord) => readonly Key[],
): ReadonlyMap<Key, readonly SentRecord[]> {
  const groups = new Map<Key, SentRecord[]>();
  for (const record of records) {
    for (const key of keysOf(record)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [record]);
      else group.push(record);
    }
  }
  return groups;
}

function createPerson(records: readonly SentRecord[]): Person {
  return {
    byPlan: grouped(records, ({ plans }) => plans),
    byLocalId: grouped(records, (record) => [localIdOf(record)]),
    lanes: new Map(),
  };
}

/** What a result says of its record beside the NHS number. */
interface Description {
  readonly plans: readonly string[];
  readonly localId: string;
  readonly kinds: readonly Subject["kind"][];
}

function descriptionOf({ plans, subjects }: UploadRecordResult): Description {
  return {
    plans: plans.map(planKey),
    localId: comparableLocalId(firstLocalIdOf(subjects)),
    kinds: [...new Set(subjects.map(({ kind }) => kind))].sort(),
  };
}

/** A local id that differs rules a record out; one that is missing on either side says nothing. */
function fits(record: SentRecord, { plans, localId, kinds }: Description): boolean {
  const own = localIdOf(record);
  if (own !== "" && localId !== "" && own !== localId) return false;
  if (plans.length > 0) return plans.some((plan) => record.plans.includes(plan));
  return kinds.length === 0 || kinds.some((kind) => isOfKind(record, kind));
}

/**
 * By NHS number, then local id, plans, and whether it is the child or the mother; that the response keeps the order of
 * the file is not certain, so it decides only between records that fit equally, and they are said to be not certain.
 * Throws what reading the file throws.
 */
export async function readSentRecords(contents: AsyncIterable<Uint8Array>): Promise<SentRecords> {
  const all = await readAll(contents);
  const byNumber = grouped(all, ({ nhsNumber, otherNhsNumber }) =>
    [nhsNumber, otherNhsNumber].filter((number) => number !== undefined),
  );
  const persons = new Map<string, Person>();
  const taken = new Uint8Array(all.length);

  function personOf(number: string, records: readonly SentRecord[]): Person {
    const known = persons.get(number) ?? createPerson(records);
    persons.set(number, known);
    return known;
  }

  function laneOf({ lanes, byLocalId }: Person, records: readonly SentRecord[], asked: Description): Lane {
    const { localId, kinds } = asked;
    const key = JSON.stringify([kinds, localId]);
    const ofId = localId === "" ? records : [...(byLocalId.get(localId) ?? []), ...(byLocalId.get("") ?? [])];
    const lane = lanes.get(key) ?? { records: ofId.filter((record) => fits(record, asked)), next: 0 };
    lanes.set(key, lane);
    return lane;
  }

  /** The first that is not taken. */
  function nextOf(lane: Lane): FoundRecord | undefined {
    while (taken[lane.records[lane.next]?.position ?? all.length] === 1) lane.next += 1;
    const record = lane.records[lane.next];
    return record === undefined ? undefined : { record, isCertain: lane.records.length === 1 };
  }

  function find(result: UploadRecordResult): FoundRecord | undefined {
    const number = nhsNumbersOf(result).find((one) => byNumber.has(one));
    const records = number === undefined ? undefined : byNumber.get(number);
    if (number === undefined || records === undefined) return undefined;
    const asked = descriptionOf(result);
    if (records.length > 1 && asked.plans.length === 0)
      return nextOf(laneOf(personOf(number, records), records, asked));
    const named = (): readonly SentRecord[] =>
      asked.plans.flatMap((plan) => personOf(number, records).byPlan.get(plan) ?? []);
    const fitting = new Set((records.length > 1 ? named() : records).filter((record) => fits(record, asked)));
    const record = [...fitting].find(({ position }) => taken[position] === 0);
    return record === undefined ? undefined : { record, isCertain: fitting.size === 1 };
  }

  return {
    all,
    take(result): FoundRecord | undefined {
      const found = find(result);
      if (found !== undefined) taken[found.record.position] = 1;
      return found;
    },
    ofPerson: (nhsNumber) => byNumber.get(nhsNumber) ?? [],
  };
}
