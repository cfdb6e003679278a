// The whole rehearsal against the simulator: every scenario passes, and one that is broken turns exactly its rows red.
import assert from "node:assert/strict";
import path from "node:path";
import { openSimulatedEnvironment } from "../../../lib/rehearsal/simulated-environment.js";
import { compareReports, parseReport } from "../../../lib/rehearsal/compare-reports.js";
import { parseScenarios, readOwnScenarios } from "../../../lib/rehearsal/read-scenarios.js";
import { encodeHtmlReport } from "../../../lib/rehearsal/report-html.js";
import { runRehearsal } from "../../../lib/rehearsal/run-rehearsal.js";
import type { RehearsalEnvironment } from "../../../lib/rehearsal/environment.js";
import type { RehearsalReport, RehearsalRole, Scenario } from "../../../lib/rehearsal/model.js";
import { readSchemas } from "../../../lib/schema/read-schemas.js";
import { createSchemaWitness, type SchemaWitness } from "../../../lib/schema/schema-witness.js";
import { specialNumbers } from "../../../lib/simulator/index.js";
import { isCpisError } from "../../../lib/errors.js";
import { openBrowser } from "../../support/e2e/browser.js";
import { writeSchemas } from "../../support/schema/sample-schemas.js";

interface Run {
  readonly scenarios?: readonly Scenario[];
  readonly change?: (environment: RehearsalEnvironment) => RehearsalEnvironment;
  readonly witness?: SchemaWitness;
}

async function rehearse(role: RehearsalRole, { scenarios, change, witness }: Run = {}): Promise<RehearsalReport> {
  const environment = await openSimulatedEnvironment(role);
  try {
    return await runRehearsal({
      environment: change?.(environment) ?? environment,
      role,
      scenarios: scenarios ?? (await readOwnScenarios(role)),
      version: "0.0.0",
      now: () => Date.now(),
      ...(witness === undefined ? {} : { witness }),
    });
  } finally {
    await environment.close();
  }
}

function faultsOf({ scenarios }: RehearsalReport): string[] {
  return scenarios
    .filter(({ result }) => result !== "passed")
    .map(({ id, title, because, steps }) => {
      const step = steps.find(({ passed }) => !passed);
      return `${id} ${title}: ${because ?? `${step?.expected ?? ""} / ${step?.seen ?? ""}`}`;
    });
}

describe("the rehearsal against the simulator", function () {
  this.timeout(600_000);
  const reports = new Map<RehearsalRole, RehearsalReport>();

  for (const role of ["hospital", "authority"] as const) {
    it(`passes every scenario of ${role === "hospital" ? "a hospital" : "a local authority"}`, async () => {
      const report = await rehearse(role);
      assert.deepEqual(faultsOf(report), []);
      reports.set(role, report);
    });
  }

  it("has a scenario for each special number", async () => {
    const numbers = new Set((await readOwnScenarios("hospital")).flatMap((scenario) => scenario.numbers ?? []));
    assert.deepEqual(
      specialNumbers.filter(({ behaviour }) => !numbers.has(behaviour)),
      [],
    );
  });

  it("turns exactly the right rows red when CP-IS answers otherwise", async () => {
    const scenarios = (await readOwnScenarios("hospital")).filter(({ id }) => ["H01", "H02", "H05"].includes(id));
    const report = await rehearse("hospital", {
      scenarios,
      change(environment) {
        environment.command?.({
          command: "removeRecord",
          nhsNumber: environment.numbers.get("has-looked-after-child"),
        });
        return environment;
      },
    });
    assert.deepEqual(
      report.scenarios.map(({ id, result }) => `${id} ${result}`),
      ["H01 passed", "H02 failed", "H05 passed"],
    );
    assert.deepEqual(report.counts, { passed: 2, failed: 1, "not-possible": 0 });
    const before = { ...report, scenarios: report.scenarios.map((each) => ({ ...each, result: "passed" as const })) };
    assert.deepEqual(
      compareReports(report, parseReport(JSON.stringify(before))).changes.map(({ id, before: was, now }) => [
        id,
        was,
        now,
      ]),
      [["H02", "passed", "failed"]],
    );
  });

  it("says what an environment cannot give, and why", async () => {
    const scenarios = await readOwnScenarios("hospital");
    const report = await rehearse("hospital", {
      scenarios: scenarios.filter(({ id }) => id === "H01" || (id > "H50" && id < "H54")),
      change: (environment) => ({ ...environment, name: "INT", abilities: new Set(), numbers: new Map() }),
    });
    assert.deepEqual(report.scenarios[0]?.result, "not-possible");
    assert.match(report.scenarios[0].because ?? "", /no test number is configured for: has-child-protection-plan/);
    assert.ok(report.scenarios.some(({ because = "" }) => because.includes("cannot give: commands")));
  });

  it("has the messages checked by an organisation's own schemas", async () => {
    const folder = writeSchemas({
      "query.xsd": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3" xmlns="urn:hl7-org:v3" elementFormDefault="qualified">
<xs:element name="QUPC_IN000006GB01"><xs:complexType><xs:sequence><xs:element name="madeUp"/></xs:sequence></xs:complexType></xs:element></xs:schema>`,
    });
    const workerFile = path.resolve(__dirname, "../../support/schema/schema-worker.cjs");
    const witness = createSchemaWitness({ schemas: await readSchemas(folder), workerFile });
    try {
      const scenarios = (await readOwnScenarios("hospital")).slice(0, 1);
      const report = await rehearse("hospital", { scenarios, witness });
      const [step] = report.scenarios[0]?.steps ?? [];
      assert.equal(step?.schema?.checked, 1);
      assert.equal(step.schema.valid, 0);
      assert.match(step.schema.findings[0]?.rule ?? "", /Expected: madeUp/);
      assert.match(encodeHtmlReport(report), /0 of 1 valid/);
    } finally {
      await witness.close();
    }
  });

  it("writes a report that is accessible, prints, and holds no number of a person", async () => {
    const browser = await openBrowser();
    try {
      for (const report of reports.values()) {
        const html = encodeHtmlReport(report, compareReports(report, report));
        assert.ok(!/(?<![0-9A-F-])[0-9]{10}(?![0-9A-F-])/i.test(html), "a number of a person");
        assert.doesNotMatch(JSON.stringify(report), /"[0-9]{10}"/);
        // Nothing in the report runs, by its own word; the checker is let in.
        const page = await browser.newPage({ bypassCSP: true });
        await page.setContent(html);
        await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
        const { violations } = await page.evaluate<{ violations: { id: string }[] }>("axe.run()");
        assert.deepEqual(
          violations.map(({ id }) => id),
          [],
        );
        assert.ok((await page.pdf()).length > 10_000);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });
});

describe("scenario files", () => {
  const scenario = { id: "X1", role: "hospital", title: "t", shows: "s", askedFor: "a", steps: [] as unknown[] };
  const query = { do: "query", number: "n", expect: { outcome: "found" } };

  it("are read when they are as they should be", () => {
    assert.equal(parseScenarios([{ ...scenario, steps: [query] }], "own.json").length, 1);
  });

  for (const [what, value, place] of [
    ["no list", {}, "own.json must be a list"],
    ["no steps", [scenario], "own.json[0].steps must be a list with a step"],
    ["a step of no kind", [{ ...scenario, steps: [{ do: "dance", expect: {} }] }], "steps[0].do must be one of"],
    ["a step that expects nothing", [{ ...scenario, steps: [{ ...query, expect: undefined }] }], "steps[0].expect"],
    ["another role", [{ ...scenario, role: "school", steps: [query] }], "role must be hospital or authority"],
    ["a need that is not known", [{ ...scenario, needs: ["luck"], steps: [query] }], "needs[0] must be one of"],
    ["one id twice", [1, 2].map(() => ({ ...scenario, steps: [query] })), "two scenarios with the id X1"],
  ] as const) {
    it(`are refused with ${what}, and the place is named`, () => {
      assert.throws(
        () => parseScenarios(value, "own.json"),
        (error) => isCpisError(error) && error.code === "CONFIG_INVALID" && error.message.includes(place),
      );
    });
  }
});
