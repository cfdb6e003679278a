// Delivers the answers to one request: when they are due, in their order, and judges what the party replies.
import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerGate } from "./answer-gate.js";
import { postHeaders, type AnswerMessage, type AnswerSender, type PostedReply } from "./answer-sender.js";
import type { AnswerConduct } from "../behaviour.js";
import type { Course } from "./course.js";
import { checkEbxmlAcknowledgment } from "./ebxml-acceptance.js";
import { httpText } from "./http-text.js";
import type { SimulatedExchange, SimulatedParty, SimulatorEffects, SimulatorEvents } from "../model.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError } from "../../errors.js";
import { parseXml } from "../../xml/parse-xml.js";

export interface DeliveryParts {
  readonly effects: SimulatorEffects;
  readonly sender: AnswerSender;
  readonly gate: AnswerGate;
  readonly answerDelayMilliseconds: number;
  readonly lateAnswerMilliseconds: number;
  /** Aborted when the simulator closes. */
  readonly signal: AbortSignal;
  /** Whether anybody listens for such events: what they tell costs time to find out. */
  isWatched(name: keyof SimulatorEvents): boolean;
  tell<Name extends keyof SimulatorEvents>(name: Name, ...event: SimulatorEvents[Name]): void;
}

function checkReply(reply: PostedReply): readonly string[] {
  if (reply.body.byteLength === 0) return [];
  try {
    return checkEbxmlAcknowledgment(parseXml(reply.body));
  } catch (cause) {
    if (isCpisError(cause)) return [cause.code];
    throw cause;
  }
}

function describeExchange(
  answer: AnswerMessage,
  party: SimulatedParty,
  reply: PostedReply | undefined,
  startedAt: number,
  now: number,
): SimulatedExchange {
  const url = new URL(party.answerUrl);
  const startLine = `POST ${url.pathname}${url.search} HTTP/1.1`;
  const exchange: SimulatedExchange = {
    kind: "answer",
    action: answer.action,
    messageId: answer.messageId,
    conversationId: answer.conversationId,
    ...definedOnly({ refToMessageId: answer.refToMessageId }),
    partyKey: party.partyKey,
    startedAt,
    durationMilliseconds: now - startedAt,
    request: httpText(startLine, postHeaders(url, answer.encoded).flat(), answer.encoded.body),
    reply: "",
  };
  if (reply === undefined) return exchange;
  const statusLine = `HTTP/1.1 ${reply.status} ${reply.reason}`;
  return { ...exchange, status: reply.status, reply: httpText(statusLine, reply.rawHeaders, reply.body) };
}

/** Posts one message; undefined when there was no reply, which is told as an error. */
export async function postMessage(
  answer: AnswerMessage,
  party: SimulatedParty,
  parts: DeliveryParts,
): Promise<PostedReply | undefined> {
  const startedAt = parts.effects.now();
  let reply: PostedReply | undefined;
  try {
    reply = await parts.sender.post(party.answerUrl, answer);
  } catch (cause) {
    if (parts.signal.aborted) return undefined;
    parts.tell("error", new CpisError("CPIS_NOT_SENT", { detail: "a message of the simulator", cause }));
  }
  if (parts.isWatched("exchange")) {
    parts.tell("exchange", describeExchange(answer, party, reply, startedAt, parts.effects.now()));
  }
  if (reply !== undefined && parts.isWatched("acknowledged")) {
    parts.tell("acknowledged", { messageId: answer.messageId, status: reply.status, faults: checkReply(reply) });
  }
  return reply;
}

/** How long an answer of this conduct takes; "closed" when the simulator closes meanwhile. */
export async function waitUntilDue(answer: AnswerConduct, parts: DeliveryParts): Promise<"due" | "closed"> {
  const late = answer.isLate === true ? parts.lateAnswerMilliseconds : 0;
  const milliseconds = parts.answerDelayMilliseconds + late + (answer.delayMilliseconds ?? 0);
  if (milliseconds === 0) return parts.signal.aborted ? "closed" : "due";
  try {
    await sleep(milliseconds, undefined, { signal: parts.signal });
    return "due";
  } catch {
    // Aborted: the simulator closes.
    return "closed";
  }
}

/** "at once" passes the gate by: the reply waits for these answers. */
export async function deliverAnswers(
  course: Course,
  party: SimulatedParty,
  urgency: "at once" | "when released",
  parts: DeliveryParts,
): Promise<void> {
  let previous: AnswerMessage | undefined;
  for (const conduct of course.answers) {
    if ((await waitUntilDue(conduct, parts)) === "closed") return;
    const answer = conduct.repeatsPrevious === true && previous !== undefined ? previous : course.encode(conduct);
    previous = answer;
    const send = async (): Promise<void> => {
      await postMessage(answer, party, parts);
    };
    if (urgency === "at once") await send();
    else await parts.gate.pass(send);
  }
}
