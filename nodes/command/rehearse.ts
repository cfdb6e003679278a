// The verb `rehearse`: runs the scenarios of onboarding and writes the report.
import fs from "node:fs/promises";
import path from "node:path";
import { definedOnly } from "../../lib/defined-only.js";
import { compareReports, parseReport } from "../../lib/rehearsal/compare-reports.js";
import type { RehearsalEnvironment } from "../../lib/rehearsal/environment.js";
import type { RehearsalRole } from "../../lib/rehearsal/model.js";
import { readOwnScenarios, readScenarioFile } from "../../lib/rehearsal/read-scenarios.js";
import { versionOfPackage } from "../../lib/rehearsal/package-version.js";
import { encodeHtmlReport } from "../../lib/rehearsal/report-html.js";
import { runRehearsal } from "../../lib/rehearsal/run-rehearsal.js";
import { readSchemas } from "../../lib/schema/read-schemas.js";
import { createSchemaWitness } from "../../lib/schema/schema-witness.js";
import { refuse, requiredOption, textOption, type Verb } from "./verb.js";

function readRole(text: string): RehearsalRole {
  return text === "hospital" || text === "authority" ? text : refuse("--role is hospital or authority.");
}

/** Each is loaded when it is meant: other verbs need no simulator. */
async function openEnvironment(file: string | undefined, role: RehearsalRole): Promise<RehearsalEnvironment> {
  if (file === undefined) {
    const { openSimulatedEnvironment } = await import("../../lib/rehearsal/simulated-environment.js");
    return openSimulatedEnvironment(role);
  }
  const { openPathToLiveEnvironment } = await import("../../lib/rehearsal/path-to-live-environment.js");
  return openPathToLiveEnvironment(file, role);
}

export const rehearse: Verb = {
  name: "rehearse",
  summary: "runs the scenarios of onboarding and writes a report to hand in",
  usage:
    "--role hospital|authority --to <folder> [--environment <file>] [--scenarios <file>] [--schemas <folder or zip>] [--compare <report.json>]",
  help: `Without --environment it runs against a simulator that it starts for the purpose, and nothing need be stopped or
configured. With it, against INT or DEP by the settings of that file: then the system that otherwise has this party key or
mailbox must be stopped. A live environment is refused. Your own --scenarios run after those of the package. With --schemas
every message is checked by your copy of the national schemas. Exit code 1: a scenario failed.`,
  options: {
    role: { type: "string" },
    to: { type: "string" },
    environment: { type: "string" },
    scenarios: { type: "string" },
    schemas: { type: "string" },
    compare: { type: "string" },
  },
  async run(values, surroundings) {
    const role = readRole(requiredOption(values, "role"));
    const folder = requiredOption(values, "to");
    const own = textOption(values, "scenarios");
    const scenarios = [...(await readOwnScenarios(role)), ...(own === undefined ? [] : await readScenarioFile(own))];
    const earlierFile = textOption(values, "compare");
    const earlier = earlierFile === undefined ? undefined : parseReport(await fs.readFile(earlierFile, "utf8"));
    const schemaPlace = textOption(values, "schemas");
    const witness =
      schemaPlace === undefined ? undefined : createSchemaWitness({ schemas: await readSchemas(schemaPlace) });
    const file = textOption(values, "environment");
    const environment = await openEnvironment(file, role);
    try {
      const report = await runRehearsal({
        environment,
        role,
        scenarios,
        version: await versionOfPackage(),
        now: () => Date.now(),
        ...definedOnly({ witness }),
        progress: ({ id, title, result }, done, total) =>
          void surroundings.tell(`${done}/${total} ${id} ${result}: ${title}\n`),
      });
      const comparison = earlier === undefined ? undefined : compareReports(report, earlier);
      await fs.mkdir(folder, { recursive: true });
      const name = path.join(folder, `rehearsal-${role}`);
      await fs.writeFile(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
      await fs.writeFile(`${name}.html`, encodeHtmlReport(report, comparison));
      const { passed, failed } = report.counts;
      const impossible = report.counts["not-possible"];
      return {
        exitCode: failed === 0 ? 0 : 1,
        text: `${passed} passed, ${failed} failed, ${impossible} not possible here.\nThe report: ${name}.html, and ${name}.json for the next --compare.\n`,
        json: { counts: report.counts, html: `${name}.html`, report: `${name}.json` },
      };
    } finally {
      await environment.close();
      await witness?.close();
    }
  },
};
