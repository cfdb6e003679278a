// One time span in which a transport is open: its message store, its message handling service, and what it knows.
import { createMessageHandlingService, type MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createEbxmlExchange } from "../../lib/services/ebxml-exchange.js";
import { parseCpaId } from "../../lib/identifiers.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { MessagingContract } from "../../lib/sds/contract.js";
import { createMemoryInboundRegister } from "../../lib/store/memory-inbound-register.js";
import type { StoreCondition, StoreSource, StoreUse } from "../adapter/message-store-model.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import type { OperatorLog } from "../adapter/operator-log.js";
import { processOwner, systemEffects } from "../adapter/this-process.js";
import type { Session } from "../adapter/transport-connection.js";
import type { OpenFileTransport } from "../adapter/file-transport-model.js";
import type { OpenTransport } from "../adapter/transport-model.js";
import type { ListeningState } from "../adapter/transport-state.js";
import { followService } from "./session-log.js";
import type { SimulatorPattern, TransportSettings } from "./transport-settings.js";

export type TransportSession = Session<OpenTransport, ListeningState>;

/** A session that others need to know the listener of. */
interface ListeningSession extends TransportSession {
  readonly port: number;
}

/** What is the same in every session of a transport. */
export interface SessionBasis {
  readonly settings: TransportSettings;
  /** The transport node's id: whose messages in the store these are. */
  readonly channel: string;
  readonly openStore: StoreSource;
  readonly log: OperatorLog;
}

/** By which the simulator addresses answers to a party that has named none. */
const inventedCpaId = parseCpaId("S2000SIM000001");

/** What a session is opened with. */
interface SessionParts extends SessionBasis {
  readonly contract: MessagingContract;
  readonly tls: TlsMaterial;
}

type Watch = (condition: StoreCondition) => void;

function createService({ settings, contract, tls, channel }: SessionParts, { store }: StoreUse) {
  const { partyKey, ownCpaId, listener, connectTimeoutMilliseconds, replyTimeoutMilliseconds } = settings;
  const { host, port, path, maximumBytes, ackWhenNotRequested } = listener;
  return createMessageHandlingService({
    ownParty: ownCpaId === undefined ? { partyKey } : { partyKey, cpaId: ownCpaId },
    clientTls: tls,
    timeouts: { connectMilliseconds: connectTimeoutMilliseconds, replyMilliseconds: replyTimeoutMilliseconds },
    listener: { host, port, path, tls, limits: { maximumBodyBytes: maximumBytes } },
    inbound: { ackWhenNotRequested, peerPartyKey: contract.toPartyKey },
    register: createMemoryInboundRegister(systemEffects),
    durable: { store, channel, owner: processOwner },
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

function openState(port: number, condition: StoreCondition): ListeningState {
  if (condition.kind === "ready") return { kind: "listening", port };
  return { kind: "store-unavailable", error: condition.error };
}

/** One object for the whole session, by which its users know it. */
function openFiles(
  { settings, channel, contract }: SessionParts,
  mhs: MessageHandlingService,
  { store }: StoreUse,
): OpenFileTransport | undefined {
  if (settings.files === undefined) return undefined;
  const exchange = createEbxmlExchange({
    mhs,
    store,
    settings: settings.files,
    effects: systemEffects,
    contract: () => Promise.resolve(contract),
  });
  return { exchange, store, channel, effects: systemEffects };
}

async function startSession(parts: SessionParts): Promise<ListeningSession> {
  const { settings, contract, log } = parts;
  const storeWatch = createStoreWatch();
  const use = await parts.openStore({
    conditionChanged: (condition) => storeWatch.changed(condition),
    warn: (text) => log.warn(text),
  });
  try {
    const service = createService(parts, use);
    const stopFollowing = followService(service, log);
    const close = async (): Promise<void> => {
      try {
        await service.close();
      } finally {
        stopFollowing();
        await use.release();
      }
    };
    const { port } = await service.start().catch(async (error: unknown) => {
      await close();
      throw error;
    });
    const files = openFiles(parts, service, use);
    const open: OpenTransport = {
      fromAsid: settings.asid,
      organisation: settings.organisation,
      effects: systemEffects,
      contract: () => Promise.resolve(contract),
      request: (request) => service.request(request),
      ...(files === undefined ? {} : { files }),
    };
    const watch: TransportSession["watch"] = (watcher) =>
      storeWatch.watch((condition) => watcher(openState(port, condition)));
    return { port, open, watch, close };
  } catch (error) {
    await use.release();
    throw error;
  }
}

/** Opens towards Spine. Throws CONFIG_PORT_IN_USE, CONFIG_LISTEN, CONFIG_INVALID, CONFIG_MISSING, or STORE_*. */
export async function openSpineSession(
  basis: SessionBasis,
  contract: MessagingContract,
  tls: TlsMaterial,
): Promise<TransportSession> {
  return startSession({ ...basis, contract, tls });
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
  const session = await startSession({ ...basis, contract: simulator.contracts[pattern], tls });
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
