// What an `ebxml transport` is to the nodes that use it.
import type { Node } from "node-red";
import type { CpisError } from "../../lib/errors.js";
import type { MhsEffects, OutboundRequest, RequestOutcome } from "../../lib/mhs/model.js";
import type { MessagingContract } from "../../lib/sds/contract.js";
import type { StatusShape } from "./node-status.js";

export type TransportState =
  /** No user yet, or closing. */
  | { readonly kind: "closed" }
  | { readonly kind: "opening" }
  | { readonly kind: "waiting-for-simulator" }
  | { readonly kind: "listening"; readonly port: number }
  /** It listens, and the message store refuses work: nothing is sent or taken until the store recovers by itself. */
  | { readonly kind: "store-unavailable"; readonly error: CpisError }
  /** `willRetry`: another try follows by itself; otherwise someone must change the settings. */
  | { readonly kind: "failed"; readonly error: CpisError; readonly willRetry: boolean };

/** The state with the words that every user shows for it. */
export interface TransportReport {
  readonly state: TransportState;
  readonly status: StatusShape;
}

export interface OwnOrganisation {
  readonly code: string;
  readonly name: string;
}

/** An open transport: what a service needs of it. */
export interface OpenTransport {
  readonly fromAsid: string;
  readonly organisation: OwnOrganisation;
  readonly effects: MhsEffects;
  contract(): Promise<MessagingContract>;
  request(request: OutboundRequest): Promise<RequestOutcome>;
}

/** The `ebxml transport` node as other nodes see it. */
export interface EbxmlTransport {
  /** Its name, or its id when it has none. */
  readonly label: string;
  addUser(user: Node, listener: (report: TransportReport) => void): void;
  removeUser(user: Node): Promise<void>;
  /**
   * Waits while the transport is opening, but not for long. Throws the CONFIG_* error that keeps it from opening, or
   * CONFIG_CLOSED.
   */
  whenOpen(signal: AbortSignal): Promise<OpenTransport>;
}

export interface EbxmlTransportNode extends Node {
  transport: EbxmlTransport;
}

/** A node id may lead to nothing, to a disabled node, or in a hand-made flow to a node of another kind. */
export function isEbxmlTransportNode(node: unknown): node is EbxmlTransportNode {
  return (
    typeof node === "object" && node !== null && Reflect.get(node, "type") === "ebxml transport" && "transport" in node
  );
}
