// What a message store is to the transports that use it.
import type { Node } from "node-red";
import type { CpisError } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";

/** `error` is the one for which the store refused the last message, or failed when it was asked how it is. */
export type StoreCondition = { readonly kind: "ready" } | { readonly kind: "unavailable"; readonly error: CpisError };

export interface StoreUser {
  /** Called at once, and at every change. */
  conditionChanged(condition: StoreCondition): void;
  /** For the operator; ids and codes only. */
  warn(text: string): void;
  info(text: string): void;
}

export interface StoreUse {
  readonly store: MessageStore;
  /** The store is closed after its last user. Harmless to call twice. */
  release(): Promise<void>;
}

/** Opens the store for its first user. Throws STORE_* or CONFIG_*. */
export type StoreSource = (user: StoreUser) => Promise<StoreUse>;

export interface MessageStoreNode extends Node {
  useStore: StoreSource;
}

/** A node id may lead to nothing, to a disabled node, or in a hand-made flow to a node of another kind. */
export function isMessageStoreNode(node: unknown): node is MessageStoreNode {
  return (
    typeof node === "object" && node !== null && Reflect.get(node, "type") === "message store" && "useStore" in node
  );
}
