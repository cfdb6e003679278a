// The message store of a transport: the one it names, or the embedded one that nobody has to configure.
import type { NodeAPI } from "node-red";
import { CpisError } from "../../../lib/errors.js";
import { isMessageStoreNode, type StoreSource } from "./message-store-model.js";
import { useStore } from "./store-registry.js";
import { defaultStoreSettings } from "./store-settings.js";
import { userFolderOf } from "../runtime/user-folder.js";
import type { Words } from "../runtime/words.js";

/** Called when the transport opens: then all config nodes are there. Throws CONFIG_MISSING. */
export function configuredStore(RED: NodeAPI, words: Words, storeNodeId: string | undefined): StoreSource {
  if (storeNodeId === undefined) return (user) => useStore(defaultStoreSettings(userFolderOf(RED)), user);
  const found: unknown = RED.nodes.getNode(storeNodeId);
  if (!isMessageStoreNode(found)) throw new CpisError("CONFIG_MISSING", { detail: words("field.messageStore") });
  return found.useStore;
}
