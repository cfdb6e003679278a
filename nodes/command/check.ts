// The verb `check`: tries the way to Spine and to MESH step by step, for a deployment pipeline. It asks about no child.
import { randomUUID } from "node:crypto";
import path from "node:path";
import { CpisError } from "../../lib/errors.js";
import {
  type EnvironmentFields,
  loadTls,
  readContract,
  readEnvironmentFile,
  readTlsFiles,
} from "../../lib/rehearsal/environment-file.js";
import { checkConnection } from "../../lib/services/connection-check/connection-check.js";
import type {
  CheckResult,
  CheckStep,
  ConnectionCheck,
} from "../../lib/services/connection-check/connection-check-model.js";
import { requiredOption, type Environment, type Verb } from "./verb.js";

async function checksOf(
  settings: EnvironmentFields,
  folder: string,
  environment: Environment,
): Promise<readonly (readonly [way: string, check: ConnectionCheck])[]> {
  const checks: (readonly [string, ConnectionCheck])[] = [];
  const hospital = settings.part("hospital");
  const given = hospital?.part("contract");
  if (hospital !== undefined) {
    if (given === undefined) throw new CpisError("CONFIG_MISSING", { detail: "hospital.contract" });
    const clientNames = hospital.part("listener")?.texts("clientNames") ?? [];
    const contract = { kind: "given", contract: readContract(given) } as const;
    const tls = await loadTls(readTlsFiles(settings), folder);
    checks.push(["Spine", { kind: "ebxml", tls, clientNames, contract, listener: { kind: "closed" } }]);
  }
  const authority = settings.part("authority");
  const root = authority?.optional("folder");
  if (root !== undefined) checks.push(["MESH folder", { kind: "mesh-folder", root: path.resolve(folder, root) }]);
  else if (authority !== undefined) {
    const check: ConnectionCheck = {
      kind: "mesh-api",
      baseUrl: authority.text("baseUrl"),
      tls: await loadTls(readTlsFiles(settings), folder),
      mailbox: authority.text("mailbox"),
      password: environment["CP_IS_MESH_PASSWORD"] ?? authority.text("password"),
      sharedKey: environment["CP_IS_MESH_SHARED_KEY"] ?? authority.text("sharedKey"),
    };
    checks.push(["MESH", check]);
  }
  if (checks.length === 0) throw new CpisError("CONFIG_MISSING", { detail: "hospital, authority, or both" });
  return checks;
}

const marks: Readonly<Record<CheckResult, string>> = {
  pass: "passed ",
  warn: "WARNING",
  fail: "FAILED ",
  skipped: "skipped",
};

function linesOf({ title, result, seen, code, advice }: CheckStep): string {
  const told = code === undefined ? seen : [...seen, `Code: ${code}`];
  const lines = [...told, ...(advice === undefined ? [] : [`What to do: ${advice}`])].map((line) => `         ${line}`);
  return [`${marks[result]}  ${title}`, ...lines].join("\n");
}

export const check: Verb = {
  name: "check",
  summary: "tries the connection to Spine or MESH step by step, for a deployment pipeline",
  usage: "--settings <file>",
  help: `The file is the one that rehearse takes: "tls" with keyFile, certFile and caFile, "hospital" with contract and
listener.clientNames, "authority" with baseUrl and mailbox, or with the folder of the MESH client. CP_IS_MESH_PASSWORD and
CP_IS_MESH_SHARED_KEY, if they are set, are taken in place of what the file says. It may be a live environment: certificates,
names, addresses and log-in are tried, nothing is asked about a child, and nothing is sent or taken from a mailbox. Nothing
need be stopped; whether the listener of Node-RED is open is not looked at. Exit code 1: a step failed.`,
  options: { settings: { type: "string" } },
  async run(values, { environment }) {
    const file = requiredOption(values, "settings");
    const checks = await checksOf(await readEnvironmentFile(file), path.dirname(path.resolve(file)), environment);
    const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
    const ways: { readonly way: string; readonly steps: readonly CheckStep[] }[] = [];
    for (const [way, checked] of checks) {
      const steps: CheckStep[] = [];
      for await (const step of checkConnection(checked, { effects })) steps.push(step);
      ways.push({ way, steps });
    }
    const isWell = ways.every(({ steps }) => steps.every(({ result }) => result !== "fail"));
    const text = ways.map(({ way, steps }) => `${way}\n${steps.map(linesOf).join("\n")}\n`).join("\n");
    return { exitCode: isWell ? 0 : 1, text, json: { isWell, ways } };
  },
};
