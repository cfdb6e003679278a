// Closing a node: waited for, bounded by Node-RED's own limit, and never silent about a failure.
import type { Node } from "node-red";
import { toCpisError } from "./run-input.js";

/**
 * Runs the work when the node is closed and tells Node-RED when it is finished. What the work throws is logged here,
 * because Node-RED drops it.
 */
export function onClose(node: Node, work: () => Promise<void>): void {
  node.on("close", (_removed: boolean, done: () => void) => {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => node.warn(toCpisError(error).message))
      .finally(done);
  });
}
