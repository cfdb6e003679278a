// The message log: what the store keeps, as an operator sees it, and what may be done with it.
import { CpisError } from "../../errors.js";
import { parseNhsNumber } from "../../cpis/nhs-number.js";
import { isMessageRowId, type MessageRowId, type StoredMessage } from "../../store/message-model.js";
import type { MessageFilter, MessageStore, PagePosition } from "../../store/message-store.js";
import { createLogActs } from "./message-log-acts.js";
import { readLogContent } from "./message-log-content.js";
import { eventsOf, spansOf, type Recorded } from "./message-timeline.js";
import type {
  LogActionName,
  LogActionOutcome,
  LogActionRequest,
  LogContent,
  LogConversation,
  LogEntry,
  LogEntryPage,
  LogFilter,
  LogHistoryLine,
  LogMessage,
  LogPage,
} from "./message-log-model.js";
import { toLogMessage } from "./message-log-rows.js";
import { everything, isWithheld, tellsAnswer, withheld, withheldHistory, type LogView } from "./message-log-view.js";
import { leadOf, outcomeOf } from "./message-log-outcome.js";
import { stateWords } from "./message-log-words.js";
import type { SchemaJudge } from "./schema-judge.js";
import { responseNote } from "../upload/upload-rows.js";

export interface MessageLogParts {
  readonly store: MessageStore;
  /** Milliseconds since 1970. */
  now(): number;
  /** Of each part of a content that is shown. Default 200,000 characters. */
  readonly maximumCharacters?: number;
  /** The check by the organisation's own schemas. */
  readonly judge?: SchemaJudge;
}

/** All may throw what the store throws; none of them holds or logs a patient's details but `content`. */
export interface MessageLog {
  /**
   * Newest first; `after` is the `next` of the page before. A page from which something is withheld may be shorter. Throws
   * CPIS_INVALID_NHS_NUMBER, and CPIS_LOG_REQUEST_INVALID for an `after` that no page gave.
   */
  list(filter: LogFilter, limit: number, after?: string, view?: LogView): Promise<LogPage>;
  /**
   * One entry for each conversation of which a message is found, at the newest of them; a page is full unless it is the
   * last. Throws as `list` does.
   */
  entries(filter: LogFilter, limit: number, after?: string, view?: LogView): Promise<LogEntryPage>;
  get(id: number): Promise<LogMessage | undefined>;
  /** The conversation of the message with this id, and not more of it than a page holds. */
  conversation(id: number, view?: LogView): Promise<LogConversation | undefined>;
  /** Who looks must be recorded by the caller. Also throws STORE_KEY_UNKNOWN or STORE_CONTENT_TAMPERED. */
  content(id: number): Promise<LogContent>;
  /** Each act is made once, however many press at once, and stands in the history with the user's name. */
  act(action: LogActionName, request: LogActionRequest): Promise<LogActionOutcome>;
}

const largestPage = 1_000;
const shownOfConversation = 200;
const defaultMaximumCharacters = 200_000;

function encodePosition({ createdAt, id }: PagePosition): string {
  return Buffer.from(`${createdAt}:${id}`).toString("base64url");
}

function readPosition(text: string): PagePosition {
  const [, time, number] = /^(\d{1,15}):(\d{1,15})$/.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  const id = Number(number);
  if (time === undefined || !isMessageRowId(id)) throw new CpisError("CPIS_LOG_REQUEST_INVALID", { detail: "after" });
  return { createdAt: Number(time), id };
}

/** The number goes to the store as the query service gave it, and comes back from nowhere. */
function storeFilter({ nhsNumber, ...filter }: LogFilter): MessageFilter {
  return nhsNumber === undefined ? filter : { ...filter, subject: parseNhsNumber(nhsNumber) };
}

function historyLines({ history }: Recorded): readonly LogHistoryLine[] {
  return history.map((entry) => ({ ...entry, stateWords: stateWords[entry.state] }));
}

function resendsOf(id: MessageRowId, conversation: readonly StoredMessage[]): readonly number[] {
  return conversation.filter(({ originalId }) => originalId === id).map((message) => message.id);
}

/** As many as are shown, the one that was asked for among them. */
function partAround(conversation: readonly StoredMessage[], id: MessageRowId): readonly StoredMessage[] {
  const place = conversation.findIndex((message) => message.id === id);
  const latest = Math.max(0, conversation.length - shownOfConversation);
  const start = Math.min(Math.max(0, place - shownOfConversation / 2), latest);
  return conversation.slice(start, start + shownOfConversation);
}

/** Whether finding the message tells nothing that is withheld. */
function isTold(message: StoredMessage, filter: LogFilter, view: LogView): boolean {
  if (filter.nhsNumber !== undefined && !view.seesAnswer(message)) return false;
  return !tellsAnswer(filter) || !isWithheld(message, view);
}

/** Whether a filter finds all messages of a conversation or, but for their times, none. */
function isBroad({ direction, states, interaction, errorCode, outcomes, needsPerson, nhsNumber }: LogFilter): boolean {
  const narrowing = [direction, states, interaction, errorCode, outcomes, needsPerson, nhsNumber];
  return narrowing.every((each) => each === undefined);
}

/** So that a conversation that goes over the end of a page is not told on the next one, too. */
function isNewest(
  { createdAt, id }: StoredMessage,
  conversation: readonly StoredMessage[],
  { before = Infinity, channel }: LogFilter,
): boolean {
  return !conversation.some(
    (other) =>
      other.createdAt < before &&
      (channel === undefined || other.channel === channel) &&
      (other.createdAt > createdAt || (other.createdAt === createdAt && other.id > id)),
  );
}

function toEntry(found: StoredMessage, conversation: readonly StoredMessage[], view: LogView): LogEntry {
  const lead = leadOf(conversation) ?? found;
  const { id, conversationId, createdAt } = found;
  return {
    ...{ id, conversationId, at: createdAt },
    outcome: outcomeOf(lead, view),
    lead: toLogMessage(lead, [], view),
    messages: Math.max(1, conversation.length),
  };
}

export function createMessageLog(parts: MessageLogParts): MessageLog {
  const { store, maximumCharacters = defaultMaximumCharacters } = parts;
  const act = createLogActs({ store, now: () => parts.now() });

  async function find(id: number): Promise<StoredMessage | undefined> {
    return isMessageRowId(id) ? store.findById(id) : undefined;
  }

  /** Over MESH a response has a conversation of its own. */
  async function withResponses(shown: readonly StoredMessage[]): Promise<readonly StoredMessage[]> {
    const noted = shown.map(({ attributes }) => attributes[responseNote]).filter((note) => typeof note === "string");
    const found = await Promise.all(noted.map((messageId) => store.findByMessageId("inbound", messageId)));
    const known = new Set(shown.map(({ id }) => id));
    return [...shown, ...found.flatMap((message) => (message === undefined || known.has(message.id) ? [] : [message]))];
  }

  async function record(message: StoredMessage): Promise<Recorded> {
    return { message, history: await store.history(message.id) };
  }

  return {
    async list(filter, limit, after, view = everything): Promise<LogPage> {
      const size = Math.min(Math.max(1, limit), largestPage);
      const position = after === undefined ? undefined : readPosition(after);
      const page = await store.list(storeFilter(filter), size, position);
      const messages = page.messages
        .filter((message) => isTold(message, filter, view))
        .map((message) => toLogMessage(message, [], view));
      return page.next === undefined ? { messages } : { messages, next: encodePosition(page.next) };
    },
    async entries(filter, limit, after, view = everything): Promise<LogEntryPage> {
      const size = Math.min(Math.max(1, limit), largestPage);
      const entries: LogEntry[] = [];
      const seen = new Set<string>();
      let position = after === undefined ? undefined : readPosition(after);
      for (;;) {
        const page = await store.list(storeFilter(filter), Math.min(2 * size, largestPage), position);
        for (const message of page.messages) {
          if (entries.length === size && position !== undefined) return { entries, next: encodePosition(position) };
          position = message;
          const { conversationId } = message;
          if (seen.has(conversationId) || !isTold(message, filter, view)) continue;
          seen.add(conversationId);
          const conversation = await store.findByConversation(conversationId);
          if (!isBroad(filter) || isNewest(message, conversation, filter)) {
            entries.push(toEntry(message, conversation, view));
          }
        }
        if (page.next === undefined) return { entries };
      }
    },
    async get(id): Promise<LogMessage | undefined> {
      const message = await find(id);
      if (message === undefined) return undefined;
      return toLogMessage(message, resendsOf(message.id, await store.findByConversation(message.conversationId)));
    },
    async conversation(id, view = everything): Promise<LogConversation | undefined> {
      const asked = await find(id);
      if (asked === undefined) return undefined;
      const { conversationId } = asked;
      const all = await store.findByConversation(conversationId);
      // One that is beyond what the store gives of a conversation is shown all the same.
      const part = all.some((message) => message.id === asked.id) ? partAround(all, asked.id) : [asked];
      const shown = await withResponses(part);
      const recorded = (await Promise.all(shown.map(record))).map((each) => {
        if (!isWithheld(each.message, view)) return each;
        return { message: withheld(each.message), history: withheldHistory(each.history) };
      });
      return {
        conversationId,
        outcome: outcomeOf(leadOf(shown) ?? asked, view),
        messages: shown.map((message) => toLogMessage(message, resendsOf(message.id, all), view)),
        events: eventsOf(recorded),
        spans: spansOf(recorded),
        historyOf: Object.fromEntries(recorded.map((each) => [each.message.id, historyLines(each)])),
        isCut: part.length < all.length,
      };
    },
    async content(id): Promise<LogContent> {
      const message = await find(id);
      const limits = { maximum: maximumCharacters, judge: parts.judge };
      return message === undefined ? { kind: "unknown" } : readLogContent(store, message, limits);
    },
    act,
  };
}
