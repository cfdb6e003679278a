// What lives as long as the simulator, before it listens: events, register, PDS, and all that sends.
import { EventEmitter } from "node:events";
import type { DeliveryParts } from "./spine/answer-delivery.js";
import { createAnswerGate } from "./spine/answer-gate.js";
import { createAnswerSender } from "./spine/answer-sender.js";
import {
  createAuthoritySide,
  type AuthoritySide,
  type AuthoritySideParts,
  type UnreadableFileAnswer,
} from "./cpis/authority-service.js";
import { createBusinessInteractions, type BusinessInteractions } from "./spine/business-interactions.js";
import type { BusinessInteraction, SimulatorEffects, SimulatorEvents, SyncSoapForm, SimulatedParty } from "./model.js";
import type { ConversationParts } from "./spine/conversation.js";
import { createFaultInjector, type FaultInjector } from "./spine/faults.js";
import type { MeshServer } from "./mesh/mesh-server-model.js";
import type { IssuedCertificate, Pki } from "./pki/pki.js";
import { createRecentMap } from "./recent-map.js";
import { createRegister, type RegisterRecord } from "./cpis/register.js";
import { createReliableSender, type ReliableSender } from "./spine/reliable-sender.js";
import { sampleChildren } from "./cpis/sample-children.js";
import { createSimulatedPds, type SimulatedPds } from "./cpis/simulated-pds.js";
import { uploadInteraction } from "./spine-identity.js";
import { CpisError, isCpisError } from "../errors.js";
import { isAsid } from "../identifiers.js";

const maximumParties = 1000;

export interface SimulatedParties {
  readonly byKey: ReadonlyMap<string, SimulatedParty>;
  /** Replaces a party of the same key. Throws CONFIG_INVALID. */
  register(party: SimulatedParty): void;
  remove(partyKey: string): void;
}

function refusal(detail: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail });
}

function requireParty(party: SimulatedParty): void {
  if (party.partyKey.trim() === "") throw refusal("the party key of a simulated party is empty");
  if (party.cpaId.trim() === "") throw refusal("the CPA id of a simulated party is empty");
  if (party.odsCode?.trim() === "") throw refusal("the ODS code of a simulated party is empty");
  if (!isAsid(party.asid)) throw refusal("the ASID of a simulated party has not 12 digits");
  if (!URL.canParse(party.answerUrl) || new URL(party.answerUrl).protocol !== "https:") {
    throw refusal("the answer address of a simulated party is no https address");
  }
}

export function createParties(): SimulatedParties {
  const byKey = new Map<string, SimulatedParty>();
  return {
    byKey,
    register: (party) => {
      requireParty(party);
      if (byKey.size >= maximumParties && !byKey.has(party.partyKey)) {
        throw refusal(`more than ${maximumParties} simulated parties`);
      }
      byKey.set(party.partyKey, party);
    },
    remove: (partyKey) => {
      byKey.delete(partyKey);
    },
  };
}

export interface SimulatorLimits {
  /** Of the body of a request; larger ones get status 413. Default 5,308,416 as Spine's. */
  readonly maximumBytes?: number;
  /** How many message ids and effects are remembered; the oldest are forgotten. Default 20,000. */
  readonly maximumIdsRemembered?: number;
  /** How long an answer may take to be taken by a client. Default 30 s. */
  readonly answerTimeoutMilliseconds?: number;
}

/** What those who live as long as the simulator must know; the rest is for those that listen. */
export interface SimulatorPartsOptions {
  readonly pki: Pki;
  readonly effects: SimulatorEffects;
  /** Taken beside the query, reliable or forward-reliable; more can be registered later. */
  readonly interactions?: readonly BusinessInteraction[];
  /** Default: the sample children. */
  readonly records?: readonly RegisterRecord[];
  /** Of the random choices of injected faults with a rate. Default 1. */
  readonly seed?: number;
  /** Between the reply to a query and its answer. Default 0. */
  readonly answerDelayMilliseconds?: number;
  /** The delay of an answer that comes too late. Default 45 s. */
  readonly lateAnswerMilliseconds?: number;
  /** How a message is refused that breaks the rules of its pattern. Default "message-error". */
  readonly acceptanceFailure?: "message-error" | "soap-fault";
  /** Default "spine". */
  readonly syncSoapForm?: SyncSoapForm;
  /**
   * From an access until the local authorities are told, together with those of the meantime. "on-command": by the
   * command "notify-accesses" only. Default 0.
   */
  readonly accessNotificationDelayMilliseconds?: number | "on-command";
  /** How a file that cannot be read is refused over MESH: by report 15, or by an answer with CPF01. Default "report". */
  readonly unreadableFiles?: UnreadableFileAnswer;
  readonly limits?: SimulatorLimits;
}

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
  options: SimulatorPartsOptions,
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

function createBusiness(options: SimulatorPartsOptions, maximumIds: number): BusinessInteractions {
  const business = createBusinessInteractions(maximumIds);
  business.register(uploadInteraction);
  for (const interaction of options.interactions ?? []) business.register(interaction);
  return business;
}

function createRegisterWithPds({ records, effects }: SimulatorPartsOptions) {
  const pds = createSimulatedPds(maximumPeopleOnPds);
  const register = createRegister(records ?? sampleChildren(effects.now()), { added: (record) => pds.learn(record) });
  return { pds, register };
}

/** Throws CONFIG_INVALID for records or interactions that cannot be. */
export function createSimulatorParts(
  options: SimulatorPartsOptions,
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
