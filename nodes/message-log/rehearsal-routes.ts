// The rehearsal's page, its half in the runtime: one run at a time, against a simulator of its own and nothing else.
import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { CpisError } from "../../lib/errors.js";
import type { RehearsalReport, RehearsalRole, RehearsalState } from "../../lib/rehearsal/model.js";
import { auditStaffAct } from "../../lib/services/audit.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import { openStores } from "../adapter/stores/store-registry.js";
import { nobody } from "./log-service.js";

const base = "/cp-is/rehearsal";

/** It starts servers on this machine: who has "*", or is given it by name, may. */
const permission = "cp-is.rehearse";
const keptReports = 10;

interface Kept {
  readonly id: string;
  readonly report: RehearsalReport;
}

function readRole(body: object): RehearsalRole {
  const role: unknown = Reflect.get(body, "role");
  if (role === "hospital" || role === "authority") return role;
  throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: "role" });
}

interface RehearsalDownload {
  readonly html: string;
  readonly json: RehearsalReport;
}

interface RehearsalService {
  state(): RehearsalState;
  /** On record before it is done. Throws CPIS_LOG_NOT_POSSIBLE while another one runs, or what the audit throws. */
  start(body: object, userId: string): Promise<RehearsalState>;
  report(body: object): Promise<RehearsalDownload>;
}

function createRehearsalService(): RehearsalService {
  let running: RehearsalState["running"];
  let failure: RehearsalState["failure"];
  let reports: readonly Kept[] = [];

  async function run(role: RehearsalRole): Promise<RehearsalReport> {
    // Loaded when it is meant: who never rehearses needs no simulator.
    const { readOwnScenarios } = await import("../../lib/rehearsal/read-scenarios.js");
    const { runRehearsal } = await import("../../lib/rehearsal/run-rehearsal.js");
    const { versionOfPackage } = await import("../../lib/rehearsal/package-version.js");
    const { openSimulatedEnvironment } = await import("../../lib/rehearsal/simulated-environment.js");
    const environment = await openSimulatedEnvironment(role);
    try {
      return await runRehearsal({
        environment,
        role,
        scenarios: await readOwnScenarios(role),
        version: await versionOfPackage(),
        now: () => Date.now(),
        progress: ({ id, title }, done, total) => {
          running = { role, done, total, last: `${id} ${title}` };
        },
      });
    } finally {
      await environment.close();
    }
  }

  /** In every store that is open: which of them belongs to a rehearsal of nobody's transport, none can say. */
  function audited(
    role: RehearsalRole,
    userId: string,
    work: () => Promise<RehearsalReport>,
  ): Promise<RehearsalReport> {
    const act = { event: "rehearsal-started", userId, at: systemEffects.now(), system: role } as const;
    const outcomeOf = ({ counts }: RehearsalReport): string => (counts.failed === 0 ? "passed" : "not passed");
    return openStores().reduceRight<() => Promise<RehearsalReport>>(
      (inner, { store }) =>
        () =>
          auditStaffAct(store, act, () => systemEffects.now(), inner, outcomeOf),
      work,
    )();
  }

  function state(): RehearsalState {
    return {
      ...(running === undefined ? {} : { running }),
      ...(failure === undefined ? {} : { failure }),
      reports: reports.map(({ id, report: { role, startedAt, counts } }) => ({ id, role, startedAt, counts })),
    };
  }

  function find(body: object, name: string): RehearsalReport | undefined {
    const wanted: unknown = Reflect.get(body, name);
    if (wanted === undefined) return undefined;
    const found = reports.find(({ id }) => id === wanted);
    if (found === undefined) throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: name });
    return found.report;
  }

  return {
    state,
    async start(body, userId): Promise<RehearsalState> {
      const role = readRole(body);
      if (running !== undefined) throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
      running = { role, done: 0, total: 0, last: "" };
      failure = undefined;
      const begun = Promise.withResolvers<undefined>();
      audited(role, userId, () => {
        begun.resolve(undefined);
        return run(role);
      })
        .then(
          (report) => {
            reports = [{ id: randomUUID(), report }, ...reports].slice(0, keptReports);
          },
          (error: unknown) => {
            const { code, message } = toCpisError(error);
            failure = { code, message };
            begun.reject(error);
          },
        )
        .finally(() => {
          running = undefined;
        })
        .catch(() => undefined);
      await begun.promise;
      return state();
    },
    async report(body): Promise<RehearsalDownload> {
      const report = find(body, "id");
      if (report === undefined) throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: "id" });
      const earlier = find(body, "compare");
      const { compareReports } = await import("../../lib/rehearsal/compare-reports.js");
      const { encodeHtmlReport } = await import("../../lib/rehearsal/report-html.js");
      const comparison = earlier === undefined ? undefined : compareReports(report, earlier);
      return { html: encodeHtmlReport(report, comparison), json: report };
    },
  };
}

/** As much as the routes need of express. */
interface Request {
  readonly body?: unknown;
  /** Of Node-RED's log-in. */
  readonly user?: unknown;
  readonly headers: { readonly "content-type"?: string | undefined };
}
interface Response {
  setHeader(name: string, value: string): unknown;
  status(code: number): { json(body: object): unknown };
}

function nameOf(user: unknown): string {
  const name: unknown = typeof user === "object" && user !== null ? Reflect.get(user, "username") : undefined;
  return typeof name === "string" && name !== "" ? name : nobody;
}

export function serveRehearsal(RED: NodeAPI): void {
  const service = createRehearsalService();
  const post = (path: string, work: (body: object, userId: string) => object | Promise<object>): void => {
    const answer = async ({ body, headers, user }: Request, response: Response): Promise<void> => {
      response.setHeader("Cache-Control", "no-store");
      try {
        // Another site's page can make a browser send a form, but not JSON.
        const isJson = /^application\/json\b/i.test(headers["content-type"] ?? "");
        if (!isJson || typeof body !== "object" || body === null) {
          throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: "body" });
        }
        response.status(200).json(await work(body, nameOf(user)));
      } catch (error) {
        const { code, message, advice } = toCpisError(error);
        response.status(code === "CPIS_LOG_NOT_POSSIBLE" ? 409 : 400).json({ code, message, advice });
      }
    };
    RED.httpAdmin.post(
      `${base}/${path}`,
      RED.auth.needsPermission(permission),
      (request: Request, response: Response) => void answer(request, response),
    );
  };
  post("state", () => service.state());
  post("start", (body, userId) => service.start(body, userId));
  post("report", (body) => service.report(body));
}
