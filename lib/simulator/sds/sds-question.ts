// Reads a request to the simulated directory, and refuses what the true one refuses.
import { definedOnly } from "../../defined-only.js";
import type { IncomingHttpHeaders } from "node:http";
import type { SdsSelection } from "./sds-records.js";
import type { ResourceType } from "../../sds/parse-bundle.js";
import { interactionSystem, odsCodeSystem, partyKeySystem } from "../../sds/directory-names.js";

export const sdsPath = "/spine-directory/FHIR/R4";
/** The parameter of the simulator's own next links. */
export const pageParameter = "_page";

export interface SdsRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface SdsQuestion {
  readonly kind: "question";
  readonly type: ResourceType;
  readonly selection: SdsSelection;
  /** 0 for the first one. */
  readonly page: number;
}

export interface SdsRefusal {
  readonly kind: "refusal";
  readonly status: 400 | 401 | 404 | 405 | 406;
  /** Of an OperationOutcome; the gateway's 401 has none. */
  readonly code?: string;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const acceptedTypes = ["application/fhir+json", "application/json", "*/*"];

const badRequest: SdsRefusal = { kind: "refusal", status: 400, code: "BAD_REQUEST" };

function refuseHeaders(request: SdsRequest, apiKey: string): SdsRefusal | undefined {
  const { headers } = request;
  if (headers["apikey"] !== apiKey) return { kind: "refusal", status: 401 };
  if (request.method !== "GET") return { kind: "refusal", status: 405, code: "NOT_IMPLEMENTED" };
  const accepted = (headers.accept ?? "*/*").split(",").map((type) => type.replace(/;.*/s, "").trim());
  if (!accepted.some((type) => acceptedTypes.includes(type))) {
    return { kind: "refusal", status: 406, code: "MISSING_OR_INVALID_HEADER" };
  }
  const correlation = headers["x-correlation-id"];
  return typeof correlation === "string" && uuidPattern.test(correlation) ? undefined : badRequest;
}

/** What follows "system|"; undefined for another system or an empty value. */
function valueOf(parameter: string, system: string): string | undefined {
  return parameter.startsWith(`${system}|`) && parameter.length > system.length + 1
    ? parameter.slice(system.length + 1)
    : undefined;
}

/** The last one counts when a system is repeated. */
function lastValue(parameters: readonly string[], system: string): string | undefined {
  return parameters.map((parameter) => valueOf(parameter, system)).findLast((value) => value !== undefined);
}

function readSelection(parameters: URLSearchParams): SdsSelection | undefined {
  const identifiers = parameters.getAll("identifier");
  const organisations = parameters.getAll("organization");
  const isKnown = [...parameters.keys()].every((name) =>
    ["organization", "identifier", "manufacturing-organization", pageParameter].includes(name),
  );
  const areFormed =
    identifiers.every((each) => valueOf(each, interactionSystem) ?? valueOf(each, partyKeySystem)) &&
    [...organisations, ...parameters.getAll("manufacturing-organization")].every((each) =>
      valueOf(each, odsCodeSystem),
    );
  if (!isKnown || !areFormed) return undefined;
  const odsCode = lastValue(organisations, odsCodeSystem);
  const interaction = lastValue(identifiers, interactionSystem);
  const partyKey = lastValue(identifiers, partyKeySystem);
  return {
    ...definedOnly({ odsCode, interaction, partyKey }),
  };
}

function isEnough(type: ResourceType, { odsCode, interaction, partyKey }: SdsSelection): boolean {
  if (type === "Device") return odsCode !== undefined && interaction !== undefined;
  return [odsCode, interaction, partyKey].filter((value) => value !== undefined).length >= 2;
}

export function readSdsQuestion(request: SdsRequest, apiKey: string): SdsQuestion | SdsRefusal {
  const refusal = refuseHeaders(request, apiKey);
  if (refusal !== undefined) return refusal;
  const url = new URL(request.url, "https://simulator.invalid");
  const type = (["Device", "Endpoint"] as const).find((each) => url.pathname === `${sdsPath}/${each}`);
  if (type === undefined) return { kind: "refusal", status: 404, code: "NO_RECORD_FOUND" };
  const selection = readSelection(url.searchParams);
  if (selection === undefined || !isEnough(type, selection)) return badRequest;
  const page = url.searchParams.get(pageParameter) ?? "0";
  return /^[0-9]{1,4}$/.test(page) ? { kind: "question", type, selection, page: Number(page) } : badRequest;
}
