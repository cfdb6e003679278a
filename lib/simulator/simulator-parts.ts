// What lives as long as the simulator, before it listens: events, register, PDS, and all that sends.
import { EventEmitter } from "node:events";
import type { DeliveryParts } from "./spine/answer-delivery.js";
import { createAnswerGate } from "./spine/answer-gate.js";
import { createAnswerSender } from "./spine/answer-sender.js";
import { createAuthoritySide, type AuthoritySide, type AuthoritySideParts } from "./cpis/authority-service.js";
import { createBusinessInteractions, type BusinessInteractions } from "./spine/business-interactions.js";
import type { ConversationParts } from "./spine/conversation.js";
import { createFaultInjector, type FaultInjector } from "./spine/faults.js";
import type { MeshServer } from "./mesh/mesh-server-model.js";
import type { SimulatorEvents, SpineSimulatorOptions } from "./model.js";
import type { IssuedCertificate } from "./pki/pki.js";
import { createRecentMap } from "./recent-map.js";
import { createRegister } from "./cpis/register.js";
import { createReliableSender, type ReliableSender } from "./spine/reliable-sender.js";
import { sampleChildren } from "./cpis/sample-children.js";
import { createParties, type SimulatedParties } from "./simulated-parties.js";
import { createSimulatedPds, type SimulatedPds } from "./cpis/simulated-pds.js";
import { uploadInteraction } from "./spine/spine-identity.js";
import { CpisError, isCpisError } from "../errors.js";

const defaultIdsRemembered = 20_000;
const defaultAnswerTimeoutMilliseconds = 30_000;
const defaultLateAnswerMilliseconds = 45_000;
const maximumHeldAnswers = 10_000;
/** As many as the register holds. */
const maximumPeopleOnPds = 200_000;

function createTelling() {
  const events = new EventEmitter<SimulatorEvents>();
  const closing = new AbortController();
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
  return { events, closing, tell, failed };
}

type Telling = ReturnType<typeof createTelling>;

export interface SimulatorParts extends Telling {
  readonly parties: SimulatedParties;
  readonly conversation: ConversationParts;
  readonly delivery: DeliveryParts;
  readonly reliable: ReliableSender;
  readonly pds: SimulatedPds;
  readonly authorities: AuthoritySide;
  readonly mesh: MeshServer | undefined;
}

function createDelivery(
  options: SpineSimulatorOptions,
  certificate: IssuedCertificate,
  faults: FaultInjector,
  { events, closing, tell }: Telling,
): DeliveryParts {
  const { effects, pki, limits = {} } = options;
  return {
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
}

function createBusiness(options: SpineSimulatorOptions, maximumIds: number): BusinessInteractions {
  const business = createBusinessInteractions(maximumIds);
  business.register(uploadInteraction);
  for (const interaction of options.interactions ?? []) business.register(interaction);
  return business;
}

function createRegisterWithPds({ records, effects }: SpineSimulatorOptions) {
  const pds = createSimulatedPds(maximumPeopleOnPds);
  const register = createRegister(records ?? sampleChildren(effects.now()), { added: (record) => pds.learn(record) });
  return { pds, register };
}

/** Throws CONFIG_INVALID for records or interactions that cannot be. */
export function createSimulatorParts(
  options: SpineSimulatorOptions,
  certificate: IssuedCertificate,
  mesh: MeshServer | undefined,
): SimulatorParts {
  const { effects } = options;
  const maximumIds = options.limits?.maximumIdsRemembered ?? defaultIdsRemembered;
  const telling = createTelling();
  const parties = createParties();
  const faults = createFaultInjector(options.seed ?? 1);
  const business = createBusiness(options, maximumIds);
  const { pds, register } = createRegisterWithPds(options);
  const delivery = createDelivery(options, certificate, faults, telling);
  const reliable = createReliableSender({ parties: parties.byKey, delivery });
  const shared = { effects, register, parties: parties.byKey, tell: telling.tell };
  const authorityParts: AuthoritySideParts = {
    ...shared,
    pds,
    mesh,
    accessDelayMilliseconds: options.accessNotificationDelayMilliseconds ?? 0,
    unreadableFiles: options.unreadableFiles ?? "report",
    maximumIds,
    sendReliable: (message) => reliable.send(message),
    failed: telling.failed,
  };
  const authorities = createAuthoritySide(authorityParts);
  mesh?.keepMailbox(mesh.cpisMailbox, authorities.keeper);
  mesh?.events.on("error", telling.failed);
  const conversation: ConversationParts = {
    ...shared,
    authorities,
    faults,
    business,
    acknowledgments: createRecentMap(maximumIds),
    hl7Ids: createRecentMap(maximumIds),
    acceptanceFailure: options.acceptanceFailure ?? "message-error",
    syncSoapForm: options.syncSoapForm ?? "spine",
    takeSignal: (signal) => reliable.takeSignal(signal),
  };
  return { ...telling, parties, conversation, delivery, reliable, pds, authorities, mesh };
}
