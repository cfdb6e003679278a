// A stored message as the log shows it, and what a person may do with it.
import { mayBeInMesh, isOutboundFile } from "../../mesh/operator-actions.js";
import { isOutboundEbxml, isRequest } from "../../mhs/outbound/operator-actions.js";
import {
  type FinishedState,
  type InboundState,
  isFinished,
  type OutboundState,
  type StoredInboundMessage,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../../store/message-model.js";
import type { LogActionName, LogCaution, LogMessage } from "./message-log-model.js";
import { everything, isWithheld, withheld, type LogView } from "./message-log-view.js";
import { interactionNameOf, problemOf, stateWords } from "./message-log-words.js";

/** The ends that somebody should look at. */
export const deadStates = ["failed", "expired", "rejected"] as const;
const resendable: readonly OutboundState[] = ["failed", "expired"];
const deliverable: readonly InboundState[] = ["received", "delivered"];

/** The peer has looked into these and said that the same bytes must not come again. */
export const neverSameAgain: ReadonlySet<string> = new Set(["MESH_BAD_FILE", "CPIS_UPLOAD_REFUSED"]);

/** Under which the peer may have the message. */
const doubtful: ReadonlySet<string> = new Set([
  "MESH_OUTCOME_UNKNOWN",
  "EBXML_OUTCOME_UNKNOWN",
  "EBXML_NOT_ACKNOWLEDGED",
  "EBXML_NO_RESPONSE",
]);

const secondUpload: LogCaution = {
  code: "MAY_BE_SECOND_UPLOAD",
  text:
    "MESH may have this file already, and CP-IS may then get it a second time. First look for its response, or ask " +
    "the national service desk.",
};
const secondMessage: LogCaution = {
  code: "MAY_BE_SECOND_MESSAGE",
  text: "The peer may have this message already; it cannot know that the new one is the same. First ask the peer.",
};

/** Whether the log knows how this kind of message is sent again. */
export function isKnownKind(message: StoredMessage): boolean {
  return isOutboundFile(message) || isOutboundEbxml(message);
}

/** A file was sent and answered well, and what it said was not taken: that needs a person as much. */
const unloaded: ReadonlySet<string> = new Set(["partly-accepted", "refused", "file-refused", "unclear"]);

/** The states in which a person may say that this message has been dealt with. */
export function statesToDealWith({ outcome = "" }: StoredMessage): readonly FinishedState[] {
  return unloaded.has(outcome) ? [...deadStates, "completed"] : deadStates;
}

function isDead(message: StoredMessage): boolean {
  return statesToDealWith(message).some((dead) => dead === message.state);
}

/** Whether a flow, and not a request that waits, is to confirm it. */
function isConfirmable({ state, attempts, attributes }: StoredInboundMessage): boolean {
  const { role = "consumer" } = attributes;
  // What the flow never saw must not be taken for seen.
  return deliverable.includes(state) && attempts > 0 && role === "consumer";
}

function outboundActions(message: StoredOutboundMessage): readonly LogActionName[] {
  const { state, answeredAt, errorCode = "" } = message;
  if (state === "held") return isRequest(message) ? ["drop"] : ["release", "drop"];
  const mayGoAgain = answeredAt === undefined && !isRequest(message) && !neverSameAgain.has(errorCode);
  return resendable.includes(state) && mayGoAgain && isKnownKind(message) ? ["resend"] : [];
}

export function actionsOf(message: StoredMessage): readonly LogActionName[] {
  const actions: LogActionName[] = [];
  if (message.direction === "outbound") actions.push(...outboundActions(message));
  else if (isConfirmable(message)) actions.push("confirm");
  if (isDead(message) && message.dealtWithAt === undefined) actions.push("deal-with");
  return actions;
}

function cautionsOf(message: StoredMessage, actions: readonly LogActionName[]): Pick<LogMessage, "cautions"> {
  if (message.direction !== "outbound" || actions.length === 0) return {};
  const isFile = isOutboundFile(message);
  if (actions.includes("release")) return isFile && mayBeInMesh(message) ? { cautions: { release: secondUpload } } : {};
  const { acknowledgedAt, errorCode = "" } = message;
  // MESH itself reports that the recipient has not got it.
  const isWithPeer = acknowledgedAt !== undefined && errorCode !== "MESH_UNDELIVERED";
  if (!actions.includes("resend") || !(isWithPeer || doubtful.has(errorCode))) return {};
  return { cautions: { resend: isFile ? secondUpload : secondMessage } };
}

type Told = { -readonly [Name in keyof LogMessage]: LogMessage[Name] };

/** What is absent of many messages. One by one, since a page is read in a fraction of a millisecond. */
function tellOptional(told: Told, message: StoredMessage): void {
  const { refToMessageId, nextAttemptAt, acknowledgedAt, answeredAt, errorCode, originalId } = message;
  if (refToMessageId !== undefined) told.refToMessageId = refToMessageId;
  if (acknowledgedAt !== undefined) told.acknowledgedAt = acknowledgedAt;
  if (answeredAt !== undefined) told.answeredAt = answeredAt;
  if (errorCode !== undefined) told.error = problemOf(errorCode);
  if (originalId !== undefined) told.originalId = originalId;
  if (isFinished(message.state)) {
    told.durationMilliseconds = Math.max(0, (answeredAt ?? message.updatedAt) - message.createdAt);
  } else if (nextAttemptAt !== undefined) told.nextAttemptAt = nextAttemptAt;
}

/** Holds nothing of the content, and not the hash of whom it is about. */
export function toLogMessage(
  stored: StoredMessage,
  resentAs: readonly number[] = [],
  view: LogView = everything,
): LogMessage {
  const isCovered = isWithheld(stored, view);
  const message = isCovered ? withheld(stored) : stored;
  const { id, direction, state, interaction, channel, messageId, conversationId } = message;
  const { createdAt, updatedAt, attempts, contentBytes } = message;
  const actions = actionsOf(stored);
  const told: Told = {
    ...{ id, direction, state, interaction, channel, messageId, conversationId },
    stateWords: stateWords[state],
    interactionName: interactionNameOf(message),
    ...{ createdAt, updatedAt, attempts, actions },
    isDealtWith: message.dealtWithAt !== undefined,
  };
  if (!isCovered || direction === "outbound") told.contentBytes = contentBytes;
  tellOptional(told, message);
  if (resentAs.length > 0) told.resentAs = resentAs;
  return actions.length === 0 ? told : { ...told, ...cautionsOf(stored, actions) };
}
