// The `cp-is query` node: takes an NHS number from a message, asks the service, and sends the answer to its output.
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import {
  createQueryService,
  type ChildQuery,
  type Exchange,
  type QueryAnswer,
  type QueryService,
} from "../../lib/services/query/query.js";
import type { Contradiction } from "../../lib/services/query/contradiction.js";
import { createSmspQueryService } from "../../lib/services/query/smsp-query.js";
import { declareQueries, queryEnded, type QueryEnd } from "../adapter/monitoring/metrics.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { onClose } from "../adapter/runtime/on-close.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { runInput, toCpisError, type Outputs } from "../adapter/runtime/run-input.js";
import {
  isEbxmlTransportNode,
  type EbxmlTransport,
  type OpenTransport,
} from "../adapter/transports/transport-model.js";
import { followSessions } from "../adapter/transports/follow-sessions.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { fhirOfAnswer, fhirOfFailure } from "./fhir-answer.js";
import { failureOf, queryErrorCodes } from "./query-failure.js";
import { readQuerySettings, type NumberSource, type QuerySettings } from "./query-settings.js";
import { QueryStatus } from "./query-status.js";
import { readClinician } from "./read-clinician.js";

interface QueryConfig extends NodeDef {
  readonly transport?: string;
}

/** What a working node is made of. */
interface QueryNodeParts {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly words: Words;
  readonly settings: QuerySettings;
  readonly transport: EbxmlTransport;
  readonly status: QueryStatus;
  /** Fires when the node is closed. */
  readonly closing: AbortSignal;
}

/** Each evaluation error is told without its text, which may quote the message. */
function evaluateNumber(
  { RED, node, words }: QueryNodeParts,
  source: NumberSource,
  msg: NodeMessageInFlow,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new CpisError("CPIS_INVALID_REQUEST", { detail: words("error.numberSource") }));
    try {
      RED.util.evaluateNodeProperty(source.value, source.type, node, msg, (error: Error | null, value: unknown) => {
        if (error === null) resolve(value);
        else refuse();
      });
    } catch {
      refuse();
    }
  });
}

/** An object gives its nhsNumber. Throws CPIS_INVALID_REQUEST for what cannot be a number at all. */
function readNumber(value: unknown, words: Words): string {
  const number: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "nhsNumber") : value;
  if (typeof number === "string" && number.trim() !== "") return number;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number.toString();
  throw new CpisError("CPIS_INVALID_REQUEST", { detail: words("error.noNumber") });
}

function detailOf(msg: NodeMessageInFlow): object {
  const detail = msg["cpis"];
  return typeof detail === "object" && detail !== null && !Array.isArray(detail) ? detail : {};
}

/** Towards Spine the time-out is the service's, which knows how far the query has come. */
function signalOf({ access, timeoutMilliseconds }: QuerySettings, closing: AbortSignal): AbortSignal {
  return access.kind === "smsp" ? AbortSignal.any([closing, AbortSignal.timeout(timeoutMilliseconds)]) : closing;
}

async function buildQuery(parts: QueryNodeParts, open: OpenTransport, msg: NodeMessageInFlow): Promise<ChildQuery> {
  const { settings, words, closing } = parts;
  const nhsNumber = readNumber(await evaluateNumber(parts, settings.number, msg), words);
  const common = { nhsNumber, accessType: settings.careSetting, signal: signalOf(settings, closing) };
  if (settings.access.kind !== "system") {
    return { ...common, ...readClinician(Reflect.get(detailOf(msg), "user"), open.organisation) };
  }
  const { responsible } = settings.access;
  const organisation = open.organisation;
  return { ...common, author: { kind: "system", asid: open.fromAsid, organisation, responsible: [responsible] } };
}

/** What the flow had put into msg.cpis stays; what an earlier query had left there goes. */
function tellExchange(msg: NodeMessageInFlow, exchange: Exchange | undefined, transport: string): void {
  const stale = [
    "interaction",
    "messageId",
    "conversationId",
    "hl7Id",
    "transport",
    "startedAt",
    "durationMilliseconds",
  ];
  const kept = Object.fromEntries(Object.entries(detailOf(msg)).filter(([name]) => !stale.includes(name)));
  if (exchange !== undefined) msg["cpis"] = { ...kept, ...exchange, transport };
  else if (msg["cpis"] !== undefined) msg["cpis"] = kept;
}

/** Only what Spine has said reaches an output. Throws for everything else. */
function outputsOf(
  { result, cause }: QueryAnswer,
  msg: NodeMessageInFlow,
  parts: QueryNodeParts,
  now: number,
): Outputs {
  const { status, closing, words, settings } = parts;
  if (settings.fhir && result.outcome !== "failed") msg["fhir"] = fhirOfAnswer(result, now);
  switch (result.outcome) {
    case "found":
      msg.payload = result;
      status.answered("found");
      return [msg, null];
    case "not-found":
      msg.payload = result;
      status.answered("not-found");
      return [null, msg];
    case "failed":
      if (closing.aborted) throw new CpisError("CONFIG_CLOSED", { detail: words("error.stopped") });
      throw failureOf(result, cause);
  }
}

/** Throws CONFIG_MISSING when the transport has no Spine mini service. */
function serviceOf({ settings, words }: QueryNodeParts, open: OpenTransport): QueryService {
  const { access, checkActivities, timeoutMilliseconds, emptyResponse } = settings;
  if (access.kind === "smsp") {
    if (open.smsp === undefined) throw new CpisError("CONFIG_MISSING", { detail: words("error.noSmsp") });
    const { smsp, effects, audit } = open;
    return createSmspQueryService({ smsp, effects, settings: { checkActivities }, audit });
  }
  return createQueryService({
    mhs: open,
    effects: open.effects,
    audit: open.audit,
    settings: {
      fromAsid: open.fromAsid,
      contract: () => open.contract(),
      checkActivities,
      timeoutMilliseconds,
      emptyResponse,
      ...definedOnly({ silentRead: open.silentRead }),
    },
  });
}

function measure(
  { node, transport }: QueryNodeParts,
  msg: NodeMessageInFlow,
  end: Pick<QueryEnd, "outcome" | "code">,
  exchange: Exchange | undefined,
): void {
  if (exchange === undefined) {
    queryEnded({ transport: transport.label, ...end });
    return;
  }
  const { durationMilliseconds } = exchange;
  node.metric("cp-is.query.duration", msg, durationMilliseconds);
  queryEnded({ transport: transport.label, ...end, durationMilliseconds });
}

/** The message ids of the latest queries: an answer that contradicts one comes soon or not at all. */
class AskedQueries {
  private readonly ids = new Set<string>();

  add(messageId: string): void {
    this.ids.add(messageId.toUpperCase());
    const [oldest] = this.ids;
    if (this.ids.size > 10_000 && oldest !== undefined) this.ids.delete(oldest);
  }

  has(messageId: string): boolean {
    return this.ids.has(messageId.toUpperCase());
  }
}

/** For the Catch node, with the ids and nothing of what either answer says. */
function tellContradiction({ node, status, transport }: QueryNodeParts, contradiction: Contradiction): void {
  const error = new CpisError("CPIS_CONTRADICTORY_ANSWER");
  status.contradicted(error.code);
  queryEnded({ transport: transport.label, outcome: "failed", code: error.code });
  node.error(error, { payload: undefined, cpis: { ...contradiction, transport: transport.label } });
}

async function answer(parts: QueryNodeParts, msg: NodeMessageInFlow, queries: AskedQueries): Promise<Outputs> {
  const { transport, status, closing, settings } = parts;
  status.queryStarted();
  let exchange: Exchange | undefined;
  // What an earlier query had left there is not this one's.
  if (settings.fhir) delete msg["fhir"];
  try {
    tellExchange(msg, undefined, transport.label);
    const open = await transport.whenOpen(closing);
    const query = await buildQuery(parts, open, msg);
    const asked = await serviceOf(parts, open).ask(query);
    ({ exchange } = asked);
    if (exchange !== undefined) queries.add(exchange.messageId);
    tellExchange(msg, exchange, transport.label);
    const outputs = outputsOf(asked, msg, parts, open.effects.now());
    measure(parts, msg, { outcome: "answered" }, exchange);
    return outputs;
  } catch (error) {
    const failure = toCpisError(error);
    status.failed(failure.code);
    if (settings.fhir) msg["fhir"] = fhirOfFailure(failure);
    measure(parts, msg, { outcome: "failed", code: failure.code }, exchange);
    throw failure;
  }
}

function findTransport(RED: NodeAPI, config: QueryConfig, words: Words): EbxmlTransport {
  const found: unknown = config.transport === undefined ? undefined : RED.nodes.getNode(config.transport);
  if (!isEbxmlTransportNode(found)) throw new CpisError("CONFIG_MISSING", { detail: words("field.transport") });
  return found.transport;
}

function start(parts: QueryNodeParts, nodeStatus: NodeStatus, stop: () => void): void {
  const { node, transport, status } = parts;
  const underWay = new Set<Promise<void>>();
  declareQueries(transport.label, queryErrorCodes);
  const asked = new AskedQueries();
  const stopFollowing = followSessions(transport, node, {
    report: (report) => status.transportChanged(report),
    forgotten: () => status.cleared(),
    opened(open) {
      const forget = open.onContradiction({
        hasAsked: (messageId) => asked.has(messageId),
        tell: (contradiction) => tellContradiction(parts, contradiction),
      });
      return () => {
        forget();
        return Promise.resolve();
      };
    },
  });
  node.on("input", function (msg, send, done) {
    const run = runInput(send, done, () => answer(parts, msg, asked)).finally(() => underWay.delete(run));
    underWay.add(run);
  });
  onClose(node, async () => {
    stop();
    await Promise.all(underWay);
    nodeStatus.close();
    await stopFollowing();
  });
}

export default function register(RED: NodeAPI): void {
  function CpIsQueryNode(this: Node, config: QueryConfig): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-query");
    const nodeStatus = new NodeStatus(this);
    try {
      const settings = readQuerySettings(config, words);
      const transport = findTransport(RED, config, words);
      const closing = new AbortController();
      const status = new QueryStatus(nodeStatus, words, transport.isSimulated);
      const parts = { RED, node: this, words, settings, transport, status, closing: closing.signal };
      start(parts, nodeStatus, () => closing.abort());
    } catch (error) {
      refuseAll(this, nodeStatus, words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is query", CpIsQueryNode);
}
