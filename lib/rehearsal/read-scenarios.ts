// Reads scenario files: plain JSON that a team may add to, checked before anything runs.
import fs from "node:fs/promises";
import path from "node:path";
import { CpisError } from "../errors.js";
import type { RehearsalRole, Scenario, Step } from "./model.js";

const stepKinds: ReadonlySet<string> = new Set<Step["do"]>([
  "query",
  "command",
  "forge-answer",
  "audit",
  "upload",
  "notification",
]);
const abilities: ReadonlySet<string> = new Set(["commands", "foreign-certificate", "restart", "mesh", "conversation"]);

function invalid(place: string, what: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail: `${place} ${what}` });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireText(value: unknown, place: string): string {
  if (typeof value !== "string" || value.trim() === "") throw invalid(place, "must be a text");
  return value;
}

function readStep(value: unknown, place: string): Step {
  if (!isObject(value)) throw invalid(place, "must be an object");
  const kind = requireText(value["do"], `${place}.do`);
  if (!stepKinds.has(kind)) throw invalid(`${place}.do`, `must be one of ${[...stepKinds].join(", ")}`);
  if (kind === "command" && !isObject(value["command"])) throw invalid(`${place}.command`, "must be an object");
  if (kind !== "command" && !isObject(value["expect"])) throw invalid(`${place}.expect`, "must be an object");
  if (kind === "query") requireText(value["number"], `${place}.number`);
  if (kind === "upload") {
    if (!Array.isArray(value["records"]) || value["records"].length === 0) {
      throw invalid(`${place}.records`, "must be a list with a record at least");
    }
    for (const [index, record] of value["records"].entries()) {
      if (!isObject(record)) throw invalid(`${place}.records[${index}]`, "must be an object");
      for (const field of ["number", "plan", "start"])
        requireText(record[field], `${place}.records[${index}].${field}`);
    }
  }
  // The kind and what each kind cannot do without were looked at; what is expected is compared as it stands.
  return value as unknown as Step;
}

function readTexts(value: unknown, place: string, known?: ReadonlySet<string>): readonly string[] {
  if (!Array.isArray(value)) throw invalid(place, "must be a list of texts");
  return value.map((each, index) => {
    const text = requireText(each, `${place}[${index}]`);
    if (known?.has(text) === false) throw invalid(`${place}[${index}]`, `must be one of ${[...known].join(", ")}`);
    return text;
  });
}

function readScenario(value: unknown, place: string): Scenario {
  if (!isObject(value)) throw invalid(place, "must be an object");
  const role = value["role"];
  if (role !== "hospital" && role !== "authority") throw invalid(`${place}.role`, "must be hospital or authority");
  const steps = value["steps"];
  if (!Array.isArray(steps) || steps.length === 0)
    throw invalid(`${place}.steps`, "must be a list with a step at least");
  return {
    id: requireText(value["id"], `${place}.id`),
    role,
    title: requireText(value["title"], `${place}.title`),
    shows: requireText(value["shows"], `${place}.shows`),
    askedFor: requireText(value["askedFor"], `${place}.askedFor`),
    ...(value["numbers"] === undefined ? {} : { numbers: readTexts(value["numbers"], `${place}.numbers`) }),
    ...(value["needs"] === undefined
      ? {}
      : { needs: readTexts(value["needs"], `${place}.needs`, abilities) as NonNullable<Scenario["needs"]> }),
    steps: steps.map((step, index) => readStep(step, `${place}.steps[${index}]`)),
  };
}

/** `name` is what errors call the list. Throws CONFIG_INVALID, naming the place. */
export function parseScenarios(value: unknown, name: string): readonly Scenario[] {
  if (!Array.isArray(value)) throw invalid(name, "must be a list of scenarios");
  const scenarios = value.map((each, index) => readScenario(each, `${name}[${index}]`));
  const ids = new Set<string>();
  for (const { id } of scenarios) {
    if (ids.has(id)) throw invalid(name, `has two scenarios with the id ${id}`);
    ids.add(id);
  }
  return scenarios;
}

/** Throws CONFIG_INVALID for a file that cannot be read or is no JSON. */
export async function readScenarioFile(file: string): Promise<readonly Scenario[]> {
  let value: unknown;
  try {
    value = JSON.parse(await fs.readFile(file, "utf8"));
  } catch (cause) {
    throw new CpisError("CONFIG_INVALID", { detail: `${path.basename(file)} cannot be read as JSON`, cause });
  }
  return parseScenarios(value, path.basename(file));
}

/** The scenarios that the package brings. */
export function readOwnScenarios(role: RehearsalRole): Promise<readonly Scenario[]> {
  return readScenarioFile(path.join(__dirname, "scenarios", `${role}.json`));
}
