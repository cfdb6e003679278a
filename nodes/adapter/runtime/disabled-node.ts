// What a node does whose settings cannot be used: it stays in place, shows why, and tells each message.
import type { Node } from "node-red";
import type { CpisError } from "../../../lib/errors.js";
import type { NodeStatus } from "./node-status.js";
import { onClose } from "./on-close.js";
import { runInput } from "./run-input.js";
import type { Words } from "./words.js";

/** A constructor that threw would leave a node that is there in the editor and missing in the runtime. */
export function refuseAll(node: Node, status: NodeStatus, words: Words, error: CpisError): void {
  status.failed(words("status.failed", { code: error.code }));
  node.warn(error.message);
  node.on("input", function (_msg, send, done) {
    void runInput(send, done, () => Promise.reject(error));
  });
  onClose(node, () => {
    status.close();
    return Promise.resolve();
  });
}
