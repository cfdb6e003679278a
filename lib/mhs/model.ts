// What the message handling service is asked to do, and what can come of it.
import type { Attachment, BusinessMessage, EbxmlError } from "../ebxml/model.js";
import type { CpisError, ErrorCode } from "../errors.js";
import type { ConversationId, CpaId, MessageId, PartyKey } from "../identifiers.js";
import type { MessagingContract } from "../sds/contract.js";
import type { SoapFault } from "../soap/fault.js";
import type { CertificateFacts } from "../tls/certificates.js";
import type { MessageAttributes, MessageRowId } from "../store/message-model.js";
import type { NewAuditEntry } from "../store/audit-model.js";
import type { MessageStore } from "../store/message-store.js";
import type { SynchronousReply } from "../soap/synchronous-reply.js";

/** Effects are passed in, so that tests decide the time and the ids. */
export interface MhsEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

/** What any instance knows of a stored request, and judges its answers by. */
export interface AskedRequest {
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  readonly applicationId?: string;
  /** As it was given with the request. */
  readonly context?: Buffer;
}

/** What an answer means for the request that it refers to. */
export type AnswerDecision<Result = unknown> =
  | { readonly kind: "settles"; readonly result: Result }
  /** The request waits on, for example after an application acknowledgement without data. */
  | { readonly kind: "keep-waiting" }
  /** It answers another message: the request waits on. */
  | { readonly kind: "discard" };

/** What is recorded of a request in the store's audit. */
export interface RequestAudit<Result> {
  /** In one transaction with the request, before anything leaves. */
  readonly asked: NewAuditEntry;
  /** In one transaction with the request's end. */
  ended(outcome: RequestOutcome<Result>, at: number): NewAuditEntry;
}

/** A message to send; ids are made by the caller so that they can be stored before anything leaves. */
export interface OutboundRequest<Result = unknown> {
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly contract: MessagingContract;
  readonly payload: Buffer;
  /** Whom it is about: the store keeps a keyed hash of it. */
  readonly subject?: string;
  /** The id that the payload carries. */
  readonly applicationId?: string;
  /** The ASID of the system that asks. The synchronous pattern needs it, and takes it from nowhere else. */
  readonly fromAsid?: string;
  /** How long to wait for the answer, counted from the start of sending. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal;
  /**
   * What any instance that takes an answer judges it by, see StoreOptions; kept and sealed like the payload. It must
   * decide as `judge` does.
   */
  readonly context?: Buffer;
  readonly audit?: RequestAudit<Result>;
  /** Asked once for each answer that refers to this message. */
  judge(answer: InboundAnswer): AnswerDecision<Result>;
  /**
   * Says what the reply of a synchronous exchange means, and whether it is about this message; there is none other to
   * wait for.
   */
  judgeReply(reply: ReceivedReply): { readonly settles: boolean; readonly result: Result };
}

/** A business message that arrived and refers to one of ours. */
export interface InboundAnswer {
  readonly message: BusinessMessage;
  readonly receivedAt: number;
  /**
   * Whether its RefToMessageId names the request. If not, only the conversation does, which others can read: then it
   * counts by its payload's own reference to the request's payload, and by nothing else.
   */
  readonly isReferenced: boolean;
}

/** What came in the reply of a synchronous exchange, and does not say that it is about another message. */
export interface ReceivedReply extends SynchronousReply {
  readonly receivedAt: number;
}

/** What became of a request. */
export type RequestOutcome<Result = unknown> =
  | { readonly kind: "answered"; readonly answer: InboundAnswer; readonly result: Result }
  /** The answer of a synchronous exchange; it belongs to its connection. */
  | { readonly kind: "replied"; readonly reply: ReceivedReply; readonly result: Result }
  | RequestFailure;

/** There is no answer. */
export type RequestFailure =
  /** The reply of a synchronous exchange says that it is about another message. */
  | { readonly kind: "mismatched" }
  /** A synchronous exchange ended well, and its reply holds nothing that could be an answer. */
  | { readonly kind: "no-answer"; readonly httpStatus: number }
  /** Nothing left this machine, or the peer refused the connection: it is safe to say "not sent". */
  | { readonly kind: "not-sent"; readonly error: CpisError }
  | { readonly kind: "soap-fault"; readonly fault: SoapFault; readonly httpStatus: number }
  | { readonly kind: "ebxml-error"; readonly errors: readonly EbxmlError[] }
  | { readonly kind: "http-error"; readonly httpStatus: number }
  /** The HTTP reply had a body that is none of the above. */
  | { readonly kind: "unparseable"; readonly error: CpisError }
  /** No answer in time. `wasAccepted`: the peer took the message; false: not even that is known. */
  | { readonly kind: "timeout"; readonly wasAccepted: boolean }
  /** The service was closed or the caller gave up while waiting. */
  | { readonly kind: "aborted" };

/** Where a service keeps its messages: what it accepts is in the store before anything leaves or is acknowledged. */
export interface StoreOptions {
  /** Stays open when the service closes: it belongs to who made it. */
  readonly store: MessageStore;
  /**
   * Whose messages in the store these are: the same after a restart, and in all instances that share the work. Default:
   * the own party key.
   */
  readonly channel?: string;
  /** Names this process among those that share the work; another one after each restart. Default: a new UUID. */
  readonly owner?: string;
  /** After this time the work of an instance that died is taken over. Default 30,000. */
  readonly leaseMilliseconds?: number;
  /** Messages under way at a time, in each direction. Default 8. */
  readonly maximumParallel?: number;
  /** How long a repeated inbound message is recognised. Default 24 hours, which is also the least. */
  readonly duplicateMilliseconds?: number;
  /** How long a message that asks for a response waits for it once the peer has the message. Default 24 hours. */
  readonly responseMilliseconds?: number;
  readonly breaker?: Partial<BreakerSettings>;
  /**
   * What an answer means for a request that does not wait here. The request's own judge is asked where it waits here.
   * Without it every answer that refers to such a request settles it.
   */
  readonly judge?: (asked: AskedRequest, answer: InboundAnswer) => AnswerDecision["kind"];
}

/** When an endpoint that cannot be reached is left alone, and how often it is tried meanwhile. */
export interface BreakerSettings {
  /** So many tries in a row that reached nobody. Default 3. */
  readonly threshold: number;
  /** Between the tries before that, doubled each time. Default 100. */
  readonly retryMilliseconds: number;
  /** Until the first probe, doubled with each one that fails. Default 1,000. */
  readonly probeMilliseconds: number;
  /** Default 60,000. */
  readonly maximumProbeMilliseconds: number;
}

/** A message that is sent until the peer has it, also after a restart. */
export interface OutboxMessage {
  readonly service: string;
  readonly action: string;
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly refToMessageId?: MessageId;
  readonly contract: MessagingContract;
  readonly payload: Buffer;
  readonly attachments?: readonly Attachment[];
  /** Whom it is about: the store keeps a keyed hash of it. */
  readonly subject?: string;
  /** The id that the payload carries. */
  readonly applicationId?: string;
  /** What the acceptor wants back later; see the message store. */
  readonly context?: Buffer;
  /** Small details of the acceptor's own, stored as readable text. */
  readonly attributes?: MessageAttributes;
  /** Messages with the same text are sent one after another, each when the peer has the one before. */
  readonly orderedBy?: string;
  /**
   * What finishes it. Default "acknowledgment": the peer has it. "response": a business answer that refers to it.
   * "consumer": whoever consumes that answer, by a transition of its own; it never expires once the peer has it.
   */
  readonly completedBy?: "acknowledgment" | "response" | "consumer";
  /** "never": after an unknown outcome it fails with EBXML_OUTCOME_UNKNOWN. Default "by-contract". */
  readonly resendable?: "by-contract" | "never";
  /** The message that this one is a resend of. */
  readonly originalId?: MessageRowId;
}

/** One of our own parties, as messages arriving for it are checked against. */
export interface OwnParty {
  readonly partyKey: PartyKey;
  /** Our CPA id for answers, if known; a different one is a warning only. */
  readonly cpaId?: CpaId;
}

export type MhsEvents = {
  /** The message's bytes are about to leave. */
  sending: [{ messageId: string; conversationId: string; action: string; bytes: number }];
  /** The peer's HTTP reply was classified. `kind` is "accepted", "acknowledged", or another than "answered" of RequestOutcome. */
  replied: [{ messageId: string; kind: string; httpStatus?: number; durationMilliseconds: number }];
  /** A message reached our listener; `disposition` says what was done with it. */
  received: [
    { messageId: string; refToMessageId?: string; action: string; disposition: InboundDisposition; bytes: number },
  ];
  /** A request to the listener was refused. Status 0: before HTTP began, in the TLS handshake; the code says why. */
  refused: [{ httpStatus: number; reason: RefusalReason; remoteAddress: string; code?: ErrorCode }];
  /** A message that the store keeps was acknowledged by the peer, or once more, or after it had failed or expired. */
  acknowledged: [{ messageId: string; kind: "in-time" | "repeated" | "late" }];
  /** A message that the store keeps is not sent any more: it stays, as a dead letter. */
  undelivered: [{ messageId: string; state: "failed" | "expired" | "held"; code: string }];
  /** A failure says that the contract of a message is not the peer's any more; `action` is that of the message. */
  contractDoubted: [{ messageId: string; action: string }];
  /** No consumer took an inbound message; it stays, set aside. */
  setAside: [{ messageId: string; code: string }];
  /** Once when an endpoint is left alone, and once when it is back. */
  peerUnreachable: [{ endpoint: string; code: string }];
  peerReachable: [{ endpoint: string }];
  /** Once when the message store fails, and once when it works again. */
  storeUnavailable: [{ code: string }];
  storeAvailable: [];
  /** The peer at a new connection of ours, or a client of our listener, has shown these, leaf first. */
  certificatesShown: [{ by: "peer" | "client"; chain: readonly CertificateFacts[] }];
  /** Something an operator should know, in words without content. */
  warning: [{ code: WarningCode; message: string; messageId?: string }];
};

/** What an exchange over the listener was refused for. */
export type RefusalReason =
  | "tls"
  /** A certificate of a trusted authority, with a name that is not on the list. */
  | "client-name"
  /** Room was made for others before the handshake was over. */
  | "too-many-handshakes"
  | "too-many-connections"
  | "bad-http"
  | "unknown-path"
  | "method"
  | "no-length"
  | "too-large"
  | "media-type"
  | "time-out"
  | "cut-short"
  | "busy"
  | "unreadable"
  | "inconsistent"
  | "unknown-to-party"
  | "expired"
  /** Not a party of the contracts in force. */
  | "unexpected-sender"
  /** No contract is known, so nobody is yet. */
  | "no-contract"
  | "part-missing"
  | "unknown-action"
  | "not-stored"
  | "internal";

/** What a warning is about; its message says it in words. */
export type WarningCode =
  | "NO_REPLY"
  | "FOREIGN_REPLY"
  | "LATE_ANSWER"
  | "CONFLICTING_ANSWER"
  | "UNMATCHED_ANSWER"
  | "UNMATCHED_SIGNAL"
  | "DISCARDED_ANSWER"
  | "DUPLICATE_WITH_OTHER_BODY"
  | "UNEXPECTED_SENDER"
  | "UNEXPECTED_RELIABILITY"
  | "UNREADABLE_TIME_TO_LIVE"
  | "NOT_STORED"
  | "NOT_AUDITED"
  | "NOT_DELIVERED"
  | "INTERNAL"
  | "TOLERATED";

export type InboundDisposition =
  | "answer"
  | "kept-waiting"
  | "discarded"
  | "late-answer"
  | "conflicting-answer"
  | "duplicate"
  | "unmatched"
  | "for-consumer"
  | "acknowledgment"
  | "message-error";
