// Takes one request of a party: decides about it, replies, and sets its answers going.
import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { deliverAnswers, type DeliveryParts } from "./answer-delivery.js";
import { decideCourse, type ConversationParts, type Course } from "./conversation.js";
import { httpText } from "./http-text.js";
import type { ReceivedRequest, RequestHandling } from "./message-listener.js";
import type { SimulatedExchange } from "./model.js";
import { patternOfPath } from "./spine-identity.js";

export interface TakerParts {
  readonly conversation: ConversationParts;
  readonly delivery: DeliveryParts;
  failed(cause: unknown): void;
}

function describeRequest(request: ReceivedRequest, course: Course, startedAt: number, now: number): SimulatedExchange {
  const header = course.message?.header;
  const exchange: SimulatedExchange = {
    kind: "request",
    action: header?.action ?? "",
    messageId: header?.messageId ?? course.messageId ?? "",
    conversationId: header?.conversationId ?? "",
    partyKey: header?.fromPartyKey ?? "",
    startedAt,
    durationMilliseconds: now - startedAt,
    request: httpText(`POST ${request.path} HTTP/1.1`, request.rawHeaders, request.body),
    reply: "",
  };
  if (course.end.kind !== "reply") return exchange;
  const { status, headers, body } = course.end.reply;
  const statusLine = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`;
  const rawHeaders = [...Object.entries(headers).flat(), "Content-Length", String(body.byteLength)];
  return { ...exchange, status, reply: httpText(statusLine, rawHeaders, body) };
}

export function createRequestTaker(parts: TakerParts): (request: ReceivedRequest) => Promise<RequestHandling> {
  const { conversation, delivery } = parts;
  const { effects, parties } = conversation;
  return async (request) => {
    const startedAt = effects.now();
    const pattern = patternOfPath(request.path) ?? "express";
    const course = decideCourse({ ...request, pattern }, conversation);
    const party = course.message === undefined ? undefined : parties.get(course.message.header.fromPartyKey);
    if (party !== undefined && course.answersBeforeReply) await deliverAnswers(course, party, "at once", delivery);
    if (course.replyDelayMilliseconds > 0) {
      await sleep(course.replyDelayMilliseconds, undefined, { signal: delivery.signal });
    }
    const sent = (): void => {
      if (delivery.isWatched()) {
        delivery.tell("exchange", describeRequest(request, course, startedAt, effects.now()));
      }
      if (party === undefined || course.answersBeforeReply) return;
      deliverAnswers(course, party, "when released", delivery).catch((cause: unknown) => parts.failed(cause));
    };
    return { end: course.end, sent };
  };
}
