// What the simulated MESH is to those who start it: its options and its controls.
import type { MeshBehaviours } from "./mesh-behaviours.js";
import type { MeshWorkflow } from "./mesh-directory.js";
import type { MeshFaultInjection } from "./mesh-faults.js";
import type { MessageStatus } from "./mesh-message-model.js";
import type { SimulatedMailbox, SimulatedMesh, SimulatedWorkflowIds } from "./mesh-model.js";
import type { SimulatorEffects } from "../model.js";
import type { IssuedCertificate, Pki } from "../pki/pki.js";

export interface MeshServerLimits {
  /** Of all content kept, as sent. More is refused with status 503. Default 512 MiB. */
  readonly maximumBytesKept?: number;
  /** Of one file before compression. Default 256 MiB. */
  readonly maximumPlainBytes?: number;
  /** In one mailbox. More is refused with status 503. Default 10,000. */
  readonly maximumMessagesWaiting?: number;
  /** Whose fate is remembered after they have left their mailbox. Default 20,000. */
  readonly maximumMessagesRemembered?: number;
}

export interface MeshServerOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly pki: Pki;
  readonly effects: SimulatorEffects;
  /** Certificate of the server; one is issued when absent. */
  readonly certificate?: IssuedCertificate;
  /** Of the body of one request; larger ones get status 413. Default 100,000,000. */
  readonly maximumRequestBytes?: number;
  /** Whether clients must show a certificate of the same authority. Default true. */
  readonly requireClientCertificate?: boolean;
  /** Of the environment. A new one is made when absent. */
  readonly sharedKey?: string;
  /** The mailbox of CP-IS. Default one of an invented organisation. */
  readonly cpis?: { readonly mailbox?: string; readonly odsCode: string; readonly password?: string };
  readonly workflowIds?: Partial<SimulatedWorkflowIds>;
  /** Beside those of CP-IS. */
  readonly workflows?: readonly MeshWorkflow[];
  readonly behaviours?: Partial<MeshBehaviours>;
  readonly limits?: MeshServerLimits;
}

export interface MeshServer extends SimulatedMesh {
  readonly host: string;
  readonly port: number;
  /** With which CP-IS uses its mailbox: for those who test as if they were CP-IS. */
  readonly cpis: SimulatedMailbox;
  readonly behaviours: MeshBehaviours;
  changeBehaviours(changes: Partial<MeshBehaviours>): void;
  /** Throws CONFIG_INVALID for a fault that could never happen, or beyond 1000 of them. */
  inject(injection: MeshFaultInjection): void;
  clearFaults(): void;
  /** Replaces a workflow of the same id. Throws CONFIG_INVALID. */
  registerWorkflow(workflow: MeshWorkflow): void;
  /**
   * Skips so much time: messages that were not collected for 5 days are reported with code 14. Tokens are still
   * compared with the time of the host. Throws CONFIG_INVALID for less than 0 or more than a century in all.
   */
  advanceClock(milliseconds: number): void;
  /** What became of a message; undefined when there is none, or none any more. */
  statusOf(messageId: string): MessageStatus | undefined;
  /** Cuts all connections and forgets everything. */
  close(): Promise<void>;
}
