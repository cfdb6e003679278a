// Remembers which requests are open and which were settled, so that each answer finds the one it belongs to.
import { CpisError } from "../../errors.js";
import { comparableId, isSameId, parseMessageId, type ConversationId, type MessageId } from "../../identifiers.js";

export interface CorrelationOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** How long a settled request stays known. Default 24 hours. */
  readonly keepMilliseconds?: number;
  /** Beyond this count the settled longest ago are forgotten early. Default 10,000. */
  readonly maximumKept?: number;
}

export interface RequestIds {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
}

/** What an answer says of the request that it belongs to. */
export interface AnswerReferences {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly refToMessageId?: MessageId;
}

export type Match<Waiter> =
  | { readonly kind: "open"; readonly messageId: MessageId; readonly waiter: Waiter }
  /** The request ended without an answer, and this is the first that came for it. */
  | { readonly kind: "late"; readonly messageId: MessageId }
  /** The request has another answer already, in time or late; that one stands. */
  | { readonly kind: "conflict"; readonly messageId: MessageId }
  /** The answer that the request has, once more. */
  | { readonly kind: "repeated"; readonly messageId: MessageId }
  | { readonly kind: "unmatched" };

export interface Correlation<Waiter> {
  /** Must come before the first byte is sent: the answer may be faster than the reply. Throws CPIS_INVALID_REQUEST. */
  register(ids: RequestIds, waiter: Waiter): void;
  /** By RefToMessageId; without one by ConversationId, if exactly one open request has it. Never by order or time. */
  match(answer: AnswerReferences): Match<Waiter>;
  /** The open request with this id, for signals that refer to it. */
  findOpen(messageId: MessageId): Waiter | undefined;
  /** Whether the id is that of a request, open or settled. */
  isKnown(messageId: MessageId): boolean;
  /** Ends an open request; without `answeredBy` it ended with no answer. */
  settle(messageId: MessageId, answeredBy?: MessageId): void;
  /** Notes the first answer of a request that had ended without. */
  noteLateAnswer(messageId: MessageId, answeredBy: MessageId): void;
  openRequests(): readonly RequestIds[];
}

interface OpenRequest<Waiter> extends RequestIds {
  readonly waiter: Waiter;
}

interface SettledRequest {
  readonly messageId: MessageId;
  readonly settledAt: number;
  answeredBy: MessageId | undefined;
}

/** A copy of its own: the id as it was read is a slice that would keep the whole message in memory. */
function detached(id: MessageId): MessageId {
  return parseMessageId(Buffer.from(id, "utf8").toString("utf8"));
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

export function createCorrelation<Waiter>(options: CorrelationOptions): Correlation<Waiter> {
  const keepMilliseconds = options.keepMilliseconds ?? dayMilliseconds;
  const maximumKept = options.maximumKept ?? 10_000;
  const open = new Map<string, OpenRequest<Waiter>>();
  /** In the order of settling. */
  const settled = new Map<string, SettledRequest>();

  function forget(): void {
    const oldest = options.now() - keepMilliseconds;
    for (const [id, request] of settled) {
      if (request.settledAt > oldest && settled.size <= maximumKept) return;
      settled.delete(id);
    }
  }

  function matchByConversation(conversationId: ConversationId): Match<Waiter> {
    const [only, ...others] = [...open.values()].filter((request) => isSameId(request.conversationId, conversationId));
    if (only === undefined || others.length > 0) return { kind: "unmatched" };
    return { kind: "open", messageId: only.messageId, waiter: only.waiter };
  }

  function matchSettled(request: SettledRequest, answer: AnswerReferences): Match<Waiter> {
    const { messageId, answeredBy } = request;
    if (answeredBy === undefined) return { kind: "late", messageId };
    return { kind: isSameId(answeredBy, answer.messageId) ? "repeated" : "conflict", messageId };
  }

  return {
    register(ids, waiter): void {
      forget();
      const id = comparableId(ids.messageId);
      if (open.has(id) || settled.has(id)) {
        throw new CpisError("CPIS_INVALID_REQUEST", { detail: "the message id was used before" });
      }
      open.set(id, { messageId: ids.messageId, conversationId: ids.conversationId, waiter });
    },
    match(answer): Match<Waiter> {
      forget();
      if (answer.refToMessageId === undefined) return matchByConversation(answer.conversationId);
      const id = comparableId(answer.refToMessageId);
      const openRequest = open.get(id);
      if (openRequest !== undefined) {
        return { kind: "open", messageId: openRequest.messageId, waiter: openRequest.waiter };
      }
      const settledRequest = settled.get(id);
      return settledRequest === undefined ? { kind: "unmatched" } : matchSettled(settledRequest, answer);
    },
    findOpen: (messageId) => open.get(comparableId(messageId))?.waiter,
    isKnown: (messageId) => open.has(comparableId(messageId)) || settled.has(comparableId(messageId)),
    settle(messageId, answeredBy): void {
      const id = comparableId(messageId);
      if (!open.delete(id)) return;
      settled.set(id, { messageId, settledAt: options.now(), answeredBy: answeredBy && detached(answeredBy) });
      forget();
    },
    noteLateAnswer(messageId, answeredBy): void {
      const request = settled.get(comparableId(messageId));
      if (request !== undefined) request.answeredBy ??= detached(answeredBy);
    },
    openRequests: () => [...open.values()],
  };
}
