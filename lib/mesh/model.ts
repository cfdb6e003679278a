// What a MESH mailbox is to those who send and receive files, whether by the API or by the client's folders.
import type { EventEmitter } from "node:events";
import type { ConfirmOutcome, Consumer, ConsumerOptions } from "../queue/model.js";
import type { ErrorCode } from "../errors.js";
import type { CertificateFacts } from "../tls/certificates.js";
import type { MessageAttributes, MessageRowId } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";
import type { MailboxScope } from "./mailbox-scope.js";

/** Effects are passed in, so that tests decide the time and the ids. */
export interface MeshEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

/** A file to send. Nothing in it but the content may name a person. */
export interface OutboundFile {
  /** The mex-LocalID: unique for ever, as "999-000042-3fa0c2b71e6d-1". Also the message id in the store. */
  readonly localId: string;
  readonly conversationId: string;
  /** What it is, for the store and its log, for example "CP-ISLocalAuthorityUpload". */
  readonly interaction: string;
  readonly workflowId: string;
  /** The recipient's mailbox. */
  readonly recipient: string;
  readonly fileName?: string;
  readonly subject?: string;
  /** For example "application/xml". */
  readonly contentType: string;
  /** The whole file, gzip compressed: it is kept so, and sent as the settings of the mailbox say. */
  readonly compressed: Buffer;
  /** Size before compression. */
  readonly plainBytes: number;
  /** SHA-256 of the file before compression, lower-case hex; or of `compressed`, after "gzip:". */
  readonly digest: string;
  /** Files with the same text are sent one after another, each when MESH has the one before. */
  readonly orderedBy?: string;
  /** "acceptance": finished when MESH has it. "response": stays in "awaiting-response" until a consumer finishes it. */
  readonly completedBy: "acceptance" | "response";
  /** See MessageStore. */
  readonly context?: Buffer;
  /** By which the store finds it again: hashed before it is stored, and never sent. */
  readonly foundBy?: string;
  readonly applicationId?: string;
  readonly attributes?: MessageAttributes;
  /** The file that this one is a resend of. */
  readonly originalId?: MessageRowId;
}

/** What came into the mailbox. */
export type ReceivedItem = ReceivedFile | ReceivedReport;

export interface ReceivedFile {
  readonly kind: "file";
  /** The mex-MessageID. */
  readonly messageId: string;
  readonly from?: string;
  readonly workflowId?: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  /** Local name of the XML root element, found up to three levels deep among the names known; else "unknown". */
  readonly root: string;
  /** Size before compression. */
  readonly plainBytes: number;
  /** The file's bytes before compression, piece by piece; may be read more than once. Throws STORE_CORRUPT. */
  contents(): AsyncIterable<Buffer>;
}

/** Word of MESH that a file of ours was not delivered. */
export interface ReceivedReport {
  readonly kind: "report";
  readonly messageId: string;
  readonly linkedMessageId?: string;
  readonly localId?: string;
  readonly workflowId?: string;
  /** As MESH says it, for example "14"; may be missing. */
  readonly statusCode?: string;
  readonly description?: string;
  /** Our file, when it could be found. */
  readonly file?: MessageRowId;
}

/** The names by which items are routed to consumers: `actions` of ConsumerOptions. A report has the name "report". */
export const reportAction = "MESH report";
/** For roots that nobody has named as known. */
export const unknownAction = "unknown";

export type MeshEvents = {
  /** Bytes of a file leave; once for each chunk. */
  sending: [{ localId: string; chunk: number; chunks: number; bytes: number }];
  /** MESH has the whole file. */
  accepted: [{ localId: string; messageId: string }];
  /** A file is not sent any more: it stays, as a dead letter or for a person. */
  undelivered: [{ localId: string; state: "failed" | "expired" | "held"; code: ErrorCode }];
  /** An item is in the store and was acknowledged. */
  received: [{ messageId: string; action: string; bytes: number; disposition: "new" | "duplicate" }];
  /**
   * The mailbox was looked into. `remaining`: how many wait there, as MESH estimates it. `foreign`: how many of them are
   * not ours, and stay.
   */
  polled: [{ at: number; received: number; remaining?: number; foreign: number }];
  /** Once when MESH, or the folder, cannot be used, and once when it can again. */
  unreachable: [{ code: ErrorCode; message: string }];
  reachable: [];
  setAside: [{ messageId: string; code: ErrorCode }];
  storeUnavailable: [{ code: ErrorCode }];
  storeAvailable: [];
  /** MESH has shown these on a new connection, leaf first. */
  certificatesShown: [{ chain: readonly CertificateFacts[] }];
  /** In words without content. */
  warning: [{ code: string; message: string; messageId?: string }];
};

/** What both kinds of mailbox need. */
export interface MailboxOptions {
  /** Own mailbox, upper case. */
  readonly mailbox: string;
  /** Stays open when the mailbox closes: it belongs to who made it. */
  readonly store: MessageStore;
  /** Whose messages in the store these are: the same after a restart. */
  readonly channel: string;
  /** Names this process; another one after each restart. */
  readonly owner: string;
  readonly scope: MailboxScope;
  /** XML root elements that a reader knows: what else comes is "unknown", and so is what is not from CP-IS. */
  readonly knownRoots: readonly string[];
  readonly effects: MeshEffects;
  /** Default 30,000. */
  readonly leaseMilliseconds?: number;
}

export interface MeshMailbox {
  readonly events: EventEmitter<MeshEvents>;
  /** Proves the credentials, or the folders, and begins to send and to receive. Throws MESH_*, TLS_* or CONFIG_*. */
  start(): Promise<void>;
  /** Resolves once the file is in the store, from where it is sent until MESH has it. Throws what the store throws. */
  send(file: OutboundFile): Promise<MessageRowId>;
  /** Delivers what came in, at least once; `services` are workflow ids and `actions` roots, or the two names above. */
  consume(consumer: ConsumerOptions<ReceivedItem>): Consumer;
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  /** Looks into the mailbox now. Throws MESH_* or TLS_*. */
  poll(): Promise<void>;
  /** Ends what can be ended; what is under way is finished or given back. */
  close(): Promise<void>;
}
