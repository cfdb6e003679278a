// What is otherwise than in an earlier run.
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import type { RehearsalReport, ScenarioResult } from "./model.js";

export interface ReportComparison {
  /** When and where the earlier one was run. */
  readonly earlier: string;
  readonly changes: readonly {
    readonly id: string;
    readonly title: string;
    readonly before?: ScenarioResult;
    readonly now?: ScenarioResult;
  }[];
}

function isReport(value: unknown): value is RehearsalReport {
  return (
    typeof value === "object" &&
    value !== null &&
    Reflect.get(value, "form") === "cp-is-rehearsal-1" &&
    Array.isArray(Reflect.get(value, "scenarios"))
  );
}

/** Throws CONFIG_INVALID for what is no report of a rehearsal. */
export function parseReport(text: string): RehearsalReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CpisError("CONFIG_INVALID", { detail: "the earlier report is no JSON", cause });
  }
  if (!isReport(value)) throw new CpisError("CONFIG_INVALID", { detail: "this is no report of a rehearsal" });
  return value;
}

export function compareReports(now: RehearsalReport, before: RehearsalReport): ReportComparison {
  const titles = new Map([...before.scenarios, ...now.scenarios].map(({ id, title }) => [id, title]));
  const resultsOf = ({ scenarios }: RehearsalReport) => new Map(scenarios.map(({ id, result }) => [id, result]));
  const [were, are] = [resultsOf(before), resultsOf(now)];
  const changes = [...titles].flatMap(([id, title]) => {
    const was = were.get(id);
    const is = are.get(id);
    if (was === is) return [];
    return [{ id, title, ...definedOnly({ before: was, now: is }) }];
  });
  return { earlier: `${before.startedAt}, ${before.environment}`, changes };
}
