// Takes one request of a party: decides about it, replies, and sets its answers going.
import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { deliverAnswers, type DeliveryParts } from "./answer-delivery.js";
import { decideCourse, type ConversationParts, type Course } from "./conversation.js";
import type { Disturbance } from "./disturbance.js";
import { httpText } from "./http-text.js";
import type { ReceivedRequest, RequestEnd, RequestHandling } from "./message-listener.js";
import { createMessageOrder, waitForTurn } from "./message-order.js";
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

/** The message that is taken, but whose sender never learns of it. */
function withLostAcknowledgment(course: Course): Course {
  const end: RequestEnd = course.end.kind === "reply" ? { kind: "reset" } : course.end;
  return { ...course, end, answers: course.answers.filter(({ content }) => content.kind !== "acknowledgment") };
}

function disturbed(course: Course, { isAcknowledgmentLost, replyCutAfterBytes }: Disturbance): Course {
  if (isAcknowledgmentLost) return withLostAcknowledgment(course);
  if (replyCutAfterBytes === undefined || course.end.kind !== "reply") return course;
  return { ...course, end: { ...course.end, cutAfterBytes: replyCutAfterBytes } };
}

export function createRequestTaker(parts: TakerParts): (request: ReceivedRequest) => Promise<RequestHandling> {
  const { conversation, delivery } = parts;
  const { effects, parties } = conversation;
  const order = createMessageOrder(delivery.signal);

  const deliver = (course: Course, urgency: "at once" | "when released"): Promise<void> => {
    const party = course.message === undefined ? undefined : parties.get(course.message.header.fromPartyKey);
    return party === undefined ? Promise.resolve() : deliverAnswers(course, party, urgency, delivery);
  };

  return async (request) => {
    const startedAt = effects.now();
    const pattern = patternOfPath(request.path) ?? "express";
    const { disturbance } = request;
    if (disturbance.isDropped) return { end: { kind: "silence" }, sent: () => undefined };
    await waitForTurn(disturbance, order, delivery.signal);
    const course = disturbed(decideCourse({ ...request, pattern }, conversation), disturbance);
    if (disturbance.reorderMilliseconds === undefined) order.passed();
    if (disturbance.isDuplicated) {
      deliver(decideCourse({ ...request, pattern }, conversation), "when released").catch((cause: unknown) =>
        parts.failed(cause),
      );
    }
    if (course.answersBeforeReply) await deliver(course, "at once");
    if (course.replyDelayMilliseconds > 0) {
      await sleep(course.replyDelayMilliseconds, undefined, { signal: delivery.signal });
    }
    const sent = (): void => {
      if (delivery.isWatched("exchange")) {
        delivery.tell("exchange", describeRequest(request, course, startedAt, effects.now()));
      }
      if (!course.answersBeforeReply) deliver(course, "when released").catch((cause: unknown) => parts.failed(cause));
    };
    return { end: course.end, sent };
  };
}
