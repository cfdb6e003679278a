// Puts the simulated MESH together: mailboxes, authorization, calls, faults, keepers, an HTTPS server.
import { EventEmitter } from "node:events";
import { invalid } from "../json-fields.js";
import { httpsUrl, requireLoopback } from "../loopback-server.js";
import { createMeshAuthorization } from "./mesh-authorization.js";
import { defaultMeshBehaviours, type MeshBehaviours } from "./mesh-behaviours.js";
import type { MeshOffice } from "./mesh-call.js";
import { createMailboxDirectory } from "./mesh-directory.js";
import { createMeshDeliveries } from "./mesh-deliveries.js";
import { carryOutExchange, type ExchangeParts } from "./mesh-exchange.js";
import { createMeshFaults } from "./mesh-faults.js";
import { createMailboxKeepers, viewOf } from "./mesh-keepers.js";
import { openMeshListener, type MeshHttpEnd, type MeshHttpRequest } from "./mesh-listener.js";
import type { StoredMessage } from "./mesh-message-model.js";
import { createMeshMessages } from "./mesh-messages.js";
import type { SimulatedMailbox, SimulatedMeshEvents, SimulatedWorkflowIds } from "./mesh-model.js";
import { createMeshReports } from "./mesh-reports.js";
import type { MeshServer, MeshServerOptions } from "./mesh-server-model.js";
import { createSkippingClock } from "./mesh-time.js";
import type { IssuedCertificate } from "../pki/pki.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";

const mebibyte = 1024 ** 2;
const defaultRequestBytes = 100_000_000;
const defaultBytesKept = 512 * mebibyte;
const defaultPlainBytes = 256 * mebibyte;
const defaultWaiting = 10_000;
const defaultRemembered = 20_000;

/** Invented, as all of them. */
const defaultCpis = { odsCode: "ZSP", mailbox: "ZSPOT001" } as const;
const defaultWorkflowIds: SimulatedWorkflowIds = {
  upload: "EXAMPLE_UPLOAD",
  response: "EXAMPLE_RESPONSE",
  accessNotification: "EXAMPLE_ACCESS",
  inactiveNotification: "EXAMPLE_INACTIVE",
};

function certificateOf(options: MeshServerOptions, host: string): Promise<IssuedCertificate> {
  if (options.certificate !== undefined) return Promise.resolve(options.certificate);
  const names = { commonName: "MESH simulator", dnsNames: ["localhost"], ipAddresses: [host] };
  return options.pki.issue({ ...names, usage: "server" });
}

function createTelling() {
  const events = new EventEmitter<SimulatedMeshEvents>();
  const tell = <Name extends keyof SimulatedMeshEvents>(name: Name, ...event: SimulatedMeshEvents[Name]): void => {
    // An emitter without a listener for "error" throws; here an error is for those who care to know.
    if (events.listenerCount(name) > 0) (events as EventEmitter).emit(name, ...event);
  };
  return { events, tell };
}

/** What lives as long as the server, before it listens. */
function createParts(options: MeshServerOptions) {
  const { effects, limits = {} } = options;
  const { events, tell } = createTelling();
  const closing = new AbortController();
  const clock = createSkippingClock(effects);
  const behaviours = { ...defaultMeshBehaviours, ...options.behaviours };
  const workflowIds = { ...defaultWorkflowIds, ...options.workflowIds };
  const sharedKey = options.sharedKey ?? effects.newUuid();
  const directory = createMailboxDirectory({ workflowIds, newPassword: () => effects.newUuid() });
  const cpis = directory.openCpis(options.cpis ?? defaultCpis);
  for (const workflow of options.workflows ?? []) directory.registerWorkflow(workflow);
  const messages = createMeshMessages({
    clock,
    newUuid: () => effects.newUuid(),
    maximumBytes: limits.maximumBytesKept ?? defaultBytesKept,
    maximumWaiting: limits.maximumMessagesWaiting ?? defaultWaiting,
    maximumFinished: limits.maximumMessagesRemembered ?? defaultRemembered,
  });
  const failed = (cause: unknown): void => {
    if (closing.signal.aborted) return;
    tell("error", isCpisError(cause) ? cause : new CpisError("CPIS_INTERNAL", { detail: "the simulated MESH", cause }));
  };
  const keepers = createMailboxKeepers({ messages, failed });
  const arrived = (message: StoredMessage): void => {
    if (events.listenerCount("meshMessage") > 0) tell("meshMessage", viewOf(message));
    // After the answer to the request that brought it.
    setImmediate(() => keepers.wake(message.head.mailbox));
  };
  const reports = createMeshReports({ directory, messages, clock, arrived });
  const office: MeshOffice = {
    directory,
    messages,
    behaviours,
    maximumPlainBytes: limits.maximumPlainBytes ?? defaultPlainBytes,
    arrived,
    report: (message, words) => reports.report(message, words),
  };
  const faults = createMeshFaults();
  const authorization = createMeshAuthorization({
    sharedKey,
    findMailbox: (mailbox) => directory.find(mailbox),
    now: () => effects.now(),
  });
  const exchange: ExchangeParts = { office, authorization, faults, signal: closing.signal };
  const deliveries = createMeshDeliveries({ directory, messages, arrived });
  return {
    events,
    tell,
    failed,
    closing,
    clock,
    behaviours,
    workflowIds,
    sharedKey,
    cpis,
    keepers,
    reports,
    exchange,
    deliveries,
  };
}

type Parts = ReturnType<typeof createParts>;

/** Carries a request out, and tells of it. */
function createTaker({ reports, exchange, tell }: Parts, now: () => number) {
  return async (request: MeshHttpRequest): Promise<MeshHttpEnd> => {
    const startedAt = now();
    reports.endUncollected();
    const { end, mailbox } = await carryOutExchange(request, exchange);
    tell("meshExchange", {
      method: request.method,
      path: request.url.split("?")[0] ?? "",
      ...definedOnly({ mailbox }),
      status: end.kind === "cut" ? 0 : end.answer.status,
      startedAt,
      durationMilliseconds: now() - startedAt,
    });
    return end;
  };
}

function createControls(parts: Parts) {
  const { clock, reports, exchange, keepers, deliveries } = parts;
  const { directory, messages } = exchange.office;
  const requireMailbox = (name: string): SimulatedMailbox => {
    const found = directory.find(name.toUpperCase());
    if (found === undefined) throw invalid("mailbox", "is not known");
    return found;
  };
  return {
    openMailbox: (owner) => directory.open(owner),
    findMailbox: (odsCode) => directory.findByOdsCode(odsCode),
    registerWorkflow: (workflow) => directory.registerWorkflow(workflow),
    keepMailbox: (mailbox, keeper) => keepers.keep(requireMailbox(mailbox).mailbox, keeper),
    deliver: (delivery) => deliveries.deliver(delivery),
    report: (messageId, words) => {
      const message = messages.find(messageId);
      if (message === undefined) throw invalid("messageId", "is not known");
      return reports.report(message, words);
    },
    inbox: (mailbox) => {
      reports.endUncollected();
      return messages.waiting(mailbox.toUpperCase()).map(viewOf);
    },
    changeBehaviours: (changes: Partial<MeshBehaviours>) => void Object.assign(parts.behaviours, changes),
    inject: (injection) => exchange.faults.inject(injection),
    clearFaults: () => exchange.faults.clear(),
    advanceClock: (milliseconds) => {
      clock.skip(milliseconds);
      reports.endUncollected();
    },
    statusOf: (messageId) => messages.find(messageId)?.status,
  } satisfies Partial<MeshServer>;
}

/**
 * Opens a simulated MESH on a loopback address: API version 2 and 1, with mailboxes in memory. It asks for client
 * certificates of its own authority.
 * Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN.
 */
export async function createMeshServer(options: MeshServerOptions): Promise<MeshServer> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const parts = createParts(options);
  const listener = await openMeshListener({
    host,
    port: options.port ?? 0,
    certificate: await certificateOf(options, host),
    caPem: options.pki.caPem,
    requireClientCertificate: options.requireClientCertificate ?? true,
    maximumRequestBytes: options.maximumRequestBytes ?? defaultRequestBytes,
    take: createTaker(parts, () => options.effects.now()),
    failed: parts.failed,
  });
  return {
    host,
    port: listener.port,
    url: httpsUrl(host, listener.port),
    sharedKey: parts.sharedKey,
    cpis: parts.cpis,
    cpisMailbox: parts.cpis.mailbox,
    workflowIds: parts.workflowIds,
    behaviours: parts.behaviours,
    events: parts.events,
    ...createControls(parts),
    close: async () => {
      parts.closing.abort();
      parts.keepers.close();
      await listener.close();
      parts.exchange.office.messages.clear();
    },
  };
}
