// What the metrics look like to Prometheus.
import assert from "node:assert/strict";
import fc from "fast-check";
import { createMetricRegistry } from "../../../../nodes/adapter/monitoring/metric-registry.js";

describe("the metric registry", () => {
  it("writes counters, declared ones at nought", () => {
    const registry = createMetricRegistry();
    const counter = registry.counter("queries_total", "Queries");
    counter.declare({ transport: "A", outcome: "found" });
    counter.add({ transport: "A", outcome: "failed" });
    counter.add({ transport: "A", outcome: "failed" }, 2);
    assert.equal(
      registry.text([]),
      [
        "# HELP queries_total Queries",
        "# TYPE queries_total counter",
        'queries_total{transport="A",outcome="found"} 0',
        'queries_total{transport="A",outcome="failed"} 3',
        "",
      ].join("\n"),
    );
  });

  it("writes histograms whose buckets hold all that is not above their bound", () => {
    const registry = createMetricRegistry();
    const histogram = registry.histogram("duration_seconds", "Time");
    for (const seconds of [0.05, 0.06, 3, 500]) histogram.observe({}, seconds);
    const lines = registry.text([]).split("\n");
    assert.ok(lines.includes('duration_seconds_bucket{le="0.05"} 1'));
    assert.ok(lines.includes('duration_seconds_bucket{le="0.1"} 2'));
    assert.ok(lines.includes('duration_seconds_bucket{le="5"} 3'));
    assert.ok(lines.includes('duration_seconds_bucket{le="+Inf"} 4'));
    assert.ok(lines.includes("duration_seconds_count 4"));
  });

  it("writes gauges as they are read, with their heading also when there is none", () => {
    const registry = createMetricRegistry();
    const text = registry.text([
      { name: "depth", help: "Waiting", readings: [{ labels: { transport: "A" }, value: 7 }] },
      { name: "days", help: "Left", readings: [] },
    ]);
    assert.match(text, /# TYPE depth gauge\ndepth\{transport="A"\} 7\n# HELP days Left\n# TYPE days gauge\n$/);
  });

  it("keeps each sample on its line, whatever a label holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const registry = createMetricRegistry();
        registry.counter("c", "C").add({ name: `${value}\n"\\` });
        const lines = registry.text([]).split("\n");
        assert.equal(lines.length, 4);
        assert.match(lines[2] ?? "", /^c\{name="(?:[^"\\\n]|\\["\\n])*"\} 1$/u);
      }),
      { numRuns: 100 },
    );
  });

  it("stops making new series before they fill the memory", () => {
    const registry = createMetricRegistry();
    const counter = registry.counter("c", "C");
    for (let number = 0; number < 3000; number += 1) counter.add({ number: number.toString() });
    assert.equal(registry.text([]).split("\n").length, 2 + 2000 + 1);
    counter.add({ number: "0" });
    assert.ok(registry.text([]).includes('c{number="0"} 2'));
  });
});
