// The plain words in which the message log speaks of states, interactions and errors.
import { errorTable, type ErrorCode } from "../../errors.js";
import type { MessageState, StoredMessage } from "../../store/message-model.js";
import type { LogProblem } from "./message-log-model.js";
import { uploadInteraction } from "../exchange/mesh-exchange.js";

export const stateWords: Readonly<Record<MessageState, string>> = {
  queued: "waiting to be sent",
  sending: "being sent",
  "awaiting-acknowledgement": "waiting for the acknowledgment",
  "awaiting-response": "waiting for the answer",
  completed: "completed",
  failed: "failed",
  expired: "time ran out",
  held: "held until a person decides",
  received: "waiting for the flow",
  delivered: "handed to the flow, not confirmed yet",
  confirmed: "taken by the flow",
  rejected: "set aside",
};

const upload = "CP-IS upload";
const interactionNames: ReadonlyMap<string, string> = new Map([
  ["QUPC_IN000006GB01", "CP-IS query"],
  ["REPC_IN000007GB01", "response to a query"],
  ["QUQI_IN010000UK14", "answer without a record, or a refusal"],
  ["MCCI_IN010000UK13", "application acknowledgement"],
  ["REPC_IN000003GB01", "response to an upload"],
  ["REPC_IN000004GB01", "access to service notification"],
  ["REPC_IN000005GB01", "inactive NHS number notification"],
  [uploadInteraction, upload],
  ["FileResponse", "response to an upload"],
  ["CP-ISAccessToServiceNotification", "access to service notification"],
  ["CP-ISInactiveNHSNumberNotification", "inactive NHS number notification"],
  ["MESH report", "MESH delivery report"],
  ["answer", "answer"],
]);

/** The ebXML action of an upload is set by each site, so an upload is known by what is kept with it. */
export function interactionNameOf({ interaction, attributes }: StoredMessage): string {
  if (typeof attributes["uploadOwner"] === "string") return upload;
  return interactionNames.get(interaction) ?? (interaction === "" ? "message without a name" : interaction);
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

/** A code of an older or newer version has no words here. */
export function problemOf(code: string): LogProblem {
  if (!isErrorCode(code)) return { code, message: code, advice: "" };
  const { message, advice } = errorTable[code];
  return { code, message, advice };
}
