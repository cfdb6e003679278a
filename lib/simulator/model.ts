// What the Spine simulator is to those who use it: its options, its handles and its events.
import type { EventEmitter } from "node:events";
import type { UnreadableFileAnswer } from "./cpis/authority-service.js";
import type { BusinessInteraction, EffectRecord, RecordedEffect } from "./spine/business-interactions.js";
import type { CommandOutcome } from "./commands.js";
import type { FaultInjection } from "./spine/faults.js";
import type { MeshServer, MeshServerOptions } from "./mesh/mesh-server-model.js";
import type { IssuedCertificate, Pki } from "./pki/pki.js";
import type { ReliableMessage, ReliableOutcome } from "./spine/reliable-sender.js";
import type { SdsServer, SdsServerOptions } from "./sds/sds-server.js";
import type { SmspServer, SmspServerOptions } from "./smsp/smsp-server.js";
import type { CpisRegister, RegisterAccess, RegisterRecord } from "./cpis/register.js";
import type { LocalAuthority } from "../cpis/model.js";
import type { CpisError } from "../errors.js";
import type { MessagingContract } from "../sds/contract.js";

/** The patterns in which the simulator takes messages. */
export type SimulatedPattern = SimulatedEbxmlPattern | "syncSoap";

/** Those of them that travel as ebXML. */
export type SimulatedEbxmlPattern = "express" | "reliable" | "forwardReliable";

/**
 * How replies of the synchronous form look. "spine": records with an element around them, failures bare with a prefix,
 * without query response code and with sender and receiver swapped, acknowledgements with an element of another name
 * around them. "wrapped": all with an element around them. "bare": none.
 */
export type SyncSoapForm = "spine" | "wrapped" | "bare";

/** Effects are passed in, so that tests decide the time and the ids. */
export interface SimulatorEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

export interface SimulatorLimits {
  /** Of the body of a request; larger ones get status 413. Default 5,308,416 as Spine's. */
  readonly maximumBytes?: number;
  /** How many message ids and effects are remembered; the oldest are forgotten. Default 20,000. */
  readonly maximumIdsRemembered?: number;
  /** How long an answer may take to be taken by a client. Default 30 s. */
  readonly answerTimeoutMilliseconds?: number;
}

/** The simulated MESH shares host, certificates and clock with the simulator. */
export type SimulatedMeshOptions = Omit<MeshServerOptions, "host" | "pki" | "effects" | "certificate">;

/** The simulated directory shares host, certificates and ids with the simulator, and knows where that listens. */
export type SimulatedSdsOptions = Omit<SdsServerOptions, "host" | "pki" | "effects" | "certificate" | "messagingUrl">;

/** The simulated mini service shares register, host, certificates and clock with the simulator. */
export type SimulatedSmspOptions = Omit<
  SmspServerOptions,
  "host" | "pki" | "effects" | "certificate" | "register" | "accessed" | "refused"
>;

export interface SpineSimulatorOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly pki: Pki;
  readonly effects: SimulatorEffects;
  /** Certificate of the simulator for server and client use; one is issued when absent. */
  readonly certificate?: IssuedCertificate;
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
  /** The simulated MESH. False: there is none. Default: on any free port of the same host. */
  readonly mesh?: SimulatedMeshOptions | false;
  /** The simulated Spine Directory Service. False: there is none. Default: on any free port of the same host. */
  readonly sds?: SimulatedSdsOptions | false;
  /** The simulated Spine mini service. False: there is none. Default: on any free port of the same host. */
  readonly smsp?: SimulatedSmspOptions | false;
  /**
   * From an access until the local authorities are told, together with those of the meantime. "on-command": by the
   * command "notify-accesses" only. Default 0.
   */
  readonly accessNotificationDelayMilliseconds?: number | "on-command";
  /** How a file that cannot be read is refused over MESH: by report 15, or by an answer with CPF01. Default "report". */
  readonly unreadableFiles?: UnreadableFileAnswer;
  readonly limits?: SimulatorLimits;
}

/** Somebody who may ask, and where the answers go. */
export interface SimulatedParty {
  readonly partyKey: string;
  readonly asid: string;
  /** Of the party's own contract: answers carry it. */
  readonly cpaId: string;
  /** An https address. */
  readonly answerUrl: string;
  /** Of a local authority: it gets the notifications for it, unless the authority has a MESH mailbox. */
  readonly odsCode?: string;
}

/** One HTTP exchange with all that was said, as text: the people in it are invented. */
export interface SimulatedExchange {
  /** "request": to the simulator. "answer": from the simulator to a party, be it an answer or not. */
  readonly kind: "request" | "answer";
  readonly action: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly refToMessageId?: string;
  readonly partyKey: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMilliseconds: number;
  /** Absent when there was no reply. */
  readonly status?: number;
  /** Start line, headers and body. */
  readonly request: string;
  /** "" when there was no reply. */
  readonly reply: string;
}

export type SimulatorEvents = {
  exchange: [SimulatedExchange];
  /** A child was looked at for the first time by this person in 24 hours: its local authorities would be told. */
  access: [
    {
      readonly nhsNumber: string;
      readonly access: RegisterAccess;
      readonly localAuthorities: readonly LocalAuthority[];
    },
  ];
  /** A message of a registered interaction took effect; `count` as in `effects`. */
  effect: [RecordedEffect & { readonly conversationId: string }];
  /** A file of a local authority was read, and answered. `faults`: why it was refused as a whole. */
  upload: [
    {
      readonly by: "mesh" | "ebxml";
      readonly messageId: string;
      /** Its ODS code. */
      readonly localAuthority: string;
      readonly fileId?: string;
      /** As in CPF02. */
      readonly fileCode: string;
      readonly records: number;
      readonly accepted: number;
      readonly refused: number;
      readonly faults: readonly string[];
    },
  ];
  /** A local authority is told of accesses, or of an inactive NHS number. */
  notification: [
    {
      readonly kind: "access" | "inactive";
      readonly by: "mesh" | "ebxml";
      /** Its ODS code. */
      readonly localAuthority: string;
      readonly messageId: string;
      readonly notificationId: string;
      /** Of accesses or of numbers; 0 in an empty notification. */
      readonly entries: number;
    },
  ];
  /** A message was refused, by the transport or by the checks of the query. */
  refused: [
    {
      readonly stage: "http" | "ebxml" | "query";
      readonly messageId?: string;
      readonly faults: readonly string[];
    },
  ];
  /** A party replied to a message of the simulator. `faults` are those of its Acknowledgment; none means that Spine would take it. */
  acknowledged: [
    {
      readonly messageId: string;
      readonly status: number;
      readonly faults: readonly string[];
    },
  ];
  /** A message could not be delivered, by an injected fault or not, or the simulator itself failed. */
  error: [CpisError];
};

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
