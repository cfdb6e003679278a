// What came of a conversation in the words of CP-IS: not of its messages, each of which may have been delivered well.
import { isRequest } from "../../mhs/outbound/operator-actions.js";
import type { StoredInboundMessage, StoredMessage, StoredOutboundMessage } from "../../store/message-model.js";
import type { LogOutcome, OutcomeKind } from "./message-log-model.js";
import { isWithheld, type LogView } from "./message-log-view.js";
import { problemOf, stateWords } from "./message-log-words.js";

type Tone = LogOutcome["tone"];

/** As query and upload service keep them. Only what is wholly well is "good": a record that was found is news, not success. */
const recorded: Readonly<Record<string, readonly [kind: OutcomeKind, words: string, tone: Tone]>> = {
  found: ["found", "record found", "neutral"],
  "not-found": ["not-found", "no CP-IS record", "neutral"],
  failed: ["failed", "failed", "bad"],
  accepted: ["accepted", "loaded", "good"],
  "partly-accepted": ["partly-accepted", "partly loaded", "warn"],
  refused: ["refused", "no record loaded", "bad"],
  "file-refused": ["file-refused", "file refused", "bad"],
  unclear: ["unclear", "not clear what was loaded", "bad"],
  "unknown-file": ["unclear", "of a file that is not known", "bad"],
};

function outcome(kind: OutcomeKind, words: string, tone: Tone, code?: string): LogOutcome {
  return code === undefined ? { kind, words, tone } : { kind, words, tone, problem: problemOf(code) };
}

function ofOutbound(message: StoredOutboundMessage): LogOutcome {
  const { state, errorCode, outcome: kept, outcomeCode } = message;
  if (kept !== undefined) {
    const known = recorded[kept];
    if (known !== undefined) return outcome(...known, outcomeCode);
    return outcome("unclear", `not known here: ${kept}`, "bad", outcomeCode);
  }
  switch (state) {
    case "failed":
    case "expired":
      return outcome("failed", stateWords[state], "bad", errorCode);
    case "held":
      return outcome("held", stateWords.held, "warn", errorCode);
    case "completed":
      // Between the answer and its entry in the audit, or where the process ended in between.
      return isRequest(message)
        ? outcome("answered", "answered, and not on record with what", "warn")
        : outcome("sent", "sent", "neutral");
    default:
      return outcome("waiting", stateWords[state], "open");
  }
}

const uploadResponses: ReadonlySet<string> = new Set(["REPC_IN000003GB01", "FileResponse"]);

function ofInbound({ state, errorCode, interaction }: StoredInboundMessage): LogOutcome {
  if (state === "rejected") return outcome("set-aside", stateWords.rejected, "bad", errorCode);
  if (state !== "confirmed") return outcome("waiting", stateWords[state], "open");
  // That the flow has it says nothing of the file.
  return outcome("taken", stateWords.confirmed, uploadResponses.has(interaction) ? "neutral" : "good");
}

/** The message that the conversation is about: what was asked or sent last, else what came first. */
export function leadOf(conversation: readonly StoredMessage[]): StoredMessage | undefined {
  return conversation.findLast(({ direction }) => direction === "outbound") ?? conversation[0];
}

export function outcomeOf(lead: StoredMessage, view: LogView): LogOutcome {
  if (isWithheld(lead, view))
    return outcome("answered", lead.direction === "outbound" ? "answered" : "answer", "neutral");
  return lead.direction === "outbound" ? ofOutbound(lead) : ofInbound(lead);
}
