// Puts the simulator together: listener, checks, register, answers.
import type { EventEmitter } from "node:events";
import { carryOut, parseCommand, type CommandOutcome, type CommandTarget } from "./commands.js";
import { httpsUrl, requireLoopback } from "./loopback-server.js";
import { createMeshServer } from "./mesh/mesh-server.js";
import type { MeshServer, MeshServerOptions } from "./mesh/mesh-server-model.js";
import { openListener, type MessageListener } from "./spine/message-listener.js";
import type {
  SimulatedParty,
  SimulatedPattern,
  SimulatorEvents,
  BusinessInteraction,
  ReliableMessage,
  ReliableOutcome,
} from "./model.js";
import type { IssuedCertificate } from "./pki/pki.js";
import { createSimulatorParts, type SimulatorParts, type SimulatorPartsOptions } from "./simulator-parts.js";
import { contractsOf, patternOfPath } from "./spine-identity.js";
import { createRequestTaker } from "./spine/take-request.js";
import { createSdsServer, type SdsServer, type SdsServerOptions } from "./sds/sds-server.js";
import { createSmspServer, type SmspServer, type SmspServerOptions } from "./smsp/smsp-server.js";
import type { CpisRegister } from "./cpis/register.js";
import type { EffectRecord } from "./spine/business-interactions.js";
import type { FaultInjection } from "./spine/faults.js";
import { CpisError } from "../errors.js";
import type { MessagingContract } from "../sds/contract.js";
import { readSoapAction } from "../soap/soap-action.js";

/** The simulated MESH shares host, certificates and clock with the simulator. */
export type SimulatedMeshOptions = Omit<MeshServerOptions, "host" | "pki" | "effects" | "certificate">;

/** The simulated directory shares host, certificates and ids with the simulator, and knows where that listens. */
export type SimulatedSdsOptions = Omit<SdsServerOptions, "host" | "pki" | "effects" | "certificate" | "messagingUrl">;

/** The simulated mini service shares register, host, certificates and clock with the simulator. */
export type SimulatedSmspOptions = Omit<
  SmspServerOptions,
  "host" | "pki" | "effects" | "certificate" | "register" | "accessed" | "refused"
>;

export interface SpineSimulatorOptions extends SimulatorPartsOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Certificate of the simulator for server and client use; one is issued when absent. */
  readonly certificate?: IssuedCertificate;
  /** The simulated MESH. False: there is none. Default: on any free port of the same host. */
  readonly mesh?: SimulatedMeshOptions | false;
  /** The simulated Spine Directory Service. False: there is none. Default: on any free port of the same host. */
  readonly sds?: SimulatedSdsOptions | false;
  /** The simulated Spine mini service. False: there is none. Default: on any free port of the same host. */
  readonly smsp?: SimulatedSmspOptions | false;
}

export interface SpineSimulator {
  /** The simulated MESH. Throws CONFIG_INVALID when the simulator runs without. */
  readonly mesh: MeshServer;
  /** The simulated Spine Directory Service. Throws CONFIG_INVALID when the simulator runs without. */
  readonly sds: SdsServer;
  /** The simulated Spine mini service. Throws CONFIG_INVALID when the simulator runs without. */
  readonly smsp: SmspServer;
  readonly host: string;
  readonly port: number;
  /** "https://127.0.0.1:12345", without a path. */
  readonly url: string;
  /** What a client must know to ask, by pattern. */
  readonly contracts: Readonly<Record<SimulatedPattern, MessagingContract>>;
  readonly caPem: string;
  /** A certificate for a client and its listener on loopback. */
  issueClient(name: string): Promise<IssuedCertificate>;
  /** Replaces a party of the same key. Throws CONFIG_INVALID. */
  registerParty(party: SimulatedParty): void;
  removeParty(partyKey: string): void;
  readonly register: CpisRegister;
  /** From now on messages of this interaction are taken, beside the query. Throws CONFIG_INVALID. */
  registerInteraction(interaction: BusinessInteraction): void;
  /** What the messages of registered interactions did. */
  readonly effects: EffectRecord;
  /**
   * Sends a message to a party until it is acknowledged, refused or given up; always the same bytes. Faults of
   * direction "sent" befall each sending apart. Throws CONFIG_INVALID.
   */
  sendReliable(message: ReliableMessage): Promise<ReliableOutcome>;
  /** Throws CONFIG_INVALID beyond 1000 faults, or for a fault that could never happen. */
  inject(injection: FaultInjection): void;
  clearFaults(): void;
  /** Keeps answers back until they are released. */
  holdAnswers(): void;
  /** Sends the answers kept back, one after the other in this order, and holds no more. Gives how many there were. */
  releaseAnswers(order: "in-order" | "reverse"): number;
  /** How many answers are kept back. */
  readonly heldAnswers: number;
  /** Carries out a JSON command; see its type. Throws CONFIG_INVALID with what is wrong with it. */
  applyCommand(command: unknown): CommandOutcome;
  readonly events: EventEmitter<SimulatorEvents>;
  /** Cuts all connections, sends nothing more, and forgets everything. */
  close(): Promise<void>;
}

const defaultMaximumBytes = 5_308_416;

function certificateOf(options: SpineSimulatorOptions, host: string): Promise<IssuedCertificate> {
  if (options.certificate !== undefined) return Promise.resolve(options.certificate);
  return options.pki.issue({
    commonName: "Spine simulator",
    dnsNames: ["localhost"],
    ipAddresses: [host],
    usage: "both",
  });
}

/** What stands after the last slash of a SOAPAction. */
function actionOf(soapAction: string | undefined): string {
  const text = readSoapAction(soapAction ?? "");
  return text.slice(text.lastIndexOf("/") + 1);
}

function requireMesh(mesh: MeshServer | undefined): MeshServer {
  if (mesh === undefined) throw new CpisError("CONFIG_INVALID", { detail: "the simulator runs without MESH" });
  return mesh;
}

function createControls({
  conversation,
  delivery,
  failed,
  mesh,
}: SimulatorParts): Omit<CommandTarget, "pds" | "authorities"> {
  const { faults, register } = conversation;
  const { gate } = delivery;
  return {
    register,
    inject: (injection) => faults.inject(injection),
    clearFaults: () => {
      faults.clear();
      mesh?.clearFaults();
    },
    injectMeshFault: (injection) => requireMesh(mesh).inject(injection),
    holdAnswers: () => gate.hold(),
    releaseAnswers: (order) => {
      const released = gate.release(order);
      const sendAll = async (): Promise<void> => {
        for (const send of released) await send();
      };
      sendAll().catch(failed);
      return released.length;
    },
    dropHeldAnswers: () => gate.drop(),
  };
}

async function openMesh(
  options: SpineSimulatorOptions,
  host: string,
  certificate: IssuedCertificate,
): Promise<MeshServer | undefined> {
  if (options.mesh === false) return undefined;
  const { pki, effects } = options;
  return createMeshServer({ ...options.mesh, host, pki, effects, certificate });
}

async function openSds(
  options: SpineSimulatorOptions,
  certificate: IssuedCertificate,
  { host, url }: { readonly host: string; readonly url: string },
): Promise<SdsServer | undefined> {
  if (options.sds === false) return undefined;
  const { pki, effects } = options;
  return createSdsServer({ ...options.sds, host, pki, effects, certificate, messagingUrl: url });
}

function openSmsp(
  options: SpineSimulatorOptions,
  certificate: IssuedCertificate,
  host: string,
  { conversation, authorities, tell }: SimulatorParts,
): Promise<SmspServer | undefined> {
  if (options.smsp === false) return Promise.resolve(undefined);
  const { pki, effects } = options;
  return createSmspServer({
    ...options.smsp,
    ...{ host, pki, effects, certificate },
    register: conversation.register,
    accessed: (access) => {
      tell("access", access);
      authorities.accessed(access.nhsNumber, access.access);
    },
    refused: (reason) => tell("refused", { stage: "query", faults: [reason] }),
  });
}

function requireSmsp(smsp: SmspServer | undefined): SmspServer {
  if (smsp === undefined)
    throw new CpisError("CONFIG_INVALID", { detail: "the simulator runs without a mini service" });
  return smsp;
}

function requireSds(sds: SdsServer | undefined): SdsServer {
  if (sds === undefined) throw new CpisError("CONFIG_INVALID", { detail: "the simulator runs without SDS" });
  return sds;
}

function openSpineListener(
  options: SpineSimulatorOptions,
  host: string,
  certificate: IssuedCertificate,
  parts: SimulatorParts,
): Promise<MessageListener> {
  const { faults } = parts.conversation;
  return openListener({
    host,
    port: options.port ?? 0,
    ...certificate,
    caPem: options.pki.caPem,
    maximumBytes: options.limits?.maximumBytes ?? defaultMaximumBytes,
    isKnownPath: (path) => patternOfPath(path) !== undefined,
    disturb: (soapAction) => faults.disturbanceFor("received", { action: actionOf(soapAction) }),
    take: createRequestTaker(parts),
    refused: (status, reason) => parts.tell("refused", { stage: "http", faults: [`status ${status}: ${reason}`] }),
    failed: parts.failed,
  });
}

/** Also throws CONFIG_INVALID, for records or interactions that cannot be. */
async function openParts(
  options: SpineSimulatorOptions,
  host: string,
  certificate: IssuedCertificate,
  mesh: MeshServer | undefined,
): Promise<{ readonly parts: SimulatorParts; readonly listener: MessageListener }> {
  const parts = createSimulatorParts(options, certificate, mesh);
  return { parts, listener: await openSpineListener(options, host, certificate, parts) };
}

/**
 * Opens a simulator of Spine's ebXML messaging and of CP-IS on a loopback address. It asks for client certificates of
 * its own authority, and posts answers with a certificate of it. Beside it opens a simulated MESH, where CP-IS has a
 * mailbox, a simulated Spine Directory Service, and a simulated Spine mini service.
 * Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN.
 */
export async function createSpineSimulator(options: SpineSimulatorOptions): Promise<SpineSimulator> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const { effects, pki } = options;
  const certificate = await certificateOf(options, host);
  const mesh = await openMesh(options, host, certificate);
  const { parts, listener } = await openParts(options, host, certificate, mesh).catch(async (cause: unknown) => {
    await mesh?.close();
    throw cause;
  });
  const { conversation, delivery, parties, closing, events } = parts;
  const url = httpsUrl(host, listener.port);
  const controls = createControls(parts);
  const closeListeners = async (): Promise<void> => {
    await Promise.all([listener.close(), mesh?.close()]);
  };
  const sds = await openSds(options, certificate, { host, url }).catch(async (cause: unknown) => {
    await closeListeners();
    throw cause;
  });
  const smsp = await openSmsp(options, certificate, host, parts).catch(async (cause: unknown) => {
    await Promise.all([closeListeners(), sds?.close()]);
    throw cause;
  });
  return {
    get mesh() {
      return requireMesh(mesh);
    },
    get sds() {
      return requireSds(sds);
    },
    get smsp() {
      return requireSmsp(smsp);
    },
    host,
    port: listener.port,
    url,
    contracts: contractsOf(url),
    caPem: pki.caPem,
    issueClient: (name) =>
      pki.issue({ commonName: name, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], usage: "both" }),
    registerParty: (party) => parties.register(party),
    removeParty: (partyKey) => parties.remove(partyKey),
    registerInteraction: (interaction) => conversation.business.register(interaction),
    effects: conversation.business,
    sendReliable: (message) => parts.reliable.send(message),
    ...controls,
    get heldAnswers() {
      return delivery.gate.held;
    },
    applyCommand: (command) => carryOut(parseCommand(command, effects.now()), { ...parts, ...controls }),
    events,
    close: async () => {
      closing.abort();
      parts.authorities.close();
      controls.dropHeldAnswers();
      delivery.sender.close();
      await Promise.all([closeListeners(), sds?.close(), smsp?.close()]);
      conversation.acknowledgments.clear();
      conversation.business.clear();
      conversation.hl7Ids.clear();
    },
  };
}
