// The records of a file that was sent, to find the one that a result in the response speaks of.
import { known } from "../../hl7v3/data-types.js";
import { createUploadFileReader } from "../../cpis/upload/upload-file.js";
import type { Subject, UploadPlan } from "../../cpis/model.js";
import type { UploadRecord, UploadRecordResult } from "../../cpis/upload/upload-model.js";

/** Little enough to hold a hundred thousand. */
export interface SentRecord {
  /** In the file, from 0. */
  readonly position: number;
  readonly nhsNumber?: string;
  readonly localId?: string;
  /** Of the second person of a record for a child and its mother. */
  readonly otherNhsNumber?: string;
  /** Of each plan, its type and start date. */
  readonly plans: readonly string[];
}

/** What is kept of the records of a file, so that it need not be read again; plain JSON. */
export interface SentRecordTable {
  readonly nhsNumbers: readonly string[];
  /** "" for a record without one. */
  readonly localIds: readonly string[];
  /** By position in the file; few records have one. */
  readonly otherNhsNumbers: Readonly<Record<number, string>>;
  /** Each set of plans once. */
  readonly planSets: readonly (readonly string[])[];
  /** The place of each record's plans among those. */
  readonly plans: readonly number[];
}

export interface FoundRecord {
  readonly record: SentRecord;
  /** False when the result would fit another record of the same person just as well. */
  readonly isCertain: boolean;
}

export interface SentRecords {
  readonly all: readonly SentRecord[];
  /** The record that the result belongs to; each is given once. */
  take(result: ResultDescription): FoundRecord | undefined;
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

function nhsNumbersOf(subjects: readonly Subject[]): readonly string[] {
  const numbers = subjects.flatMap(({ nhsNumber }) => nhsNumber ?? []);
  return numbers.length > 1 ? [...new Set(numbers)] : numbers;
}

/** Within one person's records an id is no other one for the letters it is written in. */
function comparableLocalId(localId: string | undefined): string {
  return localId?.trim().toUpperCase() ?? "";
}

/** Of a record for two persons it says nothing: the result may be of either. */
function localIdOf({ localId, otherNhsNumber }: SentRecord): string {
  return otherNhsNumber === undefined ? comparableLocalId(localId) : "";
}

/** What a result says of its record. */
export interface ResultDescription {
  readonly nhsNumbers: readonly string[];
  readonly plans: readonly string[];
  /** In comparable form; "" when it says none. */
  readonly localId: string;
  readonly kinds: readonly Subject["kind"][];
}

export function describeResult({ plans, subjects }: Pick<UploadRecordResult, "plans" | "subjects">): ResultDescription {
  return {
    nhsNumbers: nhsNumbersOf(subjects),
    plans: plans.map(planKey),
    localId: comparableLocalId(firstLocalIdOf(subjects)),
    kinds: [...new Set(subjects.map(({ kind }) => kind))].sort(),
  };
}

/** Gathers what is kept of the records of a file, in their order. */
export function createSentRecordTable(): {
  add(record: UploadRecord): void;
  table(): SentRecordTable;
} {
  const nhsNumbers: string[] = [];
  const localIds: string[] = [];
  const otherNhsNumbers: Record<number, string> = {};
  const plans: number[] = [];
  const planSets: (readonly string[])[] = [];
  const places = new Map<string, number>();
  return {
    add(record): void {
      const [nhsNumber = "", other] = nhsNumbersOf(record.subjects);
      if (other !== undefined) otherNhsNumbers[nhsNumbers.length] = other;
      nhsNumbers.push(nhsNumber);
      localIds.push(firstLocalIdOf(record.subjects) ?? "");
      const set = record.plans.map(planKey);
      const key = set.join();
      const place = places.get(key) ?? planSets.push(set) - 1;
      places.set(key, place);
      plans.push(place);
    },
    table: () => ({ nhsNumbers, localIds, otherNhsNumbers, planSets, plans }),
  };
}

function recordsOf({ nhsNumbers, localIds, otherNhsNumbers, planSets, plans }: SentRecordTable): readonly SentRecord[] {
  return nhsNumbers.map((nhsNumber, position) =>
    known<SentRecord>({
      position,
      nhsNumber: nhsNumber === "" ? undefined : nhsNumber,
      localId: localIds[position] === "" ? undefined : localIds[position],
      otherNhsNumber: otherNhsNumbers[position],
      plans: planSets[plans[position] ?? -1] ?? [],
    }),
  );
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

/** A local id that differs rules a record out; one that is missing on either side says nothing. */
function fits(record: SentRecord, { plans, localId, kinds }: ResultDescription): boolean {
  const own = localIdOf(record);
  if (own !== "" && localId !== "" && own !== localId) return false;
  if (plans.length > 0) return plans.some((plan) => record.plans.includes(plan));
  return kinds.length === 0 || kinds.some((kind) => isOfKind(record, kind));
}

/** Most persons have one record, which then needs no list. */
function byNumber(all: readonly SentRecord[]): (number: string) => readonly SentRecord[] {
  const first = new Map<string, SentRecord>();
  const several = new Map<string, SentRecord[]>();
  for (const record of all) {
    for (const number of [record.nhsNumber, record.otherNhsNumber]) {
      if (number === undefined) continue;
      const earlier = first.get(number);
      if (earlier === undefined) first.set(number, record);
      else several.set(number, [...(several.get(number) ?? [earlier]), record]);
    }
  }
  return (number) => {
    const records = several.get(number);
    if (records !== undefined) return records;
    const only = first.get(number);
    return only === undefined ? [] : [only];
  };
}

/**
 * By NHS number, then local id, plans, and whether it is the child or the mother; that the response keeps the order of
 * the file is not certain, so it decides only between records that fit equally, and they are said to be not certain.
 */
export function indexSentRecords(table: SentRecordTable): SentRecords {
  const all = recordsOf(table);
  const ofPerson = byNumber(all);
  const persons = new Map<string, Person>();
  const taken = new Uint8Array(all.length);

  function personOf(number: string, records: readonly SentRecord[]): Person {
    const known = persons.get(number) ?? createPerson(records);
    persons.set(number, known);
    return known;
  }

  function laneOf({ lanes, byLocalId }: Person, records: readonly SentRecord[], asked: ResultDescription): Lane {
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

  function find(asked: ResultDescription): FoundRecord | undefined {
    const number = asked.nhsNumbers.find((one) => ofPerson(one).length > 0);
    if (number === undefined) return undefined;
    const records = ofPerson(number);
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
    ofPerson,
  };
}

/** Of a file that was stored without its table, as earlier versions did. Throws what reading the file throws. */
export async function readSentRecords(contents: AsyncIterable<Uint8Array>): Promise<SentRecords> {
  const reader = createUploadFileReader();
  const table = createSentRecordTable();
  for await (const piece of contents) for (const record of reader.write(piece)) table.add(record);
  reader.end();
  return indexSentRecords(table.table());
}
