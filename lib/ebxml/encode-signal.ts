// Writes the ebXML signals, Acknowledgment and MessageError, and makes them for a message received.
import { definedOnly } from "../defined-only.js";
import { parseConversationId, parseCpaId, type MessageId, type PartyKey } from "../identifiers.js";
import { element, type XmlNode } from "../xml/encode-xml.js";
import { envelopeText, extensionAttributes, messageHeaderNode, partyNode, signalLayout } from "./encode-envelope.js";
import type {
  Acknowledgment,
  BusinessMessage,
  EbxmlError,
  EncodedMessage,
  MessageError,
  MessageHeader,
  RoutingHeader,
} from "./model.js";
import { ackActorPrefix, ebNamespace, errorCodeContext, signalService, soapNamespace } from "./names.js";
import { numberOfDescription } from "./read-error-list.js";

/** What a signal needs beside the message it answers. */
export interface SignalIdentity {
  /** A new id: a signal is a message of its own. */
  readonly messageId: MessageId;
  /** The time now, "yyyy-MM-ddTHH:mm:ssZ". */
  readonly now: string;
  readonly ownPartyKey: PartyKey;
}

/** What went wrong; severity is Error and the context that of ebXML unless given. */
export type ErrorReport = Pick<EbxmlError, "errorCode"> & Partial<EbxmlError>;

/** The header back to the sender. What the received header lacked is filled in: an answer needs every value. */
function headerBack(
  received: RoutingHeader,
  identity: SignalIdentity,
  action: "Acknowledgment" | "MessageError",
  timestamp: string,
): MessageHeader {
  return {
    fromPartyKey: identity.ownPartyKey,
    toPartyKey: received.fromPartyKey,
    cpaId: received.cpaId ?? parseCpaId("unknown"),
    conversationId: received.conversationId ?? parseConversationId(received.messageId),
    service: signalService,
    action,
    messageId: identity.messageId,
    timestamp,
    refToMessageId: received.messageId,
  };
}

/**
 * The acknowledgment of a message received. Its header repeats the timestamp of the message acknowledged, as Spine
 * does; the time of receipt stands in the Acknowledgment element.
 */
export function acknowledgmentOf(message: BusinessMessage, identity: SignalIdentity): Acknowledgment {
  return {
    kind: "acknowledgment",
    header: headerBack(message.header, identity, "Acknowledgment", message.header.timestamp),
    actor: message.reliability.ackRequested ?? "toPartyMSH",
    timestamp: identity.now,
    acknowledgedMessageId: message.header.messageId,
    fromPartyKey: identity.ownPartyKey,
  };
}

/** The error message that answers a message of which at least the sender and the id could be read. */
export function messageErrorOf(
  received: RoutingHeader,
  identity: SignalIdentity,
  reports: readonly [ErrorReport, ...ErrorReport[]],
): MessageError {
  const errors = reports.map((report): EbxmlError => {
    const number = report.number ?? numberOfDescription(report.description);
    return {
      severity: "Error",
      codeContext: errorCodeContext,
      ...report,
      ...definedOnly({ number }),
    };
  });
  return {
    kind: "message-error",
    header: headerBack(received, identity, "MessageError", identity.now),
    highestSeverity: errors.some(({ severity }) => severity === "Error") ? "Error" : "Warning",
    errors,
  };
}

function encodeSignal(header: MessageHeader, content: XmlNode): EncodedMessage {
  const text = envelopeText(
    signalLayout,
    { "xmlns:soap": soapNamespace, "xmlns:eb": ebNamespace },
    element("soap:Header", {}, ["\n", messageHeaderNode(header, false, signalLayout), "\n", content, "\n"]),
    element("soap:Body"),
  );
  return {
    contentType: "text/xml; charset=UTF-8",
    soapAction: `${header.service}/${header.action}`,
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\r\n${text}\r\n`, "utf8"),
  };
}

/** Encodes an Acknowledgment as a text/xml body. */
export function encodeAcknowledgment(acknowledgment: Acknowledgment): EncodedMessage {
  const { actor, timestamp, acknowledgedMessageId, fromPartyKey } = acknowledgment;
  const content = element(
    "eb:Acknowledgment",
    extensionAttributes(signalLayout, { "soap:actor": `${ackActorPrefix}${actor}` }),
    [
      "\n",
      element("eb:Timestamp", {}, [timestamp]),
      element("eb:RefToMessageId", {}, [acknowledgedMessageId]),
      "\n",
      ...(fromPartyKey === undefined ? [] : [partyNode("eb:From", fromPartyKey), "\n"]),
    ],
  );
  return encodeSignal(acknowledgment.header, content);
}

function errorNode(error: EbxmlError): XmlNode {
  const { codeContext, errorCode, severity, location, description } = error;
  const attributes = {
    "eb:codeContext": codeContext,
    "eb:errorCode": errorCode,
    "eb:severity": severity,
    "eb:location": location,
  };
  const text =
    description === undefined ? [] : ["\n", element("eb:Description", { "xml:lang": "en-GB" }, [description])];
  return element("eb:Error", attributes, text);
}

/** Encodes a MessageError as a text/xml body. */
export function encodeMessageError(error: MessageError): EncodedMessage {
  const content = element(
    "eb:ErrorList",
    extensionAttributes(signalLayout, { "eb:highestSeverity": error.highestSeverity }),
    error.errors.flatMap((entry) => ["\n", errorNode(entry)]),
  );
  return encodeSignal(error.header, content);
}
