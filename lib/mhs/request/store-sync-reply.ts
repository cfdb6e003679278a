// Keeps the reply of a synchronous exchange in the store, linked with its request, before anybody is told of it.
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { ErrorCode } from "../../errors.js";
import { comparableId } from "../../identifiers.js";
import type { AnswerOutcome, MessageRowId, NewInboundMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { ReplyToKeep, SynchronousMeaning } from "./interpret-synchronous.js";
import type { MhsEffects, MhsEvents, OutboundRequest, OwnParty } from "../model.js";
import { arrivals } from "./pending-requests.js";
import { writeDown, type WritingParts } from "./background-writes.js";

export interface ReplyKeeperParts extends WritingParts {
  readonly store: MessageStore;
  readonly channel: string;
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  readonly events: EventEmitter<MhsEvents>;
}

/** How long an answer may stay uncollected after the last moment in which its request can wait. */
const collectMilliseconds = 60_000;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Why a reply ends its request as failed; undefined for the answer. */
export function failureOfReply({ outcome, settles }: SynchronousMeaning): ErrorCode | undefined {
  if (settles) return undefined;
  return outcome.kind === "mismatched" || outcome.kind === "replied" ? "SOAP_REPLY_MISMATCH" : "SOAP_NO_ANSWER";
}

interface Asked {
  readonly id: MessageRowId;
  readonly request: OutboundRequest;
}

function newReplyRecord(
  { body, contentType, messageId, interaction = "" }: ReplyToKeep,
  meaning: SynchronousMeaning,
  { id, request }: Asked,
  parts: ReplyKeeperParts,
): NewInboundMessage {
  const acceptedAt = parts.effects.now();
  const failure = failureOfReply(meaning);
  const duplicateUntil = acceptedAt + dayMilliseconds;
  const state: Pick<NewInboundMessage, "state" | "nextAttemptAt" | "errorCode"> =
    failure === undefined
      ? { state: "delivered", nextAttemptAt: acceptedAt + request.timeoutMilliseconds + collectMilliseconds }
      : { state: "rejected", errorCode: failure };
  return {
    ...state,
    channel: parts.channel,
    destination: request.conversationId,
    isOrdered: false,
    interaction,
    service: request.service,
    // Of our own making: peers that test others repeat theirs, and each reply is kept.
    messageId: parts.effects.newUuid(),
    conversationId: request.conversationId,
    refToMessageId: request.messageId,
    ...(messageId === undefined ? {} : { applicationId: messageId }),
    fromParty: comparableId(request.contract.toPartyKey),
    toParty: parts.ownParty.partyKey,
    acceptedAt,
    content: body,
    bodyDigest: createHash("sha256").update(body).digest("hex"),
    reply: { status: 200, contentType: "", body: Buffer.alloc(0) },
    duplicateUntil,
    attributes: { role: "answer", contentType, duplicateUntil, refersTo: id },
    answers: failure === undefined ? { id } : { id, state: "failed", code: failure },
  };
}

/** A reply that the store took. "delivered": the one who asked is to be given it, and then it is confirmed. */
export interface KeptReply {
  readonly id: MessageRowId;
  readonly state: "delivered" | "rejected" | "late";
}

function rejectLate(id: MessageRowId, parts: ReplyKeeperParts): void {
  const { store, effects } = parts;
  const code = "EBXML_LATE_ANSWER";
  const changes = { errorCode: code };
  const from = ["delivered", "rejected"] as const;
  void writeDown(parts, () => store.transition({ id, from, to: "rejected", at: effects.now(), code, changes }));
}

/**
 * Undefined when there is nothing to keep, or when the store cannot take it: whoever waits is told all the same. A
 * reply to a request that has ended by then is kept as a late one.
 */
export async function keepReply(
  meaning: SynchronousMeaning,
  asked: Asked,
  parts: ReplyKeeperParts,
): Promise<KeptReply | undefined> {
  if (meaning.kept === undefined) return undefined;
  const record = newReplyRecord(meaning.kept, meaning, asked, parts);
  const acceptance = await writeDown(parts, () => parts.store.acceptInbound(record));
  if (acceptance?.id === undefined) return undefined;
  const { id } = acceptance;
  // A duplicate is what was accepted here when the store could not say so: it decided then.
  const answer: AnswerOutcome = acceptance.kind === "accepted" ? (acceptance.answer ?? "unknown") : "answered";
  if (answer === "answered") return { id, state: meaning.settles ? "delivered" : "rejected" };
  const { code, message } = arrivals.late;
  parts.events.emit("warning", { code, message, messageId: asked.request.messageId });
  rejectLate(id, parts);
  return { id, state: "late" };
}

/** The one who asked has been given it. */
export function confirmReply(id: MessageRowId, parts: ReplyKeeperParts): void {
  const { store, effects } = parts;
  const confirmed = { id, from: ["delivered"], to: "confirmed", at: effects.now() } as const;
  void writeDown(parts, () => store.transition(confirmed));
}
