// One time span in which a transport is open: its message store, its message handling service, and what it knows.
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import { createMessageHandlingService, type MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createEbxmlExchange } from "../../lib/services/exchange/ebxml-exchange.js";
import { parseCpaId } from "../../lib/identifiers.js";
import { judgeStoredQuery } from "../../lib/services/query/query.js";
import type { SchemaJudge } from "../../lib/services/message-log/schema-judge.js";
import type { QueryAudit } from "../../lib/services/query/query-audit.js";
import type { SmspClient } from "../../lib/smsp/smsp-client.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { ProxySettings } from "../../lib/tls/proxy.js";
import type { ClientNames } from "../../lib/tls/peer-name.js";
import { readOwnCertificates } from "../../lib/tls/certificates.js";
import type { CertificateSight } from "../adapter/transports/certificate-watch.js";
import type { StoreCondition, StoreSource, StoreUse } from "../adapter/stores/message-store-model.js";
import { openStores } from "../adapter/stores/store-registry.js";
import { measureEbxml } from "../adapter/monitoring/metrics-subscriptions.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import { processOwner, systemEffects } from "../adapter/runtime/this-process.js";
import type { Session } from "../adapter/transports/transport-connection.js";
import { ownWork, type TransportIdentity } from "../adapter/transports/transport-owner.js";
import type { OpenFileTransport } from "../adapter/transports/file-transport-model.js";
import type { OpenTransport } from "../adapter/transports/transport-model.js";
import type { ContractTrouble, ListeningState } from "../adapter/transports/transport-state.js";
import type { ContractDesk } from "./contract-manager.js";
import {
  isAnswerable,
  openSimulatorDesk,
  openSpineDesk,
  queryInteraction,
  uploadInteraction,
  type SpineAccess,
} from "./session-contracts.js";
import { openSimulatedSmsp, openSmsp } from "./open-smsp.js";
import { followService } from "./session-log.js";
import { watchContradictions } from "./contradiction-watch.js";
import { ebxmlCheckOf } from "./transport-check.js";
import type { SimulatorPattern, TransportSettings } from "./transport-settings.js";

export type TransportSession = Session<OpenTransport, ListeningState>;

/** A session that others need to know the listener of. */
interface ListeningSession extends TransportSession {
  readonly port: number;
}

/** What is the same in every session of a transport. */
export interface SessionBasis {
  readonly settings: TransportSettings;
  /** Of the transport's node. */
  readonly id: string;
  readonly openStore: StoreSource;
  readonly log: OperatorLog;
  readonly certificates: CertificateSight;
}

/** Two environments may have the same party key, and nothing else in common. */
function identityOf({ environment, partyKey }: TransportSettings): TransportIdentity {
  return {
    channel: `ebxml ${environment} ${partyKey}`,
    party: partyKey,
    words: `party key ${partyKey} in the environment ${environment}`,
    adopts: environment === "simulator" ? "own" : "all",
  };
}

/** By which the simulator addresses answers to a party that has named none. */
const inventedCpaId = parseCpaId("S2000SIM000001");

/** What a session is opened with. */
interface SessionParts extends SessionBasis {
  readonly desk: ContractDesk;
  readonly tls: TlsMaterial;
  readonly clientNames: ClientNames;
  readonly smsp: SmspClient | undefined;
  readonly proxy: ProxySettings | undefined;
}

type Watch = (condition: StoreCondition) => void;

function createService({ settings, desk, tls, clientNames, proxy }: SessionParts, { store }: StoreUse) {
  const { partyKey, ownCpaId, listener, connectTimeoutMilliseconds, replyTimeoutMilliseconds } = settings;
  const { host, port, path, maximumBytes, ackWhenNotRequested } = listener;
  return createMessageHandlingService({
    ownParty: ownCpaId === undefined ? { partyKey } : { partyKey, cpaId: ownCpaId },
    clientTls: tls,
    ...definedOnly({ proxy }),
    timeouts: { connectMilliseconds: connectTimeoutMilliseconds, replyMilliseconds: replyTimeoutMilliseconds },
    listener: { host, port, path, tls, clientNames, limits: { maximumBodyBytes: maximumBytes } },
    inbound: {
      ackWhenNotRequested,
      senderOf: (partyKey) => desk.senderOf(partyKey),
      isKnownAction: (service, action) => isAnswerable(settings, service, action),
    },
    store,
    channel: identityOf(settings).channel,
    owner: processOwner,
    judge: judgeStoredQuery,
    effects: systemEffects,
  });
}

/** Passes on how the store is, from before anyone listens. */
function createStoreWatch() {
  let condition: StoreCondition = { kind: "ready" };
  let watcher: Watch = () => undefined;
  return {
    changed(next: StoreCondition): void {
      condition = next;
      watcher(next);
    },
    watch(next: Watch): void {
      watcher = next;
      next(condition);
    },
  };
}

function openState(port: number, condition: StoreCondition, trouble: ContractTrouble | undefined): ListeningState {
  if (condition.kind === "ready") return { kind: "listening", port, ...(trouble === undefined ? {} : { trouble }) };
  return { kind: "store-unavailable", error: condition.error };
}

/** One object for the whole session, by which its users know it. */
function openFiles(
  { settings, desk }: SessionParts,
  mhs: MessageHandlingService,
  { store }: StoreUse,
): OpenFileTransport | undefined {
  const interaction = uploadInteraction(settings);
  if (settings.files === undefined || interaction === undefined) return undefined;
  const exchange = createEbxmlExchange({
    mhs,
    store,
    settings: settings.files,
    effects: systemEffects,
    contract: () => desk.contract(interaction),
  });
  return { exchange, store, channel: identityOf(settings).channel, effects: systemEffects };
}

/** The store's condition and the contracts' trouble are one state to those who watch. */
function watchBoth(
  port: number,
  storeWatch: ReturnType<typeof createStoreWatch>,
  desk: ContractDesk,
): TransportSession["watch"] {
  return (watcher) => {
    let [condition, trouble]: [StoreCondition | undefined, ContractTrouble | undefined] = [undefined, undefined];
    const tell = (): void => {
      if (condition !== undefined) watcher(openState(port, condition, trouble));
    };
    desk.watch((next) => {
      trouble = next;
      tell();
    });
    storeWatch.watch((next) => {
      condition = next;
      tell();
    });
  };
}

/** In the store of the transport, as the messages are. */
function auditOf({ log }: SessionParts, { store }: StoreUse): QueryAudit {
  return {
    appendAudit: (entry) => store.appendAudit(entry),
    isOfMessageStore: true,
    outcomeNotWritten: ({ code }) => log.warn(`the outcome of a query is not in the audit: ${code}`),
  };
}

/** By the schemas that the message store was given. */
function judgeOf({ store }: StoreUse): SchemaJudge | undefined {
  return openStores().find((opened) => opened.store === store)?.judge;
}

function openTransport(
  parts: SessionParts,
  { service, port }: { readonly service: MessageHandlingService; readonly port: number },
  use: StoreUse,
): OpenTransport {
  const { settings, desk, tls, clientNames, smsp, proxy } = parts;
  const files = openFiles(parts, service, use);
  return {
    fromAsid: settings.asid,
    organisation: settings.organisation,
    effects: systemEffects,
    contract: () => desk.contract(queryInteraction),
    request: (request) => service.request(request),
    audit: auditOf(parts, use),
    onContradiction: watchContradictions(parts, service, use),
    check: {
      ...ebxmlCheckOf({ desk, tls, clientNames, proxy }, { kind: "open", host: settings.listener.host, port, tls }),
      ...definedOnly({ judge: judgeOf(use) }),
    },
    ...(smsp === undefined ? {} : { smsp }),
    ...(settings.silentRead === undefined ? {} : { silentRead: settings.silentRead }),
    ...(files === undefined ? {} : { files }),
  };
}

/** What belongs to the session, and holds connections of its own. */
function closeClients({ desk, smsp }: Pick<SessionParts, "desk" | "smsp">): void {
  desk.close();
  smsp?.close();
}

async function startService(parts: SessionParts, use: StoreUse) {
  const { desk, log, tls, certificates } = parts;
  const service = createService(parts, use);
  certificates.see("own", readOwnCertificates(tls));
  service.events.on("certificatesShown", ({ by, chain }) => certificates.see(by, chain));
  const stopFollowing = followService(service, log);
  measureEbxml(parts.id, service.events);
  service.events.on("contractDoubted", ({ action }) => desk.doubt(action));
  const close = async (): Promise<void> => {
    try {
      await service.close();
    } finally {
      stopFollowing();
      closeClients(parts);
      await use.release();
    }
  };
  const { port } = await service.start().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { service, port, close };
}

/** Closes the clients with the session, and when there is none. */
async function startSession(parts: SessionParts): Promise<ListeningSession> {
  try {
    return await startOpenSession(parts);
  } catch (error) {
    closeClients(parts);
    throw error;
  }
}

/** The store with the identity's work in it, which is nobody else's until it is released. */
async function owned({ settings, id, log }: SessionParts, use: StoreUse): Promise<StoreUse> {
  try {
    const ownership = await ownWork(identityOf(settings), { id, store: use.store, log });
    return {
      store: use.store,
      release: async () => {
        await ownership.release();
        await use.release();
      },
    };
  } catch (error) {
    await use.release();
    throw error;
  }
}

async function startOpenSession(parts: SessionParts): Promise<ListeningSession> {
  const { desk, log } = parts;
  const storeWatch = createStoreWatch();
  const opened = await parts.openStore({
    conditionChanged: (condition) => storeWatch.changed(condition),
    warn: (text) => log.warn(text),
    info: (text) => log.info(text),
  });
  const use = await owned(parts, opened);
  try {
    const { service, port, close } = await startService(parts, use);
    desk.start();
    return {
      port,
      open: openTransport(parts, { service, port }, use),
      watch: watchBoth(port, storeWatch, desk),
      close,
    };
  } catch (error) {
    await use.release();
    throw error;
  }
}

/**
 * Opens towards Spine, whether the directory answers or not; closes the access with the session, and when there is none.
 * Throws CONFIG_CLIENT_NAMES, CONFIG_PORT_IN_USE, CONFIG_LISTEN, CONFIG_INVALID, CONFIG_MISSING, or STORE_*.
 */
export async function openSpineSession(basis: SessionBasis, access: SpineAccess): Promise<TransportSession> {
  const { contracts, tls, smspTls, clientNames, proxy } = access;
  try {
    if (clientNames.length === 0) throw new CpisError("CONFIG_CLIENT_NAMES");
    const smsp = openSmsp(basis.settings, smspTls, basis.certificates, proxy);
    const desk = openSpineDesk(basis.settings, contracts, basis.log, basis.certificates);
    const session = await startSession({ ...basis, desk, tls, clientNames, smsp, proxy });
    return {
      ...session,
      close: async () => {
        await session.close();
        access.close();
      },
    };
  } catch (error) {
    access.close();
    throw error;
  }
}

/**
 * Opens towards the simulator, with certificates that it makes, and tells it where our listener is.
 * Throws as openSpineSession does.
 */
export async function openSimulatorSession(
  basis: SessionBasis,
  pattern: SimulatorPattern,
  simulator: SpineSimulator,
): Promise<TransportSession> {
  const { partyKey, asid, ownCpaId, listener } = basis.settings;
  const { keyPem, certPem } = await simulator.issueClient(partyKey);
  const tls = { key: keyPem, cert: certPem, ca: simulator.caPem };
  const smsp = openSimulatedSmsp(basis.settings, simulator, tls, basis.certificates);
  const desk = openSimulatorDesk(basis.settings, simulator, pattern, basis.log);
  const session = await startSession({ ...basis, desk, tls, clientNames: "any", smsp, proxy: undefined });
  simulator.registerParty({
    partyKey,
    asid,
    cpaId: ownCpaId ?? inventedCpaId,
    answerUrl: `https://${listener.host}:${session.port}${listener.path}`,
    ...(basis.settings.files === undefined ? {} : { odsCode: basis.settings.organisation.code }),
  });
  return {
    ...session,
    close: async () => {
      simulator.removeParty(partyKey);
      await session.close();
    },
  };
}
