// What an answer was is a child's detail: whether there is a record, and how much of one. Who may not see it sees "answer".
import { isRequest } from "../../mhs/outbound/operator-actions.js";
import type { HistoryEntry, StoredMessage } from "../../store/message-model.js";
import type { LogFilter } from "./message-log-model.js";

/** What whoever looks may see. */
export interface LogView {
  seesAnswer(message: StoredMessage): boolean;
}

export const everything: LogView = { seesAnswer: () => true };
export const noAnswers: LogView = { seesAnswer: () => false };

const answerInteractions: ReadonlySet<string> = new Set([
  "REPC_IN000007GB01",
  "QUQI_IN010000UK14",
  "MCCI_IN010000UK13",
  "REPC_IN000003GB01",
  "FileResponse",
]);

function isAnswer({ direction, interaction, refToMessageId, attributes }: StoredMessage): boolean {
  if (direction !== "inbound") return false;
  return refToMessageId !== undefined || attributes["role"] === "answer" || answerInteractions.has(interaction);
}

/** A query, which its answer has ended: its code, too, may be that of the answer. */
function isAnsweredQuery(message: StoredMessage): boolean {
  return message.direction === "outbound" && isRequest(message) && message.answeredAt !== undefined;
}

/** Whether something of this message must not be told. */
export function isWithheld(message: StoredMessage, view: LogView): boolean {
  return (isAnswer(message) || isAnsweredQuery(message)) && !view.seesAnswer(message);
}

/** The message as it is told where its answer is withheld: without what the answer was, and without its size. */
export function withheld(message: StoredMessage): StoredMessage {
  const told: StoredMessage =
    message.direction === "outbound" ? { ...message } : { ...message, interaction: "answer", contentBytes: 0 };
  Reflect.deleteProperty(told, "errorCode");
  return told;
}

export function withheldHistory(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  return history.map(({ at, state, by }) => (by === undefined ? { at, state } : { at, state, by }));
}

/** Whether a message that is found by this filter would tell by that alone what its answer was. */
export function tellsAnswer({ interaction, errorCode, outcomes }: LogFilter): boolean {
  return interaction !== undefined || errorCode !== undefined || outcomes !== undefined;
}
