// The rights of the message log, each of its own.
import type { LogActionName } from "../../lib/services/message-log/message-log-model.js";

/** Metadata: what happened, when, with which ids and codes. Ends in ".read", so a user with the scope "read" has it. */
export const readPermission = "cp-is.messages.read";

/** What an answer was, and searching by NHS number: whether a child has a record is a child's detail. */
export const answersPermission = "cp-is.messages.answers";

/**
 * A child's details. Node-RED gives every permission that ends in ".read" or ".write" to whoever has the scope "read"
 * or "write": so neither this name nor those of the actions do. Who has "*", or is given it by name, may.
 */
export const contentPermission = "cp-is.messages.content";
export const exportPermission = "cp-is.messages.export";

/** Stored work that no transport owns: to give it to one. To end it is to drop it. */
export const adoptPermission = "cp-is.messages.adopt";

export function actionPermission(action: LogActionName): string {
  return `cp-is.messages.${action}`;
}
