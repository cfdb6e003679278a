// What an `ebxml transport` is to the nodes that use it.
import type { Node } from "node-red";
import type { SilentReadForm } from "../../../lib/cpis/query/silent-read.js";
import type { MhsEffects, OutboundRequest, RequestOutcome } from "../../../lib/mhs/model.js";
import type { Contradiction } from "../../../lib/services/query/contradiction.js";
import type { QueryAudit } from "../../../lib/services/query/query-audit.js";
import type { EbxmlCheck } from "../../../lib/services/connection-check/connection-check-model.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import type { SmspClient } from "../../../lib/smsp/smsp-client.js";
import type { FileTransport, OpenFileTransport } from "./file-transport-model.js";
import type { Transport } from "./transport-state.js";

export interface OwnOrganisation {
  readonly code: string;
  readonly name: string;
}

export interface ContradictionListener {
  /** Whether it has asked the query of this message id. */
  hasAsked(messageId: string): boolean;
  /** Called of one listener: the one that has asked, or after a restart any. */
  tell(contradiction: Contradiction): void;
}

/** An open transport: what a service needs of it. */
export interface OpenTransport {
  readonly fromAsid: string;
  readonly organisation: OwnOrganisation;
  readonly effects: MhsEffects;
  contract(): Promise<MessagingContract>;
  request<Result>(request: OutboundRequest<Result>): Promise<RequestOutcome<Result>>;
  /** Tells of a second answer to a query that contradicts the first, until the function it gives is called. */
  onContradiction(listener: ContradictionListener): () => void;
  /** Where queries are recorded before they are sent. */
  readonly audit: QueryAudit;
  /** What a connection check looks at. */
  readonly check: EbxmlCheck;
  /** Present when a Spine mini service may be asked instead of Spine. */
  readonly smsp?: Pick<SmspClient, "send">;
  /** Present when an administrator has stated how a scheduled read is said. */
  readonly silentRead?: SilentReadForm;
  /** Present when the transport carries files of a local authority too. */
  readonly files?: OpenFileTransport;
}

/** The `ebxml transport` node as other nodes see it. */
export type EbxmlTransport = Transport<OpenTransport>;

export interface EbxmlTransportNode extends Node {
  transport: EbxmlTransport;
  /** Present when the transport carries files of a local authority too. */
  fileTransport?: FileTransport;
}

/** A node id may lead to nothing, to a disabled node, or in a hand-made flow to a node of another kind. */
export function isEbxmlTransportNode(node: unknown): node is EbxmlTransportNode {
  return (
    typeof node === "object" && node !== null && Reflect.get(node, "type") === "ebxml transport" && "transport" in node
  );
}
