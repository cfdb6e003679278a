// Times a piece of work beside its bare baseline, in turns, and prints one table.

export interface Row {
  readonly measure: string;
  readonly unit: string;
  readonly ours: number;
  readonly bare: number;
  /** Ours divided by bare; for rates, higher is better. */
  readonly ratio: number;
  readonly aim: string;
}

const rounds = 7;
const roundMilliseconds = 400;

/** Calls per second over one round. */
function ratePerSecond(work: () => unknown): number {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < roundMilliseconds) {
    for (let burst = 0; burst < 20; burst += 1) work();
    calls += 20;
    elapsed = performance.now() - start;
  }
  return (calls * 1000) / elapsed;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Rounds of ours and of the baseline alternate, so that a change of the machine's pace meets both. */
export function compareRates(measure: string, aim: string, ours: () => unknown, bare: () => unknown): Row {
  const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  ratePerSecond(ours);
  ratePerSecond(bare);
  for (let round = 0; round < rounds; round += 1) {
    rates.ours.push(ratePerSecond(ours));
    rates.bare.push(ratePerSecond(bare));
  }
  return row(measure, "per second", median(rates.ours), median(rates.bare), aim);
}

export function row(measure: string, unit: string, ours: number, bare: number, aim: string): Row {
  return { measure, unit, ours, bare, ratio: ours / bare, aim };
}

export function printTable(rows: readonly Row[], write: (line: string) => void): void {
  const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
  const cells = rows.map((entry) => [
    entry.measure,
    entry.unit,
    number(entry.ours),
    number(entry.bare),
    entry.ratio.toFixed(2),
    entry.aim,
  ]);
  const all = [["measure", "unit", "ours", "bare", "ratio", "aim"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  for (const line of all)
    write(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
}
