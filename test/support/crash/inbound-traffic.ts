// What the peer sends: messages of its own, and responses to those that ask for one, each until it is acknowledged.
import { randomUUID } from "node:crypto";
import type { SpineSimulator } from "../../../lib/simulator/index.js";
import { businessInteraction, businessPayload, ownPartyKey, responseAction } from "./business.js";
import type { CrashJournal } from "./journal.js";

/** Of messages of one conversation, whose order must be kept. */
const conversationLength = 5;
/** Under way at a time, responses not counted. */
const maximumParallel = 24;

type Sending = Pick<
  Parameters<SpineSimulator["sendReliable"]>[0],
  "action" | "pattern" | "conversationId" | "refToMessageId"
>;

function uuid(): string {
  return randomUUID().toUpperCase();
}

async function send(simulator: SpineSimulator, journal: CrashJournal, sending: Sending): Promise<void> {
  const outcome = await simulator.sendReliable({
    partyKey: ownPartyKey,
    service: businessInteraction.service,
    payload: businessPayload(uuid()),
    ...sending,
    retries: 1_000_000,
    retryIntervalMilliseconds: 50,
    persistDurationMilliseconds: 3_600_000,
  });
  if (outcome.kind === "acknowledged") journal.acknowledged.set(outcome.messageId, outcome.attempts);
  else if (outcome.reason !== "closed") journal.complaints.push(`inbound ${outcome.reason}`);
}

/** From now on each message that asks for a response gets one, at once: it may come before the acknowledgment. */
export function answerRequests(
  simulator: SpineSimulator,
  journal: CrashJournal,
  failed: (cause: unknown) => void,
): void {
  const asking = new Set(
    journal.outbound.filter(({ completedBy }) => completedBy === "response").map(({ messageId }) => messageId),
  );
  simulator.events.on("effect", ({ messageId, conversationId }) => {
    if (!asking.has(messageId)) return;
    const sending = { action: responseAction, conversationId, refToMessageId: messageId };
    send(simulator, journal, sending).catch(failed);
  });
}

/** Resolves when all are acknowledged, or when the simulator has closed. */
export async function sendInbound(simulator: SpineSimulator, journal: CrashJournal, count: number): Promise<void> {
  const conversations = Array.from({ length: Math.ceil(count / conversationLength) }, uuid);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      await send(simulator, journal, {
        action: businessInteraction.action,
        pattern: number % 2 === 0 ? "reliable" : "forwardReliable",
        conversationId: conversations[Math.floor(number / conversationLength)] ?? uuid(),
      });
    }
  };
  await Promise.all(Array.from({ length: maximumParallel }, work));
}
