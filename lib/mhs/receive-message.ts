// Decides, without sockets, what is done with a message that reached the listener and how it is answered.
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { BusinessMessage, EbxmlMessage, MalformedEbxml, ParsedEbxml } from "../ebxml/model.js";
import { signalService } from "../ebxml/names.js";
import { parseEbxml } from "../ebxml/parse-ebxml.js";
import { isCpisError } from "../errors.js";
import { comparableId } from "../identifiers.js";
import type { InboundClaim, InboundRegister, StoredReply } from "../store/inbound-register.js";
import {
  checkInbound,
  isForUs,
  unknownToParty,
  warnOfInbound,
  type InboundRefusal,
  type InboundRules,
} from "./check-inbound.js";
import type { Replier } from "./inbound-replies.js";
import type { InboundDisposition, MhsEvents, RefusalReason } from "./model.js";
import type { RequestDesk } from "./request-desk.js";

export interface InboundPost {
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly remoteAddress: string;
}

export interface ReceiverParts {
  readonly rules: InboundRules;
  readonly replier: Replier;
  readonly register: InboundRegister;
  readonly desk: RequestDesk;
  readonly events: EventEmitter<MhsEvents>;
  now(): number;
  /** How long a copy waits for another one that is being dealt with, before it is told to come again. */
  readonly claimMilliseconds: number;
}

/** Takes a posted body and gives the HTTP reply. Never rejects for anything a peer can send. */
export type MessageReceiver = (post: InboundPost) => Promise<StoredReply>;

type NewClaim = Extract<InboundClaim, { kind: "new" }>;
type DuplicateClaim = Extract<InboundClaim, { kind: "duplicate" }>;
type ParsedBusiness = ParsedEbxml & { readonly message: BusinessMessage };

function digestOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Gives undefined when the turn did not come in time; one that comes later is handed on at once. */
async function claimInTime(
  register: InboundRegister,
  message: BusinessMessage,
  bodyDigest: string,
  milliseconds: number,
): Promise<InboundClaim | undefined> {
  const { fromPartyKey, messageId } = message.header;
  const key = { fromPartyKey: comparableId(fromPartyKey), messageId: comparableId(messageId) };
  const claim = register.claim(key, bodyDigest);
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  try {
    const winner = await Promise.race([claim, tooLate]);
    if (winner === undefined)
      claim.then((late) => (late.kind === "new" ? late.release() : undefined)).catch(() => undefined);
    return winner;
  } finally {
    clearTimeout(timer);
  }
}

export function createMessageReceiver(parts: ReceiverParts): MessageReceiver {
  const { rules, replier, register, desk, events } = parts;

  function noteReceived(message: EbxmlMessage, disposition: InboundDisposition, bytes: number): void {
    const { messageId, refToMessageId, action } = message.header;
    const reference = refToMessageId === undefined ? {} : { refToMessageId };
    events.emit("received", { messageId, ...reference, action, disposition, bytes });
  }

  function refuse(post: InboundPost, reason: RefusalReason, reply: StoredReply): StoredReply {
    events.emit("refused", { httpStatus: reply.status, reason, remoteAddress: post.remoteAddress });
    return reply;
  }

  /** Not kept, so not acknowledged: a reliable sender comes again. */
  function refuseUnstored(post: InboundPost, error: unknown): StoredReply {
    const code = isCpisError(error) ? error.code : "an unexpected error";
    events.emit("warning", {
      code: "NOT_STORED",
      message: `A message could not be remembered and was not taken: ${code}`,
    });
    return refuse(post, "not-stored", replier.unavailable());
  }

  /** A broken signal is answered by a fault: an ebXML error is never answered with another (ebMS 2.0, 4.2.4). */
  function refuseMalformed(post: InboundPost, malformed: MalformedEbxml): StoredReply {
    const { routing } = malformed;
    if (routing === undefined || routing.service === signalService) return refuse(post, "unreadable", replier.fault());
    const reply = replier.refuse(routing, "Inconsistent", "The message header lacks a mandatory value");
    return refuse(post, "inconsistent", reply);
  }

  function refuseWith(post: InboundPost, message: BusinessMessage, refusal: InboundRefusal): StoredReply {
    const reply = replier.refuse(message.header, refusal.errorCode, refusal.description);
    return refuse(post, refusal.reason, reply);
  }

  function repeatReply(post: InboundPost, message: BusinessMessage, claim: DuplicateClaim): StoredReply {
    if (!claim.isSameBody) {
      events.emit("warning", {
        code: "DUPLICATE_WITH_OTHER_BODY",
        message: "A message id came again with other content; only the first content counts",
        messageId: message.header.messageId,
      });
    }
    noteReceived(message, "duplicate", post.body.length);
    return claim.reply;
  }

  function warnOf(parsed: ParsedBusiness): void {
    const { messageId } = parsed.message.header;
    const tolerated = parsed.warnings.map(({ message }) => ({ code: "TOLERATED", message }) as const);
    for (const warning of [...tolerated, ...warnOfInbound(parsed.message, rules)]) {
      events.emit("warning", { ...warning, messageId });
    }
  }

  /**
   * The message is remembered before anybody hears of it: the reply may only promise what is kept. Afterwards nothing
   * changes the reply any more.
   */
  async function take(post: InboundPost, parsed: ParsedBusiness, claim: NewClaim): Promise<StoredReply> {
    const { message } = parsed;
    const refusal = checkInbound(parsed, rules, parts.now(), desk.isExpected(message));
    if (refusal !== undefined) return refuseWith(post, message, refusal);
    const reply = replier.accept(message);
    try {
      await claim.accept(reply);
    } catch (error) {
      return refuseUnstored(post, error);
    }
    const disposition = desk.receiveAnswer(message);
    noteReceived(message, disposition, post.body.length);
    warnOf(parsed);
    return reply;
  }

  async function receiveBusiness(post: InboundPost, parsed: ParsedBusiness): Promise<StoredReply> {
    const { message } = parsed;
    if (!isForUs(message, rules.ownParty)) return refuseWith(post, message, unknownToParty);
    let claim: InboundClaim | undefined;
    try {
      claim = await claimInTime(register, message, digestOf(post.body), parts.claimMilliseconds);
    } catch (error) {
      return refuseUnstored(post, error);
    }
    if (claim === undefined) return refuse(post, "busy", replier.unavailable());
    if (claim.kind === "duplicate") return repeatReply(post, message, claim);
    try {
      return await take(post, parsed, claim);
    } finally {
      await claim.release();
    }
  }

  return async (post) => {
    const reading = parseEbxml({ contentType: post.contentType, body: post.body });
    if (reading.kind === "malformed") return refuseMalformed(post, reading);
    const { message } = reading;
    switch (message.kind) {
      case "acknowledgment":
        desk.receiveAcknowledgment(message);
        noteReceived(message, "acknowledgment", post.body.length);
        return replier.empty();
      case "message-error":
        desk.receiveMessageError(message);
        noteReceived(message, "message-error", post.body.length);
        return replier.empty();
      case "message":
        return receiveBusiness(post, { ...reading, message });
    }
  };
}
