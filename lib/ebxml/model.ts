// The ebXML Message Service 2.0 messages as plain data.
import type { CpisError } from "../errors.js";
import type { ConversationId, CpaId, MessageId, PartyKey } from "../identifiers.js";

export type AckActor = "toPartyMSH" | "nextMSH";

/** What every ebXML message carries (ebMS 2.0, 3.1). Times are as on the wire: no clock and no order. */
export interface MessageHeader {
  readonly fromPartyKey: PartyKey;
  readonly toPartyKey: PartyKey;
  readonly cpaId: CpaId;
  readonly conversationId: ConversationId;
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  /** "yyyy-MM-ddTHH:mm:ssZ" when we send. */
  readonly timestamp: string;
  readonly refToMessageId?: MessageId;
  readonly timeToLive?: string;
}

/** The reliability elements: none of the three for pattern-free messages, see the contract. */
export interface ReliabilityElements {
  readonly duplicateElimination: boolean;
  readonly ackRequested?: AckActor;
  readonly syncReply: boolean;
}

export interface Attachment {
  /** Without angle brackets and without `cid:`. */
  readonly contentId: string;
  readonly contentType: string;
  readonly description?: string;
  readonly content: Uint8Array;
}

/** A business message: header, one HL7 payload, and attachments. */
export interface BusinessMessage {
  readonly kind: "message";
  readonly header: MessageHeader;
  readonly reliability: ReliabilityElements;
  /** The HL7 part as bytes; absent when a received message has none. */
  readonly payload?: Uint8Array;
  /** The charset parameter of the payload part, if it named one. */
  readonly payloadCharset?: string;
  readonly attachments: readonly Attachment[];
  /** What stands after `mid:` in references to fragments sent as messages of their own. */
  readonly externalReferences: readonly string[];
}

export interface Acknowledgment {
  readonly kind: "acknowledgment";
  readonly header: MessageHeader;
  readonly actor: AckActor;
  /** When the acknowledging party received the message. */
  readonly timestamp: string;
  /** The message acknowledged: Acknowledgment/RefToMessageId, else the one of MessageData. */
  readonly acknowledgedMessageId: MessageId;
  readonly fromPartyKey?: PartyKey;
}

export interface EbxmlError {
  /** An OASIS token such as "ValueNotRecognized", or a number such as "402005". */
  readonly errorCode: string;
  /** A number that leads the description, as in "501319:Unknown eb:CPAId". */
  readonly number?: string;
  readonly severity: "Error" | "Warning";
  readonly codeContext: string;
  readonly location?: string;
  readonly description?: string;
}

export interface MessageError {
  readonly kind: "message-error";
  readonly header: MessageHeader;
  readonly highestSeverity: "Error" | "Warning";
  readonly errors: readonly EbxmlError[];
}

export type EbxmlMessage = BusinessMessage | Acknowledgment | MessageError;

/** Something tolerated on reading that a strict peer would not have sent. Holds no content. */
export interface EbxmlWarning {
  readonly code: string;
  readonly message: string;
}

/** Bytes ready for HTTP: the body and the two headers that belong to it. */
export interface EncodedMessage {
  readonly contentType: string;
  readonly soapAction: string;
  readonly body: Buffer;
}

export interface ParsedEbxml {
  readonly kind: "parsed";
  readonly message: EbxmlMessage;
  readonly warnings: readonly EbxmlWarning[];
  /** What stood after `cid:` in references for which there was no part: a listener answers MimeProblem. */
  readonly unresolvedReferences: readonly string[];
}

/** As much of a header as is needed to answer a message that cannot be processed. */
export interface RoutingHeader extends Partial<MessageHeader> {
  readonly fromPartyKey: PartyKey;
  readonly messageId: MessageId;
}

/** A message that cannot be processed. With `routing` it can be answered with a MessageError, without it not. */
export interface MalformedEbxml {
  readonly kind: "malformed";
  /** EBXML_MIME, EBXML_MALFORMED, EBXML_TOO_LARGE, SOAP_MALFORMED or an XML_* code. */
  readonly error: CpisError;
  readonly routing?: RoutingHeader;
  /** What an error list in answer to it says (ebMS 2.0, 4.2.3.4); its words are ours and hold no content. */
  readonly report: MalformedReport;
}

export interface MalformedReport {
  readonly errorCode: "Inconsistent" | "MimeProblem" | "ValueNotRecognized";
  readonly description: string;
}

export type EbxmlReading = ParsedEbxml | MalformedEbxml;
