// The `message store` config node: where transports keep their messages. It is open while a transport uses it.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { credentialsOf } from "../adapter/runtime/credentials.js";
import type { StoreSource } from "../adapter/stores/message-store-model.js";
import { serveMetrics } from "../adapter/monitoring/metrics-route.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { useStore } from "../adapter/stores/store-registry.js";
import { userFolderOf } from "../adapter/runtime/user-folder.js";
import { wordsOf } from "../adapter/runtime/words.js";
import { readStoreSettings } from "./message-store-settings.js";

/** Both are written in the dialog and never sent back to it. */
const credentials = { databaseUrl: { type: "password" }, encryptionKey: { type: "password" } } as const;

function sourceOf(RED: NodeAPI, node: Node<object>, config: NodeDef): StoreSource {
  try {
    const surroundings = { credentials: credentialsOf(node), userFolder: userFolderOf(RED) };
    const settings = readStoreSettings(config, surroundings, wordsOf(RED, "message-store"));
    return (user) => useStore(settings, user);
  } catch (error) {
    const refusal = toCpisError(error);
    node.warn(refusal.message);
    return () => Promise.reject(refusal);
  }
}

export default function register(RED: NodeAPI): void {
  function MessageStoreConfigNode(this: Node<object>, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    Object.assign(this, { useStore: sourceOf(RED, this, config) });
  }
  serveMetrics(RED);
  RED.nodes.registerType("message store", MessageStoreConfigNode, { credentials });
}
