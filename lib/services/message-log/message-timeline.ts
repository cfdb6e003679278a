// The course of a conversation: what went from whom to whom, and where the time went; pure, from rows and histories.
import { definedOnly } from "../../defined-only.js";
import { isSameId } from "../../identifiers.js";
import { isFinished, type HistoryEntry, type MessageState, type StoredMessage } from "../../store/message-model.js";
import type { LogActor, LogEvent, LogSpan } from "./message-log-model.js";
import { interactionNameOf, problemOf, stateWords } from "./message-log-words.js";
import { responseNote } from "../upload/upload-rows.js";

/** A message with the lines of its history, oldest first. */
export interface Recorded {
  readonly message: StoredMessage;
  readonly history: readonly HistoryEntry[];
}

/** By the store's link, by the peer's word, or by what is noted on an upload. */
function isAnswerTo(answer: StoredMessage, asked: StoredMessage): boolean {
  if (answer.direction !== "inbound" || asked.direction !== "outbound") return false;
  const { refToMessageId, messageId } = answer;
  const noted = asked.attributes[responseNote];
  return (
    asked.answeredBy === answer.id ||
    (refToMessageId !== undefined && isSameId(refToMessageId, asked.messageId)) ||
    (typeof noted === "string" && isSameId(noted, messageId))
  );
}

type Line = Omit<LogEvent, "messageId" | "at" | "code">;

function line(kind: LogEvent["kind"], from: LogActor, to: LogActor, label: string): Line {
  return { kind, from, to, label };
}

function failure(from: LogActor, to: LogActor, { code }: HistoryEntry, otherwise: string): Line {
  return line("failure", from, to, code === undefined ? otherwise : problemOf(code).message);
}

/** What a line of the history says that the one before did not. */
interface Step {
  readonly entry: HistoryEntry;
  readonly before: MessageState | undefined;
  /** How often the state was entered from another one until here, with this time. */
  readonly count: number;
}

function stepsOf(history: readonly HistoryEntry[]): readonly Step[] {
  const counts = new Map<MessageState, number>();
  return history.map((entry, index) => {
    const before = history[index - 1]?.state;
    const count = (counts.get(entry.state) ?? 0) + (before === entry.state ? 0 : 1);
    counts.set(entry.state, count);
    return { entry, before, count };
  });
}

/** Notes of people and of the program on a message that stays as it is. */
function isNote({ entry, before }: Step): boolean {
  return before === entry.state && (entry.code === undefined || !Object.hasOwn(failureStates, entry.state));
}

const failureStates: Readonly<Partial<Record<MessageState, true>>> = { failed: true, expired: true, held: true };

function outboundLine(
  { entry, before, count }: Step,
  { message }: Recorded,
  conversation: readonly Recorded[],
): Line | undefined {
  const name = interactionNameOf(message);
  switch (entry.state) {
    case "sending":
      if (before === "sending") return undefined;
      return count === 1
        ? line("request", "here", "peer", name)
        : line("retry", "here", "peer", `${name}, retry ${count - 1}`);
    case "queued":
    case "awaiting-acknowledgement":
      if (before === undefined || entry.code === undefined) return undefined;
      if (entry.by !== undefined) return line("delivery", "flow", "here", `${entry.code} by ${entry.by}`);
      return failure("peer", "here", entry, stateWords[entry.state]);
    case "completed": {
      // An answer that is still stored is an event of its own.
      const isShown = conversation.some((other) => isAnswerTo(other.message, message));
      return before === "awaiting-response" && !isShown
        ? line("answer", "peer", "here", `answer to ${name}: ${entry.code ?? "completed"}`)
        : undefined;
    }
    case "failed":
    case "expired":
    case "held":
      return before === entry.state ? undefined : failure("here", "flow", entry, stateWords[entry.state]);
    default:
      return undefined;
  }
}

function inboundLine({ entry, before, count }: Step): Line | undefined {
  switch (entry.state) {
    case "delivered":
      if (before === "delivered") return undefined;
      return line("delivery", "here", "flow", count === 1 ? "delivered" : `delivered, time ${count}`);
    case "received":
      return before === undefined || entry.code === undefined
        ? undefined
        : line("failure", "flow", "here", "not taken by the flow");
    case "confirmed":
      return line("delivery", "flow", "here", entry.by === undefined ? "confirmed" : `confirmed by ${entry.by}`);
    case "rejected":
      return before === "rejected" ? undefined : failure("here", "flow", entry, stateWords.rejected);
    default:
      return undefined;
  }
}

function arrivalOf({ message }: Recorded, conversation: readonly Recorded[]): Line {
  const isAnswer =
    message.refToMessageId !== undefined ||
    message.attributes["role"] === "answer" ||
    conversation.some((other) => isAnswerTo(message, other.message));
  return line(isAnswer ? "answer" : "notification", "peer", "here", interactionNameOf(message));
}

function departureOf({ message, history }: Recorded): Line {
  const name = interactionNameOf(message);
  const by = history[0]?.by;
  const again = message.originalId === undefined ? name : `${name}, sent again`;
  return line("request", "flow", "here", by === undefined ? again : `${again} by ${by}`);
}

function eventsOfMessage(recorded: Recorded, conversation: readonly Recorded[]): readonly LogEvent[] {
  const { message, history } = recorded;
  const { id, createdAt, acknowledgedAt } = message;
  const isOutbound = message.direction === "outbound";
  const first = isOutbound ? departureOf(recorded) : arrivalOf(recorded, conversation);
  const events: LogEvent[] = [{ at: createdAt, messageId: id, ...first }];
  for (const step of stepsOf(history)) {
    const { at, code } = step.entry;
    if (isNote(step)) continue;
    const said = isOutbound ? outboundLine(step, recorded, conversation) : inboundLine(step);
    if (said !== undefined) events.push({ at, messageId: id, ...said, ...definedOnly({ code }) });
  }
  if (isOutbound && acknowledgedAt !== undefined) {
    events.push({ at: acknowledgedAt, messageId: id, ...line("acknowledgment", "peer", "here", "acknowledgment") });
  }
  return events;
}

/** Of one moment, what must come first. */
const rank: Readonly<Record<LogEvent["kind"], number>> = {
  request: 0,
  retry: 1,
  acknowledgment: 2,
  answer: 3,
  notification: 3,
  failure: 4,
  delivery: 5,
};

/** In the order of time. */
export function eventsOf(conversation: readonly Recorded[]): readonly LogEvent[] {
  return conversation
    .flatMap((recorded) => eventsOfMessage(recorded, conversation))
    .sort((one, other) => one.at - other.at || one.messageId - other.messageId || rank[one.kind] - rank[other.kind]);
}

/** Each state until it was left, up to the first end; one after another without gaps. */
function spansOfMessage({ message, history }: Recorded): readonly LogSpan[] {
  const spans: LogSpan[] = [];
  for (const [index, { state, at }] of history.entries()) {
    const next = history[index + 1];
    if (next === undefined || isFinished(state)) break;
    const label = stateWords[state];
    const milliseconds = Math.max(0, next.at - at);
    const last = spans.at(-1);
    if (last?.label === label) spans[spans.length - 1] = { ...last, milliseconds: last.milliseconds + milliseconds };
    else spans.push({ label, milliseconds, messageId: message.id });
  }
  return spans;
}

export function spansOf(conversation: readonly Recorded[]): readonly LogSpan[] {
  return conversation.flatMap(spansOfMessage);
}
