// Writes the HTTP replies of the simulator to a request.
import type { AnswerMessage } from "./answer-sender.js";
import type { Reports } from "./judge-request.js";
import type { SimulatorEffects } from "../model.js";
import { spinePartyKey } from "../spine-identity.js";
import {
  acknowledgmentOf,
  encodeAcknowledgment,
  encodeMessageError,
  messageErrorOf,
  type SignalIdentity,
} from "../../ebxml/encode-signal.js";
import type { BusinessMessage, RoutingHeader } from "../../ebxml/model.js";
import { parseMessageId } from "../../identifiers.js";
import { encodeSoapFault } from "../../soap/fault.js";

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const xmlType = { "Content-Type": "text/xml; charset=UTF-8" };
const emptyBody = Buffer.alloc(0);

/** "yyyy-MM-ddTHH:mm:ssZ" */
export function ebxmlTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Of a new signal of Spine's. */
export function signalIdentity(effects: SimulatorEffects): SignalIdentity {
  return {
    messageId: parseMessageId(effects.newUuid()),
    now: ebxmlTime(effects.now()),
    ownPartyKey: spinePartyKey,
  };
}

/** A status with nothing to say. */
export function emptyReply(status: number): HttpReply {
  return { status, headers: {}, body: emptyBody };
}

/** As Spine accepts an express message. */
export function expressReply(): HttpReply {
  return { status: 202, headers: { "Content-Type": "text/xml", SOAPAction: "asyncExpressSyncAck" }, body: emptyBody };
}

/**
 * The acknowledgment of a message, to be sent as a reply or as a post of its own. `acknowledgedMessageId` is another
 * than the message's own in a faulty one.
 */
export function acknowledgmentFor(
  message: BusinessMessage,
  effects: SimulatorEffects,
  acknowledgedMessageId: string = message.header.messageId,
): AnswerMessage {
  const named = { ...message, header: { ...message.header, messageId: parseMessageId(acknowledgedMessageId) } };
  const acknowledgment = acknowledgmentOf(named, signalIdentity(effects));
  const { messageId, conversationId, action } = acknowledgment.header;
  const encoded = encodeAcknowledgment(acknowledgment);
  return { messageId, refToMessageId: acknowledgedMessageId, conversationId, action, encoded };
}

/** As Spine accepts a reliable message. */
export function acknowledgmentReply(acknowledgment: AnswerMessage): HttpReply {
  return { status: 202, headers: xmlType, body: acknowledgment.encoded.body };
}

/** As Spine takes a message that it acknowledges later. */
export function forwardReply(): HttpReply {
  return emptyReply(202);
}

/** The answer of a synchronous exchange. `hasLineFeeds`: its lines end with a line feed alone. */
export function synchronousReply(body: Buffer, hasLineFeeds: boolean): HttpReply {
  const bytes = hasLineFeeds ? Buffer.from(body.toString("utf8").replaceAll("\r\n", "\n"), "utf8") : body;
  return { status: 200, headers: xmlType, body: bytes };
}

/** An ebXML error list, with status 200 as Spine sends it. */
export function messageErrorReply(routing: RoutingHeader, reports: Reports, effects: SimulatorEffects): HttpReply {
  return {
    status: 200,
    headers: xmlType,
    body: encodeMessageError(messageErrorOf(routing, signalIdentity(effects), reports)).body,
  };
}

interface FaultText {
  readonly location: string;
  readonly description: string;
}

const faultTexts: Readonly<Record<string, FaultText>> = {
  "101": { location: "HTTP Header - SOAPAction", description: "Service or interaction is not supported for the URI" },
  "200": { location: "", description: "System failure" },
  "201": { location: "SOAP Envelope", description: "The message is not well formed" },
  "206": { location: "Not Supported", description: "Routing delivery failure" },
  "208": { location: "", description: "Failure storing variable in memo" },
};
const temporaryFaults = ["200", "206", "208"];

/** Status 500. `description` replaces the one that goes with the code. */
export function soapFaultReply(code: string, description?: string): HttpReply {
  const text = faultTexts[code] ?? { location: "", description: "Injected fault" };
  const body = encodeSoapFault({
    faultCode: temporaryFaults.includes(code) ? "Server" : "Client",
    faultString: "Application Exception",
    errors: [
      {
        codeContext: "urn:nhs:names:error:tms",
        errorCode: code,
        severity: "Error",
        location: text.location,
        description: description ?? text.description,
      },
    ],
  });
  return { status: 500, headers: xmlType, body };
}
