// What a response says of each record that was sent; where it does not say which record it means, none counts as loaded.
import type { UploadRecordResult } from "../../cpis/upload/upload-model.js";
import { nhsNumbersOf, type SentRecord, type SentRecords } from "./sent-record-index.js";

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
  /** Each result once; those that name plans first, since the others fit more records. */
  add(result: UploadRecordResult): void;
  /** Takes back what is in doubt. Gives the number of records concerned. */
  settle(): number;
  of(record: SentRecord): RecordVerdict | undefined;
  /** The record of a result, by its place in the response. */
  recordOf(index: number): SentRecord | undefined;
  /** Results that belong to no record of the file. */
  unmatched(): number;
  /** All results, also of no record of the file. */
  told(): { readonly accepted: number; readonly refused: number };
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

  return {
    add(result): void {
      told[result.accepted ? "accepted" : "refused"] += 1;
      const found = sent.take(result);
      const numbers = nhsNumbersOf(result);
      if (found === undefined) {
        unmatched += 1;
        if (!result.accepted) for (const number of numbers) contradicted.add(number);
        return;
      }
      const { record, isCertain } = found;
      positions[result.index] = record.position;
      const codes = result.results.map(({ code }) => code);
      verdicts[record.position] = shared({ accepted: result.accepted, codes, isGuess: !isCertain });
      if (!isCertain) for (const number of numbers) guessed.add(number);
    },
    settle(): number {
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
