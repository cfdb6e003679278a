// The replies that the listener gives to ebXML messages.
import {
  acknowledgmentOf,
  encodeAcknowledgment,
  encodeMessageError,
  messageErrorOf,
} from "../../ebxml/encode-signal.js";
import type { BusinessMessage, EncodedMessage, RoutingHeader } from "../../ebxml/model.js";
import { parseMessageId } from "../../identifiers.js";
import { encodeSoapFault } from "../../soap/fault.js";
import type { StoredReply } from "../../store/message-model.js";
import { formatEbxmlTime } from "../ebxml-time.js";
import type { MhsEffects, OwnParty } from "../model.js";

export interface Replier {
  /** The message was taken: an Acknowledgment where one is asked for or always given, else nothing. */
  accept(message: BusinessMessage): StoredReply;
  /** `errorCode` is an OASIS token (ebMS 2.0, 4.2.3.4.1). */
  refuse(received: RoutingHeader, errorCode: string, description: string): StoredReply;
  /** For what cannot be answered with ebXML: fault 201 of the national services. */
  fault(): StoredReply;
  /** To a signal: it is never answered with another (ebMS 2.0, 6.5.3). */
  empty(): StoredReply;
  /** The message was not taken and should come again. */
  unavailable(): StoredReply;
}

export interface ReplierOptions {
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  /** Whether a message that asks for no acknowledgment gets one; else 202 without a body. */
  readonly ackWhenNotRequested: boolean;
}

const xmlContentType = "text/xml; charset=UTF-8";

function emptyReply(status: number): StoredReply {
  return { status, contentType: xmlContentType, body: Buffer.alloc(0) };
}

function signalReply(signal: EncodedMessage): StoredReply {
  return { status: 200, contentType: signal.contentType, body: signal.body };
}

export function createReplier(options: ReplierOptions): Replier {
  const { ownParty, effects } = options;
  const identity = () => ({
    messageId: parseMessageId(effects.newUuid()),
    now: formatEbxmlTime(effects.now()),
    ownPartyKey: ownParty.partyKey,
  });
  return {
    accept(message): StoredReply {
      const wantsAck = message.reliability.ackRequested !== undefined || options.ackWhenNotRequested;
      return wantsAck ? signalReply(encodeAcknowledgment(acknowledgmentOf(message, identity()))) : emptyReply(202);
    },
    refuse: (received, errorCode, description) =>
      signalReply(encodeMessageError(messageErrorOf(received, identity(), [{ errorCode, description }]))),
    fault: () => ({
      status: 500,
      contentType: xmlContentType,
      body: encodeSoapFault({
        faultCode: "Client",
        faultString: "Application Exception",
        errors: [
          {
            codeContext: "urn:nhs:names:error:tms",
            errorCode: "201",
            severity: "Error",
            location: "Not Supported",
            description: "The message is not well formed",
          },
        ],
      }),
    }),
    empty: () => emptyReply(200),
    unavailable: () => emptyReply(503),
  };
}
