// What a message of the simulated MESH is, from its upload to its end.
import type { MeshEventName } from "./mesh-answers.js";

export interface MessageChunk {
  /** As sent: perhaps compressed. */
  readonly bytes: Buffer;
  /** Size before compression. */
  readonly plainBytes: number;
}

export interface MessageReport {
  readonly linkedMessageId: string;
  readonly statusCode?: string;
  readonly event?: MeshEventName;
  readonly description: string;
}

/** What a message is from the beginning to the end. */
export interface MessageHead {
  readonly messageType: "DATA" | "REPORT";
  /** In which mailbox it comes to lie. */
  readonly mailbox: string;
  readonly from?: string;
  /** As the mex-To header says it. */
  readonly to: string;
  readonly workflowId: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly partnerId?: string;
  readonly contentType?: string;
  readonly checksum?: string;
  readonly compressed?: string;
  readonly encrypted?: string;
  /** Each chunk is compressed on its own. */
  readonly isGzip: boolean;
  /** 0 of a report. */
  readonly totalChunks: number;
  readonly report?: MessageReport;
}

export type MessageStatus = "uploading" | "accepted" | "acknowledged" | "undeliverable" | "error";

export interface StoredMessage {
  readonly id: string;
  /** Counts up in the order of arrival in any mailbox; 0 of a message that is being uploaded. */
  readonly sequence: number;
  readonly head: MessageHead;
  /** By number from 1. Empty once the content is gone. */
  readonly chunks: ReadonlyMap<number, MessageChunk>;
  readonly status: MessageStatus;
  /** Times in milliseconds since 1970. */
  readonly statusAt: number;
  readonly uploadedAt: number;
  /** When its last chunk had come. */
  readonly arrivedAt: number;
  readonly statusCode?: string;
  readonly statusEvent: MeshEventName;
  readonly statusDescription: string;
}

export interface MessageFailure {
  readonly status: "undeliverable" | "error";
  readonly statusCode?: string;
  readonly description: string;
}
