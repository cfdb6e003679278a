// The secrets of a node, which Node-RED keeps apart from its flow and never gives back to the editor.
import type { Node } from "node-red";

/** Without any, Node-RED leaves the property out. */
export function credentialsOf(node: Node<object>): object {
  const given: unknown = Reflect.get(node, "credentials");
  return typeof given === "object" && given !== null ? given : {};
}

/** The trimmed text; empty when it is missing or of another kind. */
export function readSecret(credentials: object, property: string): string {
  const value: unknown = Reflect.get(credentials, property);
  return typeof value === "string" ? value.trim() : "";
}
