// Puts the simulator together: listener, checks, register, answers.
import { EventEmitter } from "node:events";
import { createAnswerGate } from "./answer-gate.js";
import { createAnswerSender } from "./answer-sender.js";
import { createAuthoritySide } from "./authority-side.js";
import type { DeliveryParts } from "./answer-delivery.js";
import { createBusinessInteractions } from "./business-interactions.js";
import { carryOut, parseCommand, type CommandTarget } from "./commands.js";
import type { ConversationParts } from "./conversation.js";
import { createFaultInjector } from "./faults.js";
import { openListener, type MessageListener } from "./message-listener.js";
import { httpsUrl, requireLoopback } from "./loopback-address.js";
import { createMeshServer } from "./mesh-server.js";
import type { MeshServer } from "./mesh-server-model.js";
import type { SimulatorEvents, SpineSimulator, SpineSimulatorOptions } from "./model.js";
import type { IssuedCertificate } from "./pki.js";
import { createRecentMap } from "./recent-map.js";
import { createReliableSender, type ReliableSender } from "./reliable-sender.js";
import { createRegister } from "./register.js";
import { sampleChildren } from "./sample-children.js";
import { createParties } from "./simulated-parties.js";
import { createSimulatedPds } from "./simulated-pds.js";
import { contractsOf, patternOfPath, uploadInteraction } from "./spine-identity.js";
import { createRequestTaker } from "./take-request.js";
import { CpisError, isCpisError } from "../errors.js";
import { readSoapAction } from "../soap/soap-action.js";

const defaultMaximumBytes = 5_308_416;
const defaultIdsRemembered = 20_000;
const defaultAnswerTimeoutMilliseconds = 30_000;
const defaultLateAnswerMilliseconds = 45_000;
const maximumHeldAnswers = 10_000;

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

/** What lives as long as the simulator, before it listens. */
function createParts(options: SpineSimulatorOptions, certificate: IssuedCertificate, mesh: MeshServer | undefined) {
  const { effects, pki, limits = {} } = options;
  const maximumIds = limits.maximumIdsRemembered ?? defaultIdsRemembered;
  const events = new EventEmitter<SimulatorEvents>();
  const closing = new AbortController();
  const parties = createParties();
  const tell = <Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void => {
    // An emitter without a listener for "error" throws; here an error is for those who care to know.
    if (events.listenerCount(name) > 0) (events as EventEmitter).emit(name, ...event);
  };
  const failed = (cause: unknown): void => {
    if (closing.signal.aborted) return;
    tell(
      "error",
      isCpisError(cause) ? cause : new CpisError("CPIS_INTERNAL", { detail: "the Spine simulator", cause }),
    );
  };
  const faults = createFaultInjector(options.seed ?? 1);
  const business = createBusinessInteractions(maximumIds);
  business.register(uploadInteraction);
  for (const interaction of options.interactions ?? []) business.register(interaction);
  const delivery: DeliveryParts = {
    effects,
    sender: createAnswerSender({
      ...certificate,
      caPem: pki.caPem,
      timeoutMilliseconds: limits.answerTimeoutMilliseconds ?? defaultAnswerTimeoutMilliseconds,
      disturb: ({ action, messageId }) => faults.disturbanceFor("sent", { action, messageId }),
      signal: closing.signal,
    }),
    gate: createAnswerGate(maximumHeldAnswers),
    answerDelayMilliseconds: options.answerDelayMilliseconds ?? 0,
    lateAnswerMilliseconds: options.lateAnswerMilliseconds ?? defaultLateAnswerMilliseconds,
    signal: closing.signal,
    isWatched: (name) => events.listenerCount(name) > 0,
    tell,
  };
  const reliable: ReliableSender = createReliableSender({ parties: parties.byKey, delivery });
  const pds = createSimulatedPds(maximumIds);
  const register = createRegister(options.records ?? sampleChildren(effects.now()), {
    added: (record) => pds.learn(record),
  });
  const authorities = createAuthoritySide({
    effects,
    register,
    pds,
    mesh,
    parties: parties.byKey,
    accessDelayMilliseconds: options.accessNotificationDelayMilliseconds ?? 0,
    unreadableFiles: options.unreadableFiles ?? "report",
    maximumIds,
    sendReliable: (message) => reliable.send(message),
    tell,
    failed,
  });
  mesh?.keepMailbox(mesh.cpisMailbox, authorities.keeper);
  mesh?.events.on("error", failed);
  const conversation: ConversationParts = {
    effects,
    parties: parties.byKey,
    register,
    authorities,
    faults,
    business,
    acknowledgments: createRecentMap(maximumIds),
    hl7Ids: createRecentMap(maximumIds),
    acceptanceFailure: options.acceptanceFailure ?? "message-error",
    takeSignal: (signal) => reliable.takeSignal(signal),
    tell,
  };
  return { events, closing, parties, tell, failed, conversation, delivery, reliable, pds, authorities, mesh };
}

function requireMesh(mesh: MeshServer | undefined): MeshServer {
  if (mesh === undefined) throw new CpisError("CONFIG_INVALID", { detail: "the simulator runs without MESH" });
  return mesh;
}

type Parts = ReturnType<typeof createParts>;

function createControls({ conversation, delivery, failed, mesh }: Parts): Omit<CommandTarget, "pds" | "authorities"> {
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

function openSpineListener(
  options: SpineSimulatorOptions,
  host: string,
  certificate: IssuedCertificate,
  parts: Parts,
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

/**
 * Opens a simulator of Spine's ebXML messaging and of CP-IS on a loopback address. It asks for client certificates of
 * its own authority, and posts answers with a certificate of it. Beside it opens a simulated MESH, where CP-IS has a
 * mailbox.
 * Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN.
 */
export async function createSpineSimulator(options: SpineSimulatorOptions): Promise<SpineSimulator> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const { effects, pki } = options;
  const certificate = await certificateOf(options, host);
  const mesh = await openMesh(options, host, certificate);
  const parts = createParts(options, certificate, mesh);
  const { conversation, delivery, parties, closing, events } = parts;
  const listener = await openSpineListener(options, host, certificate, parts).catch(async (cause: unknown) => {
    await mesh?.close();
    throw cause;
  });
  const url = httpsUrl(host, listener.port);
  const controls = createControls(parts);
  return {
    get mesh() {
      return requireMesh(mesh);
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
      await Promise.all([listener.close(), mesh?.close()]);
      conversation.acknowledgments.clear();
      conversation.business.clear();
      conversation.hl7Ids.clear();
    },
  };
}
