// What a transport of files is to the nodes that use it, be it a `mesh transport` or an `ebxml transport`.
import type { Node } from "node-red";
import type { FileExchange } from "../../../lib/services/exchange/file-exchange.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { SystemEffects } from "../runtime/this-process.js";
import type { Transport } from "./transport-state.js";

/** An open transport: what the services for files need of it. */
export interface OpenFileTransport {
  readonly exchange: FileExchange;
  /** Stays open while the transport is. */
  readonly store: MessageStore;
  /** Whose messages in the store these are: the same after a restart. */
  readonly channel: string;
  readonly effects: SystemEffects;
}

export type FileTransport = Transport<OpenFileTransport>;

export interface FileTransportNode extends Node {
  fileTransport: FileTransport;
}

/** A node id may lead to nothing, to a disabled node, or in a hand-made flow to a node of another kind. */
export function isFileTransportNode(node: unknown): node is FileTransportNode {
  return (
    typeof node === "object" &&
    node !== null &&
    ["mesh transport", "ebxml transport"].includes(String(Reflect.get(node, "type"))) &&
    "fileTransport" in node
  );
}
