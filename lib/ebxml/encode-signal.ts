// Writes the ebXML signals, Acknowledgment and MessageError, and makes them for a message received.
import type { MessageId, PartyKey } from "../identifiers.js";
import type {
  Acknowledgment,
  BusinessMessage,
  EbxmlError,
  EncodedMessage,
  MessageError,
  RoutingHeader,
} from "./model.js";

export interface SignalIdentity {
  /** A new id: a signal is a message of its own. */
  readonly messageId: MessageId;
  /** The time now, "yyyy-MM-ddTHH:mm:ssZ". */
  readonly now: string;
  readonly ownPartyKey: PartyKey;
}

/** What went wrong; severity is Error and the context that of ebXML unless given. */
export type ErrorReport = Pick<EbxmlError, "errorCode"> & Partial<EbxmlError>;

export function acknowledgmentOf(message: BusinessMessage, identity: SignalIdentity): Acknowledgment {
  void [message, identity];
  throw new Error("stub");
}

export function messageErrorOf(
  received: RoutingHeader,
  identity: SignalIdentity,
  errors: readonly ErrorReport[],
): MessageError {
  void [received, identity, errors];
  throw new Error("stub");
}

/** Encodes an Acknowledgment as a text/xml body. */
export function encodeAcknowledgment(acknowledgment: Acknowledgment): EncodedMessage {
  void acknowledgment;
  throw new Error("stub");
}

/** Encodes a MessageError as a text/xml body. */
export function encodeMessageError(error: MessageError): EncodedMessage {
  void error;
  throw new Error("stub");
}
