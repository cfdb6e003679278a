// Keeps the reply of a synchronous exchange in the store, linked with its request, before anybody is told of it.
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import { definedOnly } from "../../defined-only.js";
import type { ErrorCode } from "../../errors.js";
import { comparableId } from "../../identifiers.js";
import type { NewAuditEntry } from "../../store/audit-model.js";
import type { AnsweredMessage, AnswerOutcome, MessageRowId, NewInboundMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import type { ReplyToKeep, SynchronousMeaning } from "./synchronous-form.js";
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

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Why a reply ends its request as failed; undefined for the answer. */
export function failureOfReply({
  outcome,
  settles,
}: Pick<SynchronousMeaning, "outcome" | "settles">): ErrorCode | undefined {
  if (settles) return undefined;
  return outcome.kind === "mismatched" || outcome.kind === "replied" ? "SOAP_REPLY_MISMATCH" : "SOAP_NO_ANSWER";
}

interface Asked<Result> {
  readonly id: MessageRowId;
  readonly request: OutboundRequest<Result>;
  /** Of the end that the reply is. */
  readonly audit: NewAuditEntry | undefined;
}

function newReplyRecord<Result>(
  { body, contentType, messageId, interaction = "" }: ReplyToKeep,
  meaning: SynchronousMeaning<Result>,
  { id, request, audit }: Asked<Result>,
  parts: ReplyKeeperParts,
): NewInboundMessage {
  const acceptedAt = parts.effects.now();
  const failure = failureOfReply(meaning);
  const duplicateUntil = acceptedAt + dayMilliseconds;
  const answers: AnsweredMessage = {
    id,
    ...(failure === undefined ? {} : { state: "failed", code: failure }),
    ...definedOnly({ audit }),
    refusals: { late: "EBXML_LATE_ANSWER", conflicting: "EBXML_LATE_ANSWER" },
  };
  return {
    // The one who asked is here, and is given it as soon as it is kept.
    ...(failure === undefined ? { state: "confirmed" } : { state: "rejected", errorCode: failure }),
    channel: parts.channel,
    destination: request.conversationId,
    isOrdered: false,
    interaction,
    service: request.service,
    // Of our own making: peers that test others repeat theirs, and each reply is kept.
    messageId: parts.effects.newUuid(),
    conversationId: request.conversationId,
    refToMessageId: request.messageId,
    ...definedOnly({ applicationId: messageId }),
    fromParty: comparableId(request.contract.toPartyKey),
    toParty: parts.ownParty.partyKey,
    acceptedAt,
    content: body,
    bodyDigest: createHash("sha256").update(body).digest("hex"),
    reply: { status: 200, contentType: "", body: Buffer.alloc(0) },
    duplicateUntil,
    attributes: { role: "answer", contentType, duplicateUntil, refersTo: id },
    answers,
  };
}

/** A reply that the store took. "given": to the one who asked. "rejected": it ended the request as failed. */
export interface KeptReply {
  readonly state: "given" | "rejected" | "late";
}

/**
 * Undefined when there is nothing to keep, or when the store cannot take it: whoever waits is told all the same. A
 * reply to a request that has ended by then is kept as a late one.
 */
export async function keepReply<Result>(
  meaning: SynchronousMeaning<Result>,
  asked: Asked<Result>,
  parts: ReplyKeeperParts,
): Promise<KeptReply | undefined> {
  if (meaning.kept === undefined) return undefined;
  const record = newReplyRecord(meaning.kept, meaning, asked, parts);
  const acceptance = await writeDown(parts, () => parts.store.acceptInbound(record));
  if (acceptance === undefined) return undefined;
  // A duplicate is what was accepted here when the store could not say so: it decided then.
  const answer: AnswerOutcome = acceptance.kind === "accepted" ? (acceptance.answer ?? "unknown") : "answered";
  if (answer === "answered") return { state: meaning.settles ? "given" : "rejected" };
  const { code, message } = arrivals.late;
  parts.events.emit("warning", { code, message, messageId: asked.request.messageId });
  return { state: "late" };
}
