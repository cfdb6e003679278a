// The ground of the simulator: patterns, effects, parties, and what it tells of.
import type { Author, LocalAuthority } from "../cpis/model.js";
import type { CpisError } from "../errors.js";

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

export interface RegisterAccess {
  /** The event id of the query. */
  readonly accessId: string;
  /** Milliseconds since 1970. */
  readonly accessedAt: number;
  readonly author: Author;
}

/** What one business message did. */
export interface RecordedEffect {
  /** Of the HL7 message; that of the ebXML message when the payload has none. */
  readonly id: string;
  /** Of the ebXML message that was taken first. */
  readonly messageId: string;
  readonly service: string;
  readonly action: string;
  readonly fromPartyKey: string;
  /** How often it took effect: more than once shows a sender that gives a message a second MessageId. */
  readonly count: number;
}

/** Named as in the ebXML header. */
export interface BusinessInteraction {
  readonly service: string;
  readonly action: string;
  /** Also taken without acknowledgment, in the express pattern. Default false. */
  readonly isExpressToo?: boolean;
}

/** A message to a registered party, as Spine would send it. */
export interface ReliableMessage {
  readonly partyKey: string;
  readonly service: string;
  readonly action: string;
  readonly payload: Uint8Array;
  /** Default "reliable". */
  readonly pattern?: "reliable" | "forwardReliable";
  /** Default: a fresh one, as for the conversation. */
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly refToMessageId?: string;
  /** Sends after the first. Default 2. */
  readonly retries?: number;
  /** Default 2 s. */
  readonly retryIntervalMilliseconds?: number;
  /** From the first send until it is given up. Default 30 s. */
  readonly persistDurationMilliseconds?: number;
}

/** `attempts`: how often the bytes were sent. */
export type ReliableOutcome =
  /** "post": by a message of its own. */
  | {
      readonly kind: "acknowledged";
      readonly messageId: string;
      readonly attempts: number;
      readonly by: "reply" | "post";
    }
  | {
      readonly kind: "given-up";
      readonly messageId: string;
      readonly attempts: number;
      /** "refused": the party said that it will not take the message, however often it comes. */
      readonly reason: "not-acknowledged" | "refused" | "closed";
    };

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
