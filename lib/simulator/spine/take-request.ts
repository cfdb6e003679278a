// Takes one request of a party: decides about it, replies, and sets its answers going.
import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { deliverAnswers, waitUntilDue, type DeliveryParts } from "./answer-delivery.js";
import { decideCourse, type ConversationParts } from "./conversation.js";
import type { AnswerInReply, Course } from "./course.js";
import type { Disturbance } from "./network-fault.js";
import { httpText } from "./http-text.js";
import type { ReceivedRequest, RequestEnd, RequestHandling } from "./message-listener.js";
import { createMessageOrder, waitForTurn } from "./message-order.js";
import type { SimulatedExchange } from "../model.js";
import { patternOfPath } from "../spine-identity.js";
import { decideSynchronousCourse } from "./sync-conversation.js";

export interface TakerParts {
  readonly conversation: ConversationParts;
  readonly delivery: DeliveryParts;
  failed(cause: unknown): void;
}

function describeRequest(request: ReceivedRequest, course: Course, startedAt: number, now: number): SimulatedExchange {
  const { action = "", messageId = "", conversationId = "", partyKey = "" } = course.about;
  const exchange: SimulatedExchange = {
    kind: "request",
    ...{ action, messageId, conversationId, partyKey },
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
  const { answerInReply, ...rest } = course;
  const end: RequestEnd = course.end.kind === "reply" || answerInReply !== undefined ? { kind: "reset" } : course.end;
  return { ...rest, end, answers: course.answers.filter(({ content }) => content.kind !== "acknowledgment") };
}

function cutReply(end: RequestEnd, { replyCutAfterBytes }: Disturbance): RequestEnd {
  if (replyCutAfterBytes === undefined || end.kind !== "reply") return end;
  return { ...end, cutAfterBytes: replyCutAfterBytes };
}

/** The answer that travels in the reply, when it is due and is not kept back. */
async function replyWithAnswer(answer: AnswerInReply, delivery: DeliveryParts): Promise<RequestEnd> {
  if ((await waitUntilDue(answer.conduct, delivery)) === "closed") return { kind: "silence" };
  const { promise, resolve } = Promise.withResolvers<RequestEnd>();
  await delivery.gate.pass(() => {
    resolve(answer.encode());
    return Promise.resolve();
  });
  return promise;
}

export function createRequestTaker(parts: TakerParts): (request: ReceivedRequest) => Promise<RequestHandling> {
  const { conversation, delivery } = parts;
  const { effects, parties } = conversation;
  const order = createMessageOrder(delivery.signal);

  const deliver = (course: Course, urgency: "at once" | "when released"): Promise<void> => {
    const { partyKey } = course.about;
    const party = partyKey === undefined ? undefined : parties.get(partyKey);
    return party === undefined ? Promise.resolve() : deliverAnswers(course, party, urgency, delivery);
  };

  return async (request) => {
    const startedAt = effects.now();
    const pattern = patternOfPath(request.path) ?? "express";
    const { disturbance } = request;
    const decide = (): Course =>
      pattern === "syncSoap"
        ? decideSynchronousCourse(request, conversation)
        : decideCourse({ ...request, pattern }, conversation);
    if (disturbance.isDropped) return { end: { kind: "silence" }, sent: () => undefined };
    await waitForTurn(disturbance, order, delivery.signal);
    const decided = decide();
    const course = disturbance.isAcknowledgmentLost ? withLostAcknowledgment(decided) : decided;
    if (disturbance.reorderMilliseconds === undefined) order.passed();
    if (disturbance.isDuplicated) {
      deliver(decide(), "when released").catch((cause: unknown) => parts.failed(cause));
    }
    if (course.answersBeforeReply) await deliver(course, "at once");
    if (course.replyDelayMilliseconds > 0) {
      await sleep(course.replyDelayMilliseconds, undefined, { signal: delivery.signal });
    }
    const { answerInReply } = course;
    const last = answerInReply === undefined ? course.end : await replyWithAnswer(answerInReply, delivery);
    const end = cutReply(last, disturbance);
    const sent = (): void => {
      if (delivery.isWatched("exchange")) {
        delivery.tell("exchange", describeRequest(request, { ...course, end }, startedAt, effects.now()));
      }
      if (!course.answersBeforeReply) deliver(course, "when released").catch((cause: unknown) => parts.failed(cause));
    };
    return { end, sent };
  };
}
