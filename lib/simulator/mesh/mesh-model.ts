// What the simulated MESH is to those who use it: mailboxes, their credentials, and what moves between them.
import type { EventEmitter } from "node:events";
import type { CpisError } from "../../errors.js";

/** A whole file that has arrived in a mailbox, or a report about one of ours. */
export interface SimulatedMeshMessage {
  readonly messageId: string;
  readonly messageType: "DATA" | "REPORT";
  readonly from?: string;
  readonly to: string;
  readonly workflowId: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  readonly contentType?: string;
  /** Before compression; empty in a report. */
  readonly content: Buffer;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
  /** Of a report. */
  readonly report?: { readonly linkedMessageId: string; readonly statusCode?: string; readonly description: string };
}

export interface SimulatedMailbox {
  readonly mailbox: string;
  readonly password: string;
  readonly odsCode: string;
}

/** Invented ids: the real ones are not public. */
export interface SimulatedWorkflowIds {
  readonly upload: string;
  readonly response: string;
  readonly accessNotification: string;
  readonly inactiveNotification: string;
}

export type SimulatedMeshEvents = {
  /** One HTTP exchange, with its headers but without credentials. */
  meshExchange: [
    {
      readonly method: string;
      readonly path: string;
      readonly mailbox?: string;
      readonly status: number;
      readonly startedAt: number;
      readonly durationMilliseconds: number;
    },
  ];
  /** A file is complete in its recipient's mailbox. */
  meshMessage: [SimulatedMeshMessage];
  /** A keeper failed, or the simulator itself. */
  error: [CpisError];
};

/** A mailbox at the other end of the wire, worked in this process: CP-IS itself has one. */
export interface MailboxKeeper {
  /**
   * Told of each message that is complete in the mailbox, once, in order; the message is then acknowledged. When it
   * throws, the message stays in the mailbox, and the event "error" tells.
   */
  take(message: SimulatedMeshMessage): Promise<void>;
}

/** A file put into a mailbox by the simulator. */
export interface MailboxDelivery {
  readonly from: string;
  readonly to: string;
  readonly workflowId: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly subject?: string;
  /** Default "application/xml". */
  readonly contentType?: string;
  readonly content: Buffer;
  /** The content is kept in chunks of at most so many bytes. Absent: in one. */
  readonly chunkBytes?: number;
  /** Each chunk is kept compressed, and goes so to those who accept gzip. */
  readonly isCompressed?: boolean;
}

export interface SimulatedMesh {
  /** "https://127.0.0.1:12345", without a path. */
  readonly url: string;
  /** The environment's shared key. */
  readonly sharedKey: string;
  /** The mailbox of CP-IS. */
  readonly cpisMailbox: string;
  readonly workflowIds: SimulatedWorkflowIds;
  /**
   * Makes the mailbox of an organisation, or gives the one it has: it keeps its password. Throws CONFIG_INVALID for a
   * mailbox that belongs to another organisation.
   */
  openMailbox(owner: {
    readonly odsCode: string;
    readonly mailbox?: string;
    readonly password?: string;
  }): SimulatedMailbox;
  findMailbox(odsCode: string): SimulatedMailbox | undefined;
  /** From now on this keeper works the mailbox. */
  keepMailbox(mailbox: string, keeper: MailboxKeeper): void;
  /** Gives the message id. Throws CONFIG_INVALID for an unknown recipient, a full mailbox, or a text no header may hold. */
  deliver(delivery: MailboxDelivery): string;
  /** Puts a report about a message into the mailbox of its sender. Throws CONFIG_INVALID for an unknown message. */
  report(messageId: string, report: { readonly statusCode?: string; readonly description?: string }): string;
  /** What waits in a mailbox, oldest first. */
  inbox(mailbox: string): readonly SimulatedMeshMessage[];
  readonly events: EventEmitter<SimulatedMeshEvents>;
}
