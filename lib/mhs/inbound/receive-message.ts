// Decides, without sockets, what is done with a message that reached the listener and how it is answered.
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { BusinessMessage, EbxmlMessage, MalformedEbxml, ParsedEbxml } from "../../ebxml/model.js";
import { signalService } from "../../ebxml/names.js";
import { parseEbxml } from "../../ebxml/parse-ebxml.js";
import { isCpisError } from "../../errors.js";
import type { StoredReply } from "../../store/message-model.js";
import {
  checkInbound,
  checkSender,
  isForUs,
  unknownToParty,
  warnOfInbound,
  type InboundRefusal,
  type InboundRules,
} from "./check-inbound.js";
import type { Replier } from "./inbound-replies.js";
import type { AcceptResult, InboundHandler, OpenArrival, RepeatedArrival } from "./inbound-handler.js";
import type { InboundDisposition, MhsEvents, RefusalReason } from "../model.js";

export interface InboundPost {
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly remoteAddress: string;
}

/** Requests of ebMS 2.0 (7 and 8), which no Spine party sends; the answers to them are nobody's. */
const unsupported: ReadonlySet<string> = new Set(["Ping", "StatusRequest"]);

export interface ReceiverParts {
  readonly rules: InboundRules;
  readonly replier: Replier;
  readonly handler: InboundHandler;
  readonly events: EventEmitter<MhsEvents>;
  now(): number;
}

/** Takes a posted body and gives the HTTP reply. Never rejects for anything a peer can send. */
export type MessageReceiver = (post: InboundPost) => Promise<StoredReply>;

type ParsedBusiness = ParsedEbxml & { readonly message: BusinessMessage };

function digestOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

export function createMessageReceiver(parts: ReceiverParts): MessageReceiver {
  const { rules, replier, handler, events } = parts;

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
    const { routing, report } = malformed;
    if (routing?.service === signalService && unsupported.has(routing.action ?? "")) {
      const reply = replier.refuse(routing, "NotSupported", "This service of ebXML messaging is not offered");
      return refuse(post, "unknown-action", reply);
    }
    if (routing === undefined || routing.service === signalService) return refuse(post, "unreadable", replier.fault());
    const reply = replier.refuse(routing, report.errorCode, report.description);
    return refuse(post, report.errorCode === "MimeProblem" ? "part-missing" : "inconsistent", reply);
  }

  function refuseWith(post: InboundPost, message: BusinessMessage, refusal: InboundRefusal): StoredReply {
    if (refusal.reason === "no-contract") return refuse(post, refusal.reason, replier.unavailable());
    const reply = replier.refuse(message.header, refusal.errorCode, refusal.description);
    return refuse(post, refusal.reason, reply);
  }

  function repeatReply(post: InboundPost, message: BusinessMessage, repeated: RepeatedArrival): StoredReply {
    if (!repeated.isSameBody) {
      events.emit("warning", {
        code: "DUPLICATE_WITH_OTHER_BODY",
        message: "A message id came again with other content; only the first content counts",
        messageId: message.header.messageId,
      });
    }
    noteReceived(message, "duplicate", post.body.length);
    return repeated.reply;
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
  async function take(post: InboundPost, parsed: ParsedBusiness, arrival: OpenArrival): Promise<StoredReply> {
    const { message } = parsed;
    const refusal = checkInbound(parsed, rules, parts.now());
    const reply = replier.accept(message);
    let result: AcceptResult;
    try {
      // A repeated one gets the reply that it got, whatever the rules are now.
      if (refusal !== undefined && !(await arrival.isKnown())) return refuseWith(post, message, refusal);
      result = await arrival.accept(reply);
    } catch (error) {
      return refuseUnstored(post, error);
    }
    if (result.kind === "duplicate") return repeatReply(post, message, result);
    noteReceived(message, result.disposition, post.body.length);
    warnOf(parsed);
    return reply;
  }

  async function receiveBusiness(post: InboundPost, parsed: ParsedBusiness): Promise<StoredReply> {
    const { message } = parsed;
    if (!isForUs(message, rules.ownParty)) return refuseWith(post, message, unknownToParty);
    const { contentType, body } = post;
    let arrival: OpenArrival;
    try {
      arrival = await handler.open({ message, contentType, body, bodyDigest: digestOf(body) });
    } catch (error) {
      return refuseUnstored(post, error);
    }
    return take(post, parsed, arrival);
  }

  /** A signal that cannot be written down is not taken: its sender may come again, and loses nothing if not. */
  async function receiveSignal(
    post: InboundPost,
    signal: Exclude<EbxmlMessage, BusinessMessage>,
  ): Promise<StoredReply> {
    const refusal = checkSender(signal.header.fromPartyKey, rules);
    // A signal is never answered by an error list.
    if (refusal?.reason === "no-contract") return refuse(post, refusal.reason, replier.unavailable());
    if (refusal !== undefined) return refuse(post, refusal.reason, replier.fault());
    try {
      if (signal.kind === "acknowledgment") await handler.receiveAcknowledgment(signal);
      else await handler.receiveMessageError(signal);
    } catch (error) {
      return refuseUnstored(post, error);
    }
    noteReceived(signal, signal.kind, post.body.length);
    return replier.empty();
  }

  return async (post) => {
    const reading = parseEbxml({ contentType: post.contentType, body: post.body });
    if (reading.kind === "malformed") return refuseMalformed(post, reading);
    const { message } = reading;
    return message.kind === "message" ? receiveBusiness(post, { ...reading, message }) : receiveSignal(post, message);
  };
}
