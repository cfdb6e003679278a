// Runs scenarios one after the other and writes down, for each step, what was expected and what was seen.
import { definedOnly } from "../defined-only.js";
import { isCpisError } from "../errors.js";
import type { QueryResult } from "../cpis/model.js";
import type { SchemaWitness } from "../schema/schema-witness.js";
import { systemAuthor, personAuthor } from "./people.js";
import type { RehearsalEnvironment } from "./environment.js";
import type {
  QueryExpectation,
  RehearsalReport,
  RehearsalRole,
  Scenario,
  ScenarioReport,
  ScenarioRecord,
  SchemaWitnessed,
  Step,
  StepReport,
  UploadExpectation,
} from "./model.js";

export interface RehearsalOptions {
  readonly environment: RehearsalEnvironment;
  readonly role: RehearsalRole;
  readonly scenarios: readonly Scenario[];
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly witness?: SchemaWitness;
  /** Called as each scenario ends. */
  progress?(scenario: ScenarioReport, done: number, total: number): void;
}

interface Seen {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly passed: boolean;
  readonly ids?: readonly string[];
}

type Numbers = ReadonlyMap<string, string>;

function numberOf(numbers: Numbers, name: string): string {
  return numbers.get(name) ?? name;
}

/** A number that a scenario file holds itself is not repeated. */
function labelOf(name: string): string {
  return /^[0-9]{5,}$/.test(name) ? "a number of the scenario file" : `"${name}"`;
}

/** Names of the table in braces, in every text of a command. */
function withNumbers(value: unknown, numbers: Numbers): unknown {
  if (typeof value === "string") return value.replace(/\{([\w-]+)\}/g, (_, name: string) => numberOf(numbers, name));
  if (Array.isArray(value)) return value.map((each) => withNumbers(each, numbers));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withNumbers(each, numbers)]));
}

function tell(parts: Readonly<Record<string, unknown>>): string {
  return Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(", ") || "none" : String(value)}`)
    .join("; ");
}

/** In the words of the expectation, so that the two can be compared by eye. */
function seenOfQuery(result: QueryResult): Readonly<Record<string, unknown>> {
  switch (result.outcome) {
    case "found":
      return {
        outcome: "found",
        plans: result.plans.map(({ planType }) => planType),
        incomplete: result.incomplete,
        warnings: result.warnings.map(({ code }) => code),
      };
    case "not-found":
      return { outcome: "not-found", basis: result.basis };
    case "failed":
      return { outcome: "failed", code: result.code };
  }
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join("\n") === [...other].sort().join("\n");
}

function meetsQuery(result: QueryResult, expected: QueryExpectation, wasSent: boolean): boolean {
  if (result.outcome !== expected.outcome) return false;
  if (result.outcome === "found" && expected.outcome === "found") {
    const plans = result.plans.map(({ planType }) => planType);
    return (
      (expected.plans === undefined || sameTexts(plans, expected.plans)) &&
      (expected.incomplete === undefined || result.incomplete === expected.incomplete) &&
      (expected.emergencyDuty !== true ||
        result.plans.every(({ localAuthority }) => localAuthority.emergencyDutyTelephone !== undefined)) &&
      (expected.warnings === undefined ||
        expected.warnings.every((code) => result.warnings.some((warning) => warning.code === code)))
    );
  }
  if (result.outcome === "not-found" && expected.outcome === "not-found") {
    return expected.basis === undefined || result.basis === expected.basis;
  }
  if (result.outcome === "failed" && expected.outcome === "failed") {
    return result.code === expected.code && (expected.sent === undefined || expected.sent === wasSent);
  }
  return false;
}

const silence = "this environment has no such side";

async function runQuery(step: Step & { readonly do: "query" }, { environment }: RehearsalOptions): Promise<Seen> {
  const { hospital, numbers } = environment;
  if (hospital === undefined) throw new Error(silence);
  const access = step.access ?? "unscheduled";
  const author = step.as === "system" ? systemAuthor : personAuthor;
  const activities = step.activities ?? [access === "scheduled" ? "B0170" : "B0107"];
  const { result, exchange } = await hospital.ask(
    { nhsNumber: numberOf(numbers, step.number), author, accessType: access, activities },
    step.timeoutSeconds === undefined ? undefined : step.timeoutSeconds * 1000,
  );
  const wasSent = exchange !== undefined;
  return {
    what: `Query for ${labelOf(step.number)} as a ${step.as ?? "person"}${step.access === undefined ? "" : `, ${access}`}`,
    expected: tell(step.expect),
    seen: tell({ ...seenOfQuery(result), sent: result.outcome === "failed" ? wasSent : undefined }),
    passed: meetsQuery(result, step.expect, wasSent),
    ids: exchange === undefined ? [] : [exchange.messageId, exchange.conversationId, exchange.hl7Id],
  };
}

function recordOf({ number, plan, start, end, delete: deleted }: ScenarioRecord, numbers: Numbers, index: number) {
  const isMother = plan === "unborn-child-protection-plan";
  return {
    plans: [
      {
        planType: plan,
        startDate: start,
        ...definedOnly({ endDate: end, deleteDate: deleted }),
      },
    ],
    subjects: [
      {
        kind: isMother ? "mother" : "child",
        nhsNumber: numberOf(numbers, number),
        localId: `TEST-${index + 1}`,
        birthDate: isMother ? "1995-06-07" : "2016-03-14",
        givenName: "Test",
        familyName: isMother ? "Mother" : "Child",
      },
    ],
  };
}

function meetsUpload(seen: Readonly<Record<string, unknown>>, expected: UploadExpectation): boolean {
  return Object.entries(expected).every(([name, value]) => {
    const found = seen[name];
    if (!Array.isArray(value)) return found === value;
    return Array.isArray(found) && value.every((each: unknown) => found.includes(each));
  });
}

async function seeUpload(
  step: Step & { readonly do: "upload" },
  { environment }: RehearsalOptions,
): Promise<{ readonly seen: Readonly<Record<string, unknown>>; readonly ids: readonly string[] }> {
  const { authority, numbers } = environment;
  if (authority === undefined) throw new Error(silence);
  const records = step.records.map((record, index) => recordOf(record, numbers, index));
  const { acceptance, handedOut } = await authority.upload(records, step.faultyRecords ?? "send-valid");
  if (acceptance.kind === "refused") {
    const codes = handedOut.flatMap(({ reasons }) => reasons.map(({ code }) => code));
    return { seen: { outcome: "not-sent", codes }, ids: [] };
  }
  if (step.restart === true) await authority.restart?.();
  const end = await authority.ended(acceptance.fileNumber);
  const ids = [`file ${acceptance.fileNumber}`, acceptance.conversationId];
  if (end.kind === "undelivered") return { seen: { outcome: "undelivered", code: end.failure.error.code }, ids };
  const { outcome, accepted, refused, notSent, fileResults } = end.outcome;
  const reasons = [...handedOut, ...end.refused].flatMap((record) => record.reasons.map(({ code }) => code));
  const codes = [...new Set([...fileResults.map(({ code }) => code), ...reasons])];
  return { seen: { outcome, accepted, refused, notSent, codes }, ids };
}

async function runUpload(step: Step & { readonly do: "upload" }, options: RehearsalOptions): Promise<Seen> {
  const { seen, ids } = await seeUpload(step, options);
  const plans = [...new Set(step.records.map(({ plan }) => plan))].join(", ");
  return {
    what: `Upload of ${step.records.length} (${plans})${step.restart === true ? ", with a restart before the response" : ""}`,
    expected: tell(step.expect),
    seen: tell(seen),
    passed: meetsUpload(seen, step.expect),
    ids,
  };
}

async function runNotification(
  { expect }: Step & { readonly do: "notification" },
  { environment }: RehearsalOptions,
): Promise<Seen> {
  const { authority, numbers } = environment;
  if (authority === undefined) throw new Error(silence);
  const number = numberOf(numbers, expect.number);
  const what = expect.kind === "access" ? "Access to service notification" : "Inactive NHS number notification";
  if (expect.kind === "access") {
    const access = await authority.nextAccess();
    const isOurs = access.nhsNumber === number;
    return {
      what,
      expected: tell(expect),
      seen: isOurs ? `kind access; number ${expect.number}` : "kind access; number another",
      passed: isOurs,
      ids: access.accessId === undefined ? [] : [access.accessId],
    };
  }
  const inactive = await authority.nextInactive();
  const replacement = expect.replacedBy === undefined ? undefined : numberOf(numbers, expect.replacedBy);
  const isOurs = inactive.nhsNumber === number;
  const isReplaced =
    replacement === undefined ? inactive.replacedBy.length === 0 : inactive.replacedBy[0] === replacement;
  return {
    what,
    expected: tell(expect),
    seen: tell({
      kind: "inactive",
      number: isOurs ? expect.number : "another",
      replacedBy: isReplaced ? (expect.replacedBy ?? "nothing") : "something else",
    }),
    passed: isOurs && isReplaced,
  };
}

async function runStep(step: Step, options: RehearsalOptions): Promise<Seen> {
  const { environment } = options;
  switch (step.do) {
    case "query":
      return runQuery(step, options);
    case "upload":
      return runUpload(step, options);
    case "notification":
      return runNotification(step, options);
    case "command": {
      const command = withNumbers(step.command, environment.numbers) as Readonly<Record<string, unknown>>;
      environment.command?.(command);
      const name = String(step.command["command"]);
      return { what: `The simulator is told: ${name}`, expected: "done", seen: "done", passed: true };
    }
    case "forge-answer": {
      const status = await environment.hospital?.postAsForeigner?.();
      const isRefused = status === undefined || status >= 400;
      const seen = status === undefined ? "the connection was refused" : `HTTP status ${status}`;
      return { what: "An answer by a stranger", expected: "it is refused", seen, passed: isRefused };
    }
    case "audit": {
      if (environment.hospital === undefined) throw new Error(silence);
      const verification = await environment.hospital.verifyAudit();
      const { begun, ended } = await environment.hospital.countAudited();
      const seen = tell({ chain: verification.kind, begun, ended });
      const passed = verification.kind === "intact" && begun > 0 && begun === ended;
      return {
        what: "The audit of all queries so far",
        expected: "chain intact; each query begun and ended",
        seen,
        passed,
      };
    }
  }
}

async function witness(options: RehearsalOptions): Promise<SchemaWitnessed | undefined> {
  const messages = options.environment.takeMessages?.() ?? [];
  const { witness: schemas } = options;
  if (schemas === undefined || messages.length === 0) return undefined;
  const verdicts = await Promise.all(messages.map((message) => schemas.validate(message)));
  const checked = verdicts.filter(({ kind }) => kind === "valid" || kind === "invalid");
  return {
    checked: checked.length,
    valid: checked.filter(({ kind }) => kind === "valid").length,
    findings: checked.flatMap((verdict) => (verdict.kind === "invalid" ? verdict.findings.slice(0, 3) : [])),
  };
}

async function report(step: Step, options: RehearsalOptions): Promise<StepReport> {
  const startedAt = options.now();
  const { ids = [], ...seen } = await runStep(step, options);
  const schema = await witness(options);
  return {
    ...seen,
    ids,
    at: new Date(startedAt).toISOString(),
    milliseconds: options.now() - startedAt,
    ...definedOnly({ schema }),
  };
}

/** Why a scenario cannot be run here; undefined when it can. */
function obstacle(scenario: Scenario, environment: RehearsalEnvironment): string | undefined {
  const missing = (scenario.needs ?? []).filter((need) => !environment.abilities.has(need));
  if (missing.length > 0) return `this environment cannot give: ${missing.join(", ")}`;
  const unknown = (scenario.numbers ?? []).filter((name) => !environment.numbers.has(name));
  if (unknown.length > 0) return `no test number is configured for: ${unknown.join(", ")}`;
  return undefined;
}

async function runScenario(scenario: Scenario, options: RehearsalOptions): Promise<ScenarioReport> {
  const { id, role, title, shows, askedFor } = scenario;
  const base = { id, role, title, shows, askedFor };
  const because = obstacle(scenario, options.environment);
  if (because !== undefined) return { ...base, result: "not-possible", because, steps: [] };
  const steps: StepReport[] = [];
  try {
    for (const step of scenario.steps) steps.push(await report(step, options));
  } catch (error) {
    // The text of an error that is not ours may quote a message.
    const what = isCpisError(error) ? `${error.code}: ${error.message}` : "a fault in the rehearsal itself";
    return { ...base, result: "failed", because: what, steps };
  }
  return { ...base, result: steps.every(({ passed }) => passed) ? "passed" : "failed", steps };
}

/** Never rejects for anything that can happen in a scenario: that is what the report is for. */
export async function runRehearsal(options: RehearsalOptions): Promise<RehearsalReport> {
  const { environment, role, now, version } = options;
  const startedAt = now();
  const mine = options.scenarios.filter((scenario) => scenario.role === role);
  const scenarios: ScenarioReport[] = [];
  for (const scenario of mine) {
    const done = await runScenario(scenario, options);
    scenarios.push(done);
    options.progress?.(done, scenarios.length, mine.length);
  }
  const count = (result: ScenarioReport["result"]): number =>
    scenarios.filter((scenario) => scenario.result === result).length;
  return {
    form: "cp-is-rehearsal-1",
    environment: environment.name,
    role,
    startedAt: new Date(startedAt).toISOString(),
    milliseconds: now() - startedAt,
    version,
    counts: { passed: count("passed"), failed: count("failed"), "not-possible": count("not-possible") },
    scenarios,
  };
}
