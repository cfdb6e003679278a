// Puts the simulator together: listener, checks, register, answers.
import { EventEmitter } from "node:events";
import net from "node:net";
import { createAnswerGate } from "./answer-gate.js";
import { createAnswerSender } from "./answer-sender.js";
import type { DeliveryParts } from "./answer-delivery.js";
import { createBusinessInteractions } from "./business-interactions.js";
import { carryOut, parseCommand, type CommandTarget } from "./commands.js";
import type { ConversationParts } from "./conversation.js";
import { createFaultInjector } from "./faults.js";
import { openListener } from "./message-listener.js";
import type { SimulatorEvents, SpineSimulator, SpineSimulatorOptions } from "./model.js";
import type { IssuedCertificate } from "./pki.js";
import { createRecentMap } from "./recent-map.js";
import { createReliableSender, type ReliableSender } from "./reliable-sender.js";
import { createRegister } from "./register.js";
import { sampleChildren } from "./sample-children.js";
import { createParties } from "./simulated-parties.js";
import { contractsOf, patternOfPath } from "./spine-identity.js";
import { createRequestTaker } from "./take-request.js";
import { CpisError, isCpisError } from "../errors.js";
import { readSoapAction } from "../soap/soap-action.js";

const defaultMaximumBytes = 5_308_416;
const defaultIdsRemembered = 20_000;
const defaultAnswerTimeoutMilliseconds = 30_000;
const defaultLateAnswerMilliseconds = 45_000;
const maximumHeldAnswers = 10_000;

/** The simulator has no protection that a network would need: nobody but this machine may reach it. */
function requireLoopback(host: string): string {
  const address = host === "localhost" ? "127.0.0.1" : host;
  const isLoopback = (net.isIPv4(address) && address.startsWith("127.")) || address === "::1";
  if (!isLoopback) throw new CpisError("CONFIG_INVALID", { detail: "the simulator's host is not a loopback address" });
  return address;
}

function urlOf(host: string, port: number): string {
  return `https://${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}

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
function createParts(options: SpineSimulatorOptions, certificate: IssuedCertificate) {
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
  const conversation: ConversationParts = {
    effects,
    parties: parties.byKey,
    register: createRegister(options.records ?? sampleChildren(effects.now())),
    faults,
    business,
    acknowledgments: createRecentMap(maximumIds),
    hl7Ids: createRecentMap(maximumIds),
    acceptanceFailure: options.acceptanceFailure ?? "message-error",
    takeSignal: (signal) => reliable.takeSignal(signal),
    tell,
  };
  return { events, closing, parties, tell, failed, conversation, delivery, reliable };
}

type Parts = ReturnType<typeof createParts>;

function createControls({ conversation, delivery, failed }: Parts): CommandTarget {
  const { faults, register } = conversation;
  const { gate } = delivery;
  return {
    register,
    inject: (injection) => faults.inject(injection),
    clearFaults: () => faults.clear(),
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

/**
 * Opens a simulator of Spine's ebXML messaging and of CP-IS on a loopback address. It asks for client certificates of
 * its own authority, and posts answers with a certificate of it.
 * Throws CONFIG_INVALID for a host that is not loopback, CONFIG_PORT_IN_USE or CONFIG_LISTEN.
 */
export async function createSpineSimulator(options: SpineSimulatorOptions): Promise<SpineSimulator> {
  const host = requireLoopback(options.host ?? "127.0.0.1");
  const { effects, pki } = options;
  const certificate = await certificateOf(options, host);
  const parts = createParts(options, certificate);
  const { conversation, delivery, parties, closing, events } = parts;
  const listener = await openListener({
    host,
    port: options.port ?? 0,
    ...certificate,
    caPem: pki.caPem,
    maximumBytes: options.limits?.maximumBytes ?? defaultMaximumBytes,
    isKnownPath: (path) => patternOfPath(path) !== undefined,
    disturb: (soapAction) => conversation.faults.disturbanceFor("received", { action: actionOf(soapAction) }),
    take: createRequestTaker(parts),
    refused: (status, reason) => parts.tell("refused", { stage: "http", faults: [`status ${status}: ${reason}`] }),
    failed: parts.failed,
  });
  const url = urlOf(host, listener.port);
  const controls = createControls(parts);
  return {
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
    applyCommand: (command) => carryOut(parseCommand(command, effects.now()), controls),
    events,
    close: async () => {
      closing.abort();
      controls.dropHeldAnswers();
      delivery.sender.close();
      await listener.close();
      conversation.acknowledgments.clear();
      conversation.business.clear();
      conversation.hl7Ids.clear();
    },
  };
}
