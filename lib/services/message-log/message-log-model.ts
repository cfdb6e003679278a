// What the message log shows and does, as plain JSON for whoever draws it.
import type { SchemaVerdict } from "../../schema/model.js";
import type { ErrorCode } from "../../errors.js";
import type { Direction, MessageState } from "../../store/message-model.js";

/** All that are given must hold. Times are milliseconds since 1970, of acceptance: from inclusive, before exclusive. */
export interface LogFilter {
  readonly from?: number;
  readonly before?: number;
  readonly direction?: Direction;
  readonly states?: readonly MessageState[];
  /** As `LogMessage.interaction` gives it. */
  readonly interaction?: string;
  readonly channel?: string;
  /** As the flow is told it, or of the message itself. */
  readonly errorCode?: string;
  /** Any of these. */
  readonly outcomes?: readonly OutcomeFilter[];
  /** Of what ended badly, by its state or by its outcome, or is held: what nobody has dealt with. */
  readonly needsPerson?: boolean;
  /** As typed, spaces allowed. It is hashed for the search, and given back by nothing. */
  readonly nhsNumber?: string;
  readonly conversationId?: string;
}

export interface LogPage {
  /** Newest first. */
  readonly messages: readonly LogMessage[];
  /** Opaque: where the next page begins. Absent on the last page. */
  readonly next?: string;
  /** Absent where nothing is withheld from who asks. */
  readonly withheld?: WithheldReason;
}

/** What a list can be asked for: as they are kept with the messages. */
export const outcomeFilters = [
  "found",
  "not-found",
  "failed",
  "accepted",
  "partly-accepted",
  "refused",
  "file-refused",
  "unclear",
] as const;
export type OutcomeFilter = (typeof outcomeFilters)[number];

export type OutcomeKind = OutcomeFilter | "waiting" | "held" | "answered" | "sent" | "taken" | "set-aside";

/** What came of a conversation. Only a tone of "good" says that all is well. */
export interface LogOutcome {
  readonly kind: OutcomeKind;
  readonly words: string;
  readonly tone: "good" | "neutral" | "warn" | "bad" | "open";
  /** Of a failure; with the code that the flow was told, where it was told one. */
  readonly problem?: LogProblem;
}

/** One conversation in the list. */
export interface LogEntry {
  /** Of the message that was found, and by which the conversation is opened. */
  readonly id: number;
  readonly conversationId: string;
  readonly outcome: LogOutcome;
  /** What it was about: the query, the file or the notification. */
  readonly lead: LogMessage;
  /** Of acceptance of the message that was found. */
  readonly at: number;
  /** In the conversation, as far as it is known. */
  readonly messages: number;
}

export interface LogEntryPage {
  /** Newest first. */
  readonly entries: readonly LogEntry[];
  /** Opaque: where the next page begins. Absent on the last page. */
  readonly next?: string;
  /** Absent where nothing is withheld from who asks. */
  readonly withheld?: WithheldReason;
}

/**
 * Why answers are told as "answer" only. "no-users": Node-RED does not know who asks, so that only what the simulator
 * has answered is told.
 */
export type WithheldReason = "no-permission" | "no-users";

export const logActions = ["resend", "release", "drop", "deal-with", "confirm"] as const;
export type LogActionName = (typeof logActions)[number];

export function isLogAction(value: unknown): value is LogActionName {
  return logActions.some((action) => action === value);
}

/** What went wrong, in the words of the table of errors. A code that the table does not know has no advice. */
export interface LogProblem {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

/** Something that must be said before an action is confirmed. */
export interface LogCaution {
  readonly code: "MAY_BE_SECOND_UPLOAD" | "MAY_BE_SECOND_MESSAGE";
  readonly text: string;
}

export interface LogMessage {
  readonly id: number;
  readonly direction: Direction;
  readonly state: MessageState;
  /** As "waiting for the answer". */
  readonly stateWords: string;
  /** Of the transport's: an ebXML action, or the name of a MESH file; "answer" where the answer is withheld. */
  readonly interaction: string;
  /** As "CP-IS query"; the interaction itself when it is not known here. */
  readonly interactionName: string;
  /** Id of the transport. */
  readonly channel: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly refToMessageId?: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly attempts: number;
  /** When the next attempt is due, of one that is not finished. */
  readonly nextAttemptAt?: number;
  readonly acknowledgedAt?: number;
  readonly answeredAt?: number;
  /** From acceptance to the end; absent while it is not finished. */
  readonly durationMilliseconds?: number;
  readonly error?: LogProblem;
  /** The message that this one was sent in place of. */
  readonly originalId?: number;
  /** Sent in place of this one. In lists always absent: only `get` and `conversation` look for them. */
  readonly resentAs?: readonly number[];
  /** Of a dead letter: a person has said so. */
  readonly isDealtWith: boolean;
  /** Absent where the answer is withheld. */
  readonly contentBytes?: number;
  /** What may be done with it now; "resend" may still be refused when the message is looked at in earnest. */
  readonly actions: readonly LogActionName[];
  readonly cautions?: Readonly<Partial<Record<LogActionName, LogCaution>>>;
}

export type LogActor = "flow" | "here" | "peer";

/** One line of the sequence diagram. */
export interface LogEvent {
  readonly at: number;
  readonly from: LogActor;
  readonly to: LogActor;
  /** As "CP-IS query", "acknowledgment", "retry 2". */
  readonly label: string;
  readonly kind: "request" | "acknowledgment" | "answer" | "notification" | "retry" | "failure" | "delivery";
  readonly code?: string;
  readonly messageId: number;
}

/** Where the time went: one after another, without gaps. */
export interface LogSpan {
  readonly label: string;
  readonly milliseconds: number;
  readonly messageId: number;
}

export interface LogHistoryLine {
  readonly at: number;
  readonly state: MessageState;
  readonly stateWords: string;
  readonly code?: string;
  /** The user who did it; absent for what the program did. */
  readonly by?: string;
}

export interface LogConversation {
  readonly conversationId: string;
  readonly outcome: LogOutcome;
  /** Oldest first. */
  readonly messages: readonly LogMessage[];
  readonly events: readonly LogEvent[];
  readonly spans: readonly LogSpan[];
  /** By the message's id. */
  readonly historyOf: Readonly<Record<string, readonly LogHistoryLine[]>>;
  /** Whether the conversation has more messages than are shown. */
  readonly isCut: boolean;
  /** Absent where nothing is withheld from who asks. */
  readonly withheld?: WithheldReason;
}

export interface LogContentPart {
  /** As "ebXML header", "HL7 message", "attachment 1". */
  readonly title: string;
  readonly mediaType: string;
  /** XML with a line for each element; other text as it is; for bytes that are no text, a line that says so. */
  readonly text: string;
  /** Whether the text ends before the part does. */
  readonly isCut: boolean;
  /** What the organisation's own schemas say of the HL7 message or the file; absent where it has given none. */
  readonly schema?: SchemaVerdict;
  /** Of an invalid one: whether its findings count the lines of `text`, or those of the message as it is stored. */
  readonly schemaLines?: "shown" | "stored";
}

/** Holds a child's details: only for those who may see content, and each look is recorded by the caller. */
export type LogContent =
  | { readonly kind: "content"; readonly parts: readonly LogContentPart[] }
  /** The store keeps no bytes of finished messages, or none of a message without any. */
  | { readonly kind: "gone"; readonly text: string }
  | { readonly kind: "unknown" };

export interface LogActionRequest {
  readonly id: number;
  /** The user's name, for the history. */
  readonly by: string;
}

export type LogActionOutcome =
  | { readonly kind: "done"; readonly message: LogMessage; readonly resent?: LogMessage }
  /** Somebody else was faster, or it was done before: nothing was done now. */
  | { readonly kind: "already-done"; readonly message: LogMessage; readonly resent?: LogMessage }
  | { readonly kind: "refused"; readonly error: LogProblem & { readonly code: ErrorCode } };
