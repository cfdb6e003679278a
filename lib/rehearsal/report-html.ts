// A rehearsal's report as one HTML page without anything from outside: to read, to print, to hand in.
import type { RehearsalReport, ScenarioReport, ScenarioResult, StepReport } from "./model.js";
import type { ReportComparison } from "./compare-reports.js";

const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 1rem/1.5 Arial, Helvetica, sans-serif; color: #212b32; background: #fff; margin: 0 auto; max-width: 64rem; padding: 1.5rem; }
h1 { font-size: 1.75rem; } h2 { font-size: 1.375rem; margin-top: 2rem; } h3 { font-size: 1.125rem; margin: 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; font-weight: 700; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; border: 1px solid #aeb7bd; padding: .3rem .5rem; overflow-wrap: anywhere; }
th { background: #f0f4f5; overflow-wrap: normal; } .when { white-space: nowrap; }
.scenario { border: 1px solid #768692; border-left-width: .75rem; padding: .75rem 1rem; margin: 1rem 0; break-inside: avoid; }
.passed { border-left-color: #007f3b; } .failed { border-left-color: #d5281b; } .not-possible { border-left-color: #768692; }
.mark { font-weight: 700; border: 2px solid currentColor; padding: 0 .4rem; white-space: nowrap; }
.mark.passed { color: #00703c; } .mark.failed { color: #b10e1e; } .mark.not-possible { color: #4c6272; }
.soft { color: #4c6272; } code { font-size: .875rem; }
@media print { body { padding: 0; font-size: 10pt; } a { color: inherit; text-decoration: none; } }
`;

const words: Readonly<Record<ScenarioResult, string>> = {
  passed: "PASSED",
  failed: "FAILED",
  "not-possible": "NOT POSSIBLE HERE",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function mark(result: ScenarioResult): string {
  return `<span class="mark ${result}">${words[result]}</span>`;
}

function schemaCell({ schema }: StepReport): string {
  if (schema === undefined) return "not checked";
  if (schema.checked === 0) return "no schema for these messages";
  const findings = schema.findings.map(
    ({ line, element, rule }) => `<br>line ${line}, ${escape(element)}: ${escape(rule)}`,
  );
  return `${schema.valid} of ${schema.checked} valid${findings.join("")}`;
}

function stepRow(step: StepReport, index: number, withSchema: boolean): string {
  const ids = step.ids.map((id) => `<code>${escape(id)}</code>`).join("<br>");
  const cells = [
    String(index + 1),
    escape(step.what),
    escape(step.expected),
    escape(step.seen),
    mark(step.passed ? "passed" : "failed"),
    `<span class="when">${escape(step.at.slice(11, 19))}</span><br><span class="when">${step.milliseconds} ms</span>`,
    ids,
    ...(withSchema ? [schemaCell(step)] : []),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function scenarioSection(scenario: ScenarioReport): string {
  const { id, title, shows, askedFor, result, because, steps } = scenario;
  const withSchema = steps.some(({ schema }) => schema !== undefined);
  const titles = ["Step", "What", "Expected", "Seen", "Result", "When", "Ids", ...(withSchema ? ["Your schema"] : [])];
  const head = titles.map((each) => `<th scope="col">${each}</th>`).join("");
  const rows = steps.map((step, index) => stepRow(step, index, withSchema)).join("\n");
  const table =
    steps.length === 0
      ? ""
      : `<table><caption>What was done and seen</caption><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
  return `<section class="scenario ${result}" id="${escape(id)}" aria-labelledby="title-${escape(id)}">
<h3 id="title-${escape(id)}">${escape(id)} ${escape(title)} ${mark(result)}</h3>
<p>${escape(shows)}<br><span class="soft">Asked for: ${escape(askedFor)}</span></p>
${because === undefined ? "" : `<p><strong>Because:</strong> ${escape(because)}</p>`}
${table}</section>`;
}

function comparisonSection({ earlier, changes }: ReportComparison): string {
  const rows = changes
    .map(({ id, title, before, now }) => {
      const was = before === undefined ? "was not there" : mark(before);
      const is = now === undefined ? "is not there" : mark(now);
      return `<tr><td>${escape(id)}</td><td>${escape(title)}</td><td>${was}</td><td>${is}</td></tr>`;
    })
    .join("\n");
  const what =
    changes.length === 0
      ? "<p>Every scenario has the same result.</p>"
      : `<table><caption>${changes.length} changed</caption><thead><tr><th scope="col">Scenario</th><th scope="col">Title</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead><tbody>${rows}</tbody></table>`;
  return `<h2>Beside the run of ${escape(earlier)}</h2>\n${what}`;
}

/** UTF-8. Holds ids, times, codes and the names of test numbers; no NHS number and nothing else of a person. */
export function encodeHtmlReport(report: RehearsalReport, comparison?: ReportComparison): string {
  const { counts, environment, role, scenarios, startedAt, milliseconds, version } = report;
  const who = role === "hospital" ? "a hospital" : "a local authority";
  const summary = scenarios
    .map(
      ({ id, title, result }) =>
        `<tr><td><a href="#${escape(id)}">${escape(id)}</a></td><td>${escape(title)}</td><td>${mark(result)}</td></tr>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CP-IS rehearsal of ${who}: ${escape(environment)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>CP-IS rehearsal of ${who}</h1>
<p>Environment: <strong>${escape(environment)}</strong>. Begun ${escape(startedAt)}, ${(milliseconds / 1000).toFixed(1)} seconds. Version ${escape(version)} of @cp-is/node-red.</p>
<p>${mark("passed")} ${counts.passed} ${mark("failed")} ${counts.failed} ${mark("not-possible")} ${counts["not-possible"]}</p>
<p class="soft">Test numbers are named, not shown. Nothing here is of a patient.</p>
${comparison === undefined ? "" : comparisonSection(comparison)}
<h2>All scenarios</h2>
<table><caption>${scenarios.length} scenarios</caption><thead><tr><th scope="col">Scenario</th><th scope="col">Title</th><th scope="col">Result</th></tr></thead><tbody>
${summary}
</tbody></table>
<h2>One by one</h2>
${scenarios.map(scenarioSection).join("\n")}
</main>
</body>
</html>
`;
}
