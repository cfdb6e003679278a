// How a transport is, what it tells its users of that, and what it offers them, whatever it carries messages by.
import type { Node } from "node-red";
import type { CpisError, ErrorCode } from "../../../lib/errors.js";
import type { StatusShape } from "../runtime/node-status.js";

/** While a transport has no session. */
export type UnopenedState =
  /** No user yet, or closing. */
  | { readonly kind: "closed" }
  | { readonly kind: "opening" }
  | { readonly kind: "waiting-for-simulator" }
  /** `willRetry`: another try follows by itself; otherwise someone must change the settings. */
  | { readonly kind: "failed"; readonly error: CpisError; readonly willRetry: boolean };

/** It is open, and the message store refuses work: nothing is sent or taken until the store recovers by itself. */
export interface StoreUnavailableState {
  readonly kind: "store-unavailable";
  readonly error: CpisError;
}

/** What is wrong with the contract that messages are sent by. */
export type ContractTrouble =
  /** One is used that is older than it should be: the directory does not answer, which `code` tells. */
  | { readonly kind: "old"; readonly ageMilliseconds: number; readonly code: ErrorCode }
  /** There is none: what needs it fails with the code. It is asked for again by itself. */
  | { readonly kind: "missing"; readonly code: ErrorCode };

/** Of a transport to which messages are brought. */
export type ListeningState =
  { readonly kind: "listening"; readonly port: number; readonly trouble?: ContractTrouble } | StoreUnavailableState;

/** Of a transport that collects its messages. Times are milliseconds since 1970, of the last success. */
export type CollectingState =
  /** Its peer was not reached yet. What is given to it is stored and sent later. */
  | { readonly kind: "connecting" }
  /** `foreign`: how many messages in the mailbox are not ours, and are left there. */
  | { readonly kind: "collecting"; readonly lastAt?: number; readonly foreign?: number }
  /** As before; it tries again by itself. */
  | { readonly kind: "peer-unavailable"; readonly error: CpisError; readonly lastAt?: number }
  | StoreUnavailableState;

export type TransportState = UnopenedState | ListeningState | CollectingState;

/** The state with the words that every user shows for it. */
export interface TransportReport {
  readonly state: TransportState;
  readonly status: StatusShape;
}

/** A transport as the nodes that use it see it. */
export interface Transport<Open> {
  /** Its name, or its id when it has none. */
  readonly label: string;
  /** Whether all that it sends and gets is the simulator's. */
  readonly isSimulated: boolean;
  /** The listener is called at once, and at every change. */
  addUser(user: Node, listener: (report: TransportReport) => void): void;
  removeUser(user: Node): Promise<void>;
  /**
   * Waits while the transport is opening, but not for long. Throws the error that keeps it from opening, or
   * CONFIG_CLOSED.
   */
  whenOpen(signal: AbortSignal): Promise<Open>;
}
