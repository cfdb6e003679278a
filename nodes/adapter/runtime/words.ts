// The texts of a node, from its catalogue in the language of the server.
import type { NodeAPI } from "node-red";

/** `key` is relative to the node's part of its catalogue; `values` fill the places written as __name__. */
export type Words = (key: string, values?: Record<string, string | number>) => string;

export function wordsOf(RED: NodeAPI, nodeFile: string): Words {
  return (key, values = {}) => RED._(`${nodeFile}.${key}`, values);
}
