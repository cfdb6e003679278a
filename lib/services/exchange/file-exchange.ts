// The road of files between a local authority and CP-IS, in one set of words for MESH and for ebXML.
import type { ConfirmOutcome, Consumer, ConsumerOptions } from "../../queue/model.js";
import type { MessageAttributes, MessageRowId, StoredOutboundMessage } from "../../store/message-model.js";

export type IncomingKind =
  | "upload-response"
  | "access-notification"
  | "inactive-notification"
  /** MESH says that a file of ours was not delivered. */
  | "report"
  /** Something that CP-IS is not known to send. */
  | "unknown";

/** What came from the other side. */
export interface IncomingFile {
  readonly kind: IncomingKind;
  /** Of the transport. */
  readonly messageId: string;
  /** Its own row in the store. */
  readonly id?: MessageRowId;
  /** The message of ours that the transport says it belongs to; "unknown": it names one that is none of ours. */
  readonly refersTo?: MessageRowId | "unknown";
  /** The XML before any compression, piece by piece; may be read more than once. Empty for a report. */
  contents(): AsyncIterable<Uint8Array>;
  /** MESH's status code of a report, when it gives one. */
  readonly reportCode?: string;
  /** MESH's; absent for ebXML. */
  readonly workflowId?: string;
  /** A mailbox, or a party key. */
  readonly from?: string;
  /** It came from another sender, under another workflow id, or for another service than is agreed. */
  readonly isUnexpected?: boolean;
}

/** A file of records that is ready to go. */
export interface OutgoingUpload {
  /** ODS code. */
  readonly localAuthority: string;
  readonly fileNumber: number;
  readonly conversationId: string;
  /** By which the store finds it again; never sent. */
  readonly foundBy: string;
  /** Of the file's creation, milliseconds since 1970. */
  readonly createdAt: number;
  /** The whole file, gzip compressed. */
  readonly compressed: Buffer;
  readonly plainBytes: number;
  /** Of `compressed`: "gzip:" and its SHA-256 in lower-case hex. */
  readonly digest: string;
  /** Wanted back with the response. */
  readonly context: Buffer;
  readonly attributes: MessageAttributes;
}

export interface ExchangeWatcher {
  /** An outbound file is not sent any more, or waits for a person. */
  undelivered(): void;
  /** A piece of a large file leaves; pieces from 1. */
  sending(progress: { readonly messageId: string; readonly piece: number; readonly pieces: number }): void;
}

export interface IncomingConsumer extends Omit<ConsumerOptions<IncomingFile>, "services" | "actions"> {
  readonly kinds: readonly IncomingKind[];
}

export interface FileExchange {
  readonly transport: "mesh" | "ebxml";
  /** Throws EBXML_TOO_LARGE for an upload of so many bytes before compression: then it need not have a number. */
  requireRoom(plainBytes: number): void;
  /**
   * Resolves once the file is in the store, from where it is sent; the row stays in "awaiting-response" until a consumer
   * finishes it. Throws CONFIG_*, EBXML_TOO_LARGE, or what the store throws.
   */
  send(upload: OutgoingUpload): Promise<MessageRowId>;
  /** The XML of an upload that the store still keeps, for one without a table of its records. Throws STORE_*. */
  readUpload(row: StoredOutboundMessage): Promise<AsyncIterable<Uint8Array>>;
  consume(consumer: IncomingConsumer): Consumer;
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  /** Gives a function that ends the watch. */
  watch(watcher: ExchangeWatcher): () => void;
}
