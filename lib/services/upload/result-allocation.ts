// What a response says of each record that was sent; where it does not say which record it means, none counts as loaded.
import type { UploadRecordResult } from "../../cpis/upload/upload-model.js";
import { describeResult, type ResultDescription, type SentRecord, type SentRecords } from "./sent-record-index.js";

/** Few are different, and those that are equal are one: so a hundred thousand need little. */
export interface RecordVerdict {
  readonly accepted: boolean;
  readonly codes: readonly string[];
  /** The result would fit another record of the same person just as well. */
  readonly isGuess: boolean;
  /** It was accepted, or seemed to be, and the response leaves in doubt whether this record was meant. */
  readonly isUnclear?: boolean;
}

export interface UploadVerdicts {
  /** Each result once, in any order. */
  add(result: UploadRecordResult): void;
  /** All results were added: takes back what is in doubt. Gives the number of records concerned. */
  settle(): number;
  of(record: SentRecord): RecordVerdict | undefined;
  /** The record of a result, by its place in the response; only once all are settled. */
  recordOf(index: number): SentRecord | undefined;
  /** Results that belong to no record of the file. */
  unmatched(): number;
  /** All results, also of no record of the file. */
  told(): { readonly accepted: number; readonly refused: number };
}

interface Waiting {
  readonly index: number;
  readonly accepted: boolean;
  readonly codes: readonly string[];
  readonly description: ResultDescription;
}

function createShared(): (verdict: RecordVerdict) => RecordVerdict {
  const shared = new Map<string, RecordVerdict>();
  return (verdict) => {
    const key = JSON.stringify(verdict);
    const known = shared.get(key) ?? verdict;
    shared.set(key, known);
    return known;
  };
}

export function createUploadVerdicts(sent: SentRecords): UploadVerdicts {
  /** By position in the file. */
  const verdicts: (RecordVerdict | undefined)[] = Array.from({ length: sent.all.length }, () => undefined);
  /** By place in the response. */
  const positions: number[] = [];
  const shared = createShared();
  /** Results without plans of persons with several records: those that name plans choose before them. */
  const waiting: Waiting[] = [];
  /** Persons with a result that may belong to either of two records. */
  const guessed = new Set<string>();
  /** Persons with a refusal that belongs to none of their records. */
  const contradicted = new Set<string>();
  const told = { accepted: 0, refused: 0 };
  let unmatched = 0;

  function open(number: string): readonly SentRecord[] {
    return sent.ofPerson(number).filter(({ position }) => verdicts[position]?.isGuess !== false);
  }

  function doubt(records: readonly SentRecord[]): number {
    let doubted = 0;
    for (const { position } of records) {
      const verdict = verdicts[position];
      if (verdict === undefined || (!verdict.accepted && !verdict.isGuess)) continue;
      verdicts[position] = shared({ ...verdict, accepted: false, isUnclear: true });
      doubted += 1;
    }
    return doubted;
  }

  function allocate({ index, accepted, codes, description }: Waiting): void {
    const found = sent.take(description);
    const { nhsNumbers } = description;
    if (found === undefined) {
      unmatched += 1;
      positions[index] = -1;
      if (!accepted) for (const number of nhsNumbers) contradicted.add(number);
      return;
    }
    const { record, isCertain } = found;
    positions[index] = record.position;
    verdicts[record.position] = shared({ accepted, codes, isGuess: !isCertain });
    if (!isCertain) for (const number of nhsNumbers) guessed.add(number);
  }

  return {
    add(result): void {
      const { index, accepted } = result;
      told[accepted ? "accepted" : "refused"] += 1;
      positions[index] = -1;
      const description = describeResult(result);
      const one = { index, accepted, codes: result.results.map(({ code }) => code), description };
      const mayBeAny =
        description.plans.length === 0 && description.nhsNumbers.some((number) => sent.ofPerson(number).length > 1);
      if (mayBeAny) waiting.push(one);
      else allocate(one);
    },
    settle(): number {
      for (const one of waiting.splice(0)) allocate(one);
      let doubted = 0;
      for (const number of contradicted) doubted += doubt(sent.ofPerson(number));
      for (const number of guessed) {
        if (contradicted.has(number)) continue;
        const records = open(number);
        const verdictsOf = records.map(({ position }) => verdicts[position]?.accepted);
        // All alike: then it does not matter which of them is which.
        if (!verdictsOf.every((accepted) => accepted === verdictsOf[0])) doubted += doubt(records);
      }
      return doubted;
    },
    of: ({ position }) => verdicts[position],
    recordOf: (index) => sent.all[positions[index] ?? -1],
    unmatched: () => unmatched,
    told: () => told,
  };
}
