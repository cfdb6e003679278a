// Counters, histograms and gauges in the text format of Prometheus (exposition format 0.0.4).

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(labels: Labels, value?: number): void;
  /** Makes the series present at nought. */
  declare(labels: Labels): void;
}

export interface Histogram {
  /** In seconds. */
  observe(labels: Labels, seconds: number): void;
  declare(labels: Labels): void;
}

/** What a gauge is when it is asked for. */
export interface GaugeReading {
  readonly labels: Labels;
  readonly value: number;
}

export interface MetricRegistry {
  counter(name: string, help: string): Counter;
  histogram(name: string, help: string): Histogram;
  /** The readings follow the counters. */
  text(gauges: readonly GaugeFamily[]): string;
}

export interface GaugeFamily {
  readonly name: string;
  readonly help: string;
  readonly readings: readonly GaugeReading[];
}

/** From a reply on the same network to the longest time-out in use. */
const bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;
/** Names are those of nodes, codes and interactions: this many are never reached in good order. */
const maximumSeries = 2000;

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}

function seriesKey(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",");
}

function sample(name: string, key: string, value: number): string {
  return `${name}${key === "" ? "" : `{${key}}`} ${value}`;
}

function heading(name: string, help: string, type: string): readonly string[] {
  return [`# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`, `# TYPE ${name} ${type}`];
}

interface Family {
  lines(): readonly string[];
}

/** The state of a series, made when it is first named; undefined when there are too many. */
function seriesOf<State>(all: Map<string, State>, labels: Labels, create: () => State): State | undefined {
  const key = seriesKey(labels);
  const known = all.get(key);
  if (known !== undefined || all.size >= maximumSeries) return known;
  const made = create();
  all.set(key, made);
  return made;
}

function createCounter(name: string, help: string): Counter & Family {
  const all = new Map<string, { value: number }>();
  const at = (labels: Labels) => seriesOf(all, labels, () => ({ value: 0 }));
  return {
    add(labels, value = 1): void {
      const series = at(labels);
      if (series !== undefined) series.value += value;
    },
    declare: (labels) => void at(labels),
    lines: () => [...heading(name, help, "counter"), ...[...all].map(([key, { value }]) => sample(name, key, value))],
  };
}

interface Distribution {
  readonly counts: number[];
  count: number;
  sum: number;
}

function createHistogram(name: string, help: string): Histogram & Family {
  const all = new Map<string, Distribution>();
  const at = (labels: Labels) => seriesOf(all, labels, () => ({ counts: bounds.map(() => 0), count: 0, sum: 0 }));
  const linesOf = ([key, { counts, count, sum }]: readonly [string, Distribution]): readonly string[] => {
    const bucket = (bound: string): string => [key, `le="${bound}"`].filter((part) => part !== "").join(",");
    return [
      ...bounds.map((bound, index) => sample(`${name}_bucket`, bucket(bound.toString()), counts[index] ?? 0)),
      sample(`${name}_bucket`, bucket("+Inf"), count),
      sample(`${name}_sum`, key, sum),
      sample(`${name}_count`, key, count),
    ];
  };
  return {
    observe(labels, seconds): void {
      const series = at(labels);
      if (series === undefined) return;
      bounds.forEach((bound, index) => {
        if (seconds <= bound) series.counts[index] = (series.counts[index] ?? 0) + 1;
      });
      series.count += 1;
      series.sum += seconds;
    },
    declare: (labels) => void at(labels),
    lines: () => [...heading(name, help, "histogram"), ...[...all].flatMap(linesOf)],
  };
}

function gaugeLines({ name, help, readings }: GaugeFamily): readonly string[] {
  return [
    ...heading(name, help, "gauge"),
    ...readings.map(({ labels, value }) => sample(name, seriesKey(labels), value)),
  ];
}

export function createMetricRegistry(): MetricRegistry {
  const families: Family[] = [];
  const kept = <Kind extends Family>(family: Kind): Kind => {
    families.push(family);
    return family;
  };
  return {
    counter: (name, help) => kept(createCounter(name, help)),
    histogram: (name, help) => kept(createHistogram(name, help)),
    text: (gauges) => [...families.flatMap((family) => family.lines()), ...gauges.flatMap(gaugeLines), ""].join("\n"),
  };
}
