// A Spine Directory Service to test and demonstrate against, over its FHIR API, on the loopback address.
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { httpsUrl, openLoopbackServer, requireLoopback } from "../loopback-server.js";
import type { SimulatedPattern, SimulatorEffects } from "../model.js";
import type { IssuedCertificate, Pki } from "../pki/pki.js";
import { disturbRecords, disturbResource, type SdsConduct } from "./sds-behaviour.js";
import { pageParameter, readSdsQuestion, sdsPath, type SdsQuestion } from "./sds-question.js";
import { selectRecords, spineOdsCode, spineRecords, type SimulatedSdsRecord } from "./sds-records.js";
import {
  encodeBundle,
  encodeDevices,
  encodeEndpoint,
  encodeOperationOutcome,
  type FhirResource,
} from "./sds-resources.js";
import type { ServiceInteraction } from "../../sds/directory-model.js";

/** By which pattern the simulated Spine takes an interaction. */
type PatternOf = (interaction: ServiceInteraction) => SimulatedPattern;

export interface SdsServerOptions {
  readonly pki: Pki;
  /** Accepted beside those that are issued. Default: a fresh one that nobody knows. */
  readonly apiKey?: string;
  /** Where the simulated Spine takes messages, without a path. */
  readonly messagingUrl: string;
  readonly effects: Pick<SimulatorEffects, "newUuid">;
  /** Default "127.0.0.1". */
  readonly host?: string;
  /** Default: any free port. */
  readonly port?: number;
  readonly certificate?: IssuedCertificate;
  /** Default: express for all. */
  patternOf?(interaction: ServiceInteraction): SimulatedPattern;
  /** Beside Spine's own records, for example those of a hospital. */
  readonly records?: readonly SimulatedSdsRecord[];
}

export interface SdsServer {
  /** What a client calls the base address. */
  readonly baseUrl: string;
  readonly port: number;
  readonly caPem: string;
  /** How many requests came. */
  readonly requests: number;
  /** Of Spine, as a client asks for it. */
  readonly odsCode: string;
  /** A key of an application of its own. It finds Spine's records as the pattern has them, where that is given. */
  issueApiKey(patternOf?: PatternOf): string;
  /** From the next request on. */
  setConduct(conduct: SdsConduct): void;
  addRecord(record: SimulatedSdsRecord): void;
  close(): Promise<void>;
}

const fhirType = "application/fhir+json";

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function fhirReply(status: number, resource: FhirResource): Reply {
  return { status, type: fhirType, body: JSON.stringify(resource) };
}

/** 401, 403 and 429 are the gateway's, which speaks no FHIR. */
function statusReply(status: number, code: string | undefined): Reply {
  const isGateway = status === 401 || status === 403 || status === 429;
  if (!isGateway) return fhirReply(status, encodeOperationOutcome(code ?? "INTERNAL_SERVER_ERROR"));
  return {
    status,
    type: "application/json",
    body: JSON.stringify({ fault: { faultstring: "refused by the gateway" } }),
  };
}

interface Directory {
  readonly records: readonly SimulatedSdsRecord[];
  readonly baseUrl: string;
  readonly newUuid: () => string;
}

/** The address of another page of the same answer. */
function pageUrl(selfUrl: string, page: number): string {
  const url = new URL(selfUrl);
  url.searchParams.set(pageParameter, String(page));
  return url.href;
}

function answer(question: SdsQuestion, path: string, conduct: SdsConduct, directory: Directory): Reply {
  const { records, newUuid } = directory;
  const found = disturbRecords(selectRecords(records, question.selection), conduct);
  const resources =
    question.type === "Device"
      ? encodeDevices(found, [...records, ...found], newUuid)
      : found.map((record) => encodeEndpoint(record, newUuid));
  const pageSize = conduct.kind === "paged" ? conduct.pageSize : Infinity;
  const start = question.page === 0 ? 0 : question.page * pageSize;
  const selfUrl = new URL(path, directory.baseUrl).href;
  const bundle = encodeBundle({
    id: newUuid(),
    baseUrl: directory.baseUrl,
    selfUrl,
    ...(start + pageSize < resources.length ? { nextUrl: pageUrl(selfUrl, question.page + 1) } : {}),
    total: resources.length,
    resources: resources.slice(start, start + pageSize).map((resource) => disturbResource(resource, conduct)),
  });
  if (conduct.kind !== "empty" || conduct.entry === "empty") return fhirReply(200, bundle);
  return fhirReply(200, Object.fromEntries(Object.entries(bundle).filter(([key]) => key !== "entry")));
}

function replyTo(request: IncomingMessage, apiKey: string, conduct: SdsConduct, directory: Directory): Reply {
  if (conduct.kind === "status") return statusReply(conduct.status, undefined);
  if (conduct.kind === "not-fhir") return { status: 200, type: "text/html", body: "<!doctype html><p>Sign in</p>" };
  const path = request.url ?? "/";
  const { method = "", headers } = request;
  const question = readSdsQuestion({ method, url: path, headers }, apiKey);
  if (question.kind === "question") return answer(question, path, conduct, directory);
  const reply = statusReply(question.status, question.code);
  return question.status === 405 ? { ...reply, headers: { Allow: "GET" } } : reply;
}

function send(response: ServerResponse, { status, type, body, headers = {} }: Reply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "Content-Type": type, "Content-Length": bytes.length });
  response.end(bytes);
}

/** Gives false when the server closed before. */
async function waitOut(conduct: SdsConduct, signal: AbortSignal): Promise<boolean> {
  if (conduct.kind !== "slow") return true;
  const { delayMilliseconds } = conduct;
  if (delayMilliseconds === undefined) return false;
  return wait(delayMilliseconds, true, { signal }).catch(() => false);
}

function issueCertificate(pki: Pki, host: string): Promise<IssuedCertificate> {
  const commonName = "Spine Directory Service simulator";
  return pki.issue({ commonName, dnsNames: ["localhost"], ipAddresses: [host], usage: "server" });
}

/** Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN. */
export async function createSdsServer(options: SdsServerOptions): Promise<SdsServer> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const { pki, effects } = options;
  const certificate = options.certificate ?? (await issueCertificate(pki, host));
  const ordinary: PatternOf = (interaction) => options.patternOf?.(interaction) ?? "express";
  const others = [...(options.records ?? [])];
  const spineRecordsByKey = new Map<string, readonly SimulatedSdsRecord[]>();
  const admit = (apiKey: string, patternOf: PatternOf): string => {
    spineRecordsByKey.set(apiKey, spineRecords(options.messagingUrl, patternOf));
    return apiKey;
  };
  const firstKey = admit(options.apiKey ?? effects.newUuid(), ordinary);
  const closing = new AbortController();
  let conduct: SdsConduct = { kind: "normal" };
  let requests = 0;
  let baseUrl = "";

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const current = conduct;
    requests += 1;
    if (current.kind === "down") {
      request.socket.destroy();
      return;
    }
    if (!(await waitOut(current, closing.signal))) return;
    const given = String(request.headers["apikey"]);
    const apiKey = spineRecordsByKey.has(given) ? given : firstKey;
    const records = [...(spineRecordsByKey.get(apiKey) ?? []), ...others];
    send(response, replyTo(request, apiKey, current, { records, baseUrl, newUuid: () => effects.newUuid() }));
  };
  const server = await openLoopbackServer({
    host,
    port: options.port ?? 0,
    tls: { key: certificate.keyPem, cert: certificate.certPem },
    serve: (request, response) => void serve(request, response).catch(() => request.socket.destroy()),
    // A connection that broke is its client's to see.
    failed: () => undefined,
  });
  baseUrl = `${httpsUrl(host, server.port)}${sdsPath}`;
  return {
    baseUrl,
    port: server.port,
    caPem: pki.caPem,
    get requests() {
      return requests;
    },
    setConduct: (next) => {
      conduct = next;
    },
    odsCode: spineOdsCode,
    issueApiKey: (patternOf = ordinary) => admit(effects.newUuid(), patternOf),
    addRecord: (record) => {
      others.push(record);
    },
    close: () => {
      closing.abort();
      return server.close();
    },
  };
}
