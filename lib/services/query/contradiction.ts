// A second answer to one query that says the opposite of the first: somebody has been told what is not so.
import { decideAnswerOutcome } from "../../cpis/query/answer-parts.js";
import type { QueryContext } from "../../cpis/query/query-failed.js";
import { parseQueryRequest, queryRequestInteraction } from "../../cpis/query/query-request.js";
import type { BusinessMessage } from "../../ebxml/model.js";
import { parseEbxml } from "../../ebxml/parse-ebxml.js";
import { definedOnly } from "../../defined-only.js";
import { isCpisError } from "../../errors.js";
import { parseXml } from "../../xml/parse-xml.js";
import type { StoredMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { readParts } from "./read-parts.js";

/** The ids of the query whose answers contradict each other; nothing of what they say. */
export interface Contradiction {
  /** Of the transport. */
  readonly messageId: string;
  readonly conversationId: string;
  readonly hl7Id?: string;
  /** Of the second answer, which was delivered to nobody. */
  readonly answerId: string;
}

type AnswerStore = Pick<MessageStore, "findByMessageId" | "findById" | "readContent">;

async function readMessage(store: AnswerStore, stored: StoredMessage): Promise<BusinessMessage | undefined> {
  const content = await store.readContent(stored.id);
  if (content.kind !== "content") return undefined;
  const { contentType } = stored.attributes;
  const type = typeof contentType === "string" ? contentType : undefined;
  const reading = parseEbxml({ contentType: type, body: content.bytes });
  return reading.kind === "parsed" && reading.message.kind === "message" ? reading.message : undefined;
}

function contextOf(message: BusinessMessage | undefined): QueryContext | undefined {
  if (message?.payload === undefined) return undefined;
  try {
    return parseQueryRequest(parseXml(message.payload));
  } catch (error) {
    if (isCpisError(error)) return undefined;
    throw error;
  }
}

/** "found", "not-found", or neither of them. */
function sayingOf(context: QueryContext, message: BusinessMessage): "found" | "not-found" | undefined {
  const decision = decideAnswerOutcome(context, readParts(message), { emptyResponse: "not-found" });
  if (decision.kind !== "result" || decision.result.outcome === "failed") return undefined;
  return decision.result.outcome;
}

/**
 * Compares a second answer with the one that was taken, both as the store keeps them. Where the store keeps no content,
 * or one of the two cannot be read again, answers of two interactions count as contradicting each other. Undefined when
 * they say the same. Rejects with what the store throws.
 */
export async function findContradiction(
  store: AnswerStore,
  ids: { readonly answerId: string; readonly refToMessageId: string },
): Promise<Contradiction | undefined> {
  const asked = await store.findByMessageId("outbound", ids.refToMessageId);
  if (asked?.direction !== "outbound" || asked.interaction !== queryRequestInteraction) return undefined;
  const [first, second] = await Promise.all([
    asked.answeredBy === undefined ? undefined : store.findById(asked.answeredBy),
    store.findByMessageId("inbound", ids.answerId),
  ]);
  if (first === undefined || second === undefined) return undefined;
  const { messageId, conversationId, applicationId } = asked;
  const contradiction: Contradiction = {
    messageId,
    conversationId,
    ...definedOnly({ hl7Id: applicationId }),
    answerId: ids.answerId,
  };
  const [question, one, other] = await Promise.all([asked, first, second].map((row) => readMessage(store, row)));
  const context = contextOf(question);
  if (context === undefined || one === undefined || other === undefined) {
    return first.interaction === second.interaction ? undefined : contradiction;
  }
  const sayings = [sayingOf(context, one), sayingOf(context, other)];
  return sayings.includes("found") && sayings.includes("not-found") ? contradiction : undefined;
}
