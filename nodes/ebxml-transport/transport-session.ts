// One time span in which a transport is open: its message handling service, and what it was opened with.
import { randomUUID } from "node:crypto";
import { createMessageHandlingService, type MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { parseCpaId } from "../../lib/identifiers.js";
import type { MhsEffects } from "../../lib/mhs/model.js";
import type { TlsMaterial } from "../../lib/mhs/tls-material.js";
import type { MessagingContract } from "../../lib/sds/contract.js";
import type { InboundRegister } from "../../lib/store/inbound-register.js";
import { createMemoryInboundRegister } from "../../lib/store/memory-inbound-register.js";
import type { SpineSimulator } from "../adapter/simulator-link.js";
import type { OpenTransport } from "../adapter/transport-model.js";
import { createRefusalLog } from "./refusal-log.js";
import type { SimulatorPattern, TransportSettings } from "./transport-settings.js";

export interface TransportSession {
  readonly port: number;
  readonly open: OpenTransport;
  close(): Promise<void>;
}

/** Where a session reports what an operator may want to read; texts hold ids and codes only. */
export interface SessionLog {
  warn(text: string): void;
  debug(text: string): void;
}

/** By which the simulator addresses answers to a party that has named none. */
const inventedCpaId = parseCpaId("S2000SIM000001");

export const systemEffects: MhsEffects = {
  now: () => Date.now(),
  newUuid: () => randomUUID().toUpperCase(),
};

function follow({ events }: MessageHandlingService, log: SessionLog): void {
  events.on("warning", ({ code, message, messageId }) => {
    log.warn([code, message, messageId].filter((part) => part !== undefined).join(" "));
  });
  events.on(
    "refused",
    createRefusalLog(
      (text) => log.warn(text),
      () => Date.now(),
    ),
  );
  events.on("sending", ({ messageId, action, bytes }) => log.debug(`sending ${messageId} ${action} ${bytes}`));
  events.on("replied", ({ messageId, kind, httpStatus }) =>
    log.debug(`replied ${messageId} ${kind} ${httpStatus ?? ""}`),
  );
  events.on("received", ({ messageId, refToMessageId, disposition, bytes }) => {
    log.debug(`received ${messageId} ${refToMessageId ?? ""} ${disposition} ${bytes}`);
  });
}

/** What a session is opened with. */
interface SessionParts {
  readonly settings: TransportSettings;
  readonly contract: MessagingContract;
  readonly tls: TlsMaterial;
  readonly log: SessionLog;
}

function createService({ settings, contract, tls }: SessionParts, register: InboundRegister): MessageHandlingService {
  const { partyKey, ownCpaId, listener, connectTimeoutMilliseconds, replyTimeoutMilliseconds } = settings;
  const { host, port, path, maximumBytes, ackWhenNotRequested } = listener;
  return createMessageHandlingService({
    ownParty: ownCpaId === undefined ? { partyKey } : { partyKey, cpaId: ownCpaId },
    clientTls: tls,
    timeouts: { connectMilliseconds: connectTimeoutMilliseconds, replyMilliseconds: replyTimeoutMilliseconds },
    listener: { host, port, path, tls, limits: { maximumBodyBytes: maximumBytes } },
    inbound: { ackWhenNotRequested, peerPartyKey: contract.toPartyKey },
    register,
    effects: systemEffects,
  });
}

async function startSession(parts: SessionParts): Promise<TransportSession> {
  const { settings, contract, log } = parts;
  const register = createMemoryInboundRegister(systemEffects);
  const service = createService(parts, register);
  const close = async (): Promise<void> => {
    await service.close();
    await register.close();
  };
  follow(service, log);
  try {
    const { port } = await service.start();
    const open: OpenTransport = {
      fromAsid: settings.asid,
      organisation: settings.organisation,
      effects: systemEffects,
      contract: () => Promise.resolve(contract),
      request: (request) => service.request(request),
    };
    return { port, open, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens towards Spine. Throws CONFIG_PORT_IN_USE, CONFIG_LISTEN, CONFIG_INVALID, CONFIG_MISSING. */
export async function openSpineSession(
  settings: TransportSettings,
  contract: MessagingContract,
  tls: TlsMaterial,
  log: SessionLog,
): Promise<TransportSession> {
  return startSession({ settings, contract, tls, log });
}

/**
 * Opens towards the simulator, with certificates that it makes, and tells it where our listener is.
 * Throws as openSpineSession does.
 */
export async function openSimulatorSession(
  settings: TransportSettings,
  pattern: SimulatorPattern,
  simulator: SpineSimulator,
  log: SessionLog,
): Promise<TransportSession> {
  const { partyKey, asid, ownCpaId, listener } = settings;
  const { keyPem, certPem } = await simulator.issueClient(partyKey);
  const tls = { key: keyPem, cert: certPem, ca: simulator.caPem };
  const session = await startSession({ settings, contract: simulator.contracts[pattern], tls, log });
  simulator.registerParty({
    partyKey,
    asid,
    cpaId: ownCpaId ?? inventedCpaId,
    answerUrl: `https://${listener.host}:${session.port}${listener.path}`,
  });
  return {
    ...session,
    close: async () => {
      simulator.removeParty(partyKey);
      await session.close();
    },
  };
}
