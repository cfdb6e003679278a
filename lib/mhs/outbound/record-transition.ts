// Writes down what was decided of an outbound message, and tells of dead letters.
import { definedOnly } from "../../defined-only.js";
import type { EventEmitter } from "node:events";
import type { OutboundState, StoredOutboundMessage } from "../../store/message-model.js";
import type { MessageStore, Transition, TransitionOutcome } from "../../store/message-store.js";
import type { DeliveryTransition } from "./delivery-policy.js";
import type { MhsEvents } from "../model.js";
import type { StoreWatch } from "../../queue/store-watch.js";

export interface TransitionWriterParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly owner: string;
  readonly events: EventEmitter<MhsEvents>;
  now(): number;
}

/** "ours": only if the lease is still held here. "theirs": what arrives from outside, and would come again. */
export type TransitionWriter = (
  message: StoredOutboundMessage,
  decided: DeliveryTransition,
  by: "ours" | "theirs",
) => Promise<TransitionOutcome>;

export function isDeadLetter(state: OutboundState): state is "failed" | "expired" | "held" {
  return state === "failed" || state === "expired" || state === "held";
}

export function createTransitionWriter(parts: TransitionWriterParts): TransitionWriter {
  const { store, watch, owner, events } = parts;
  return async (message, decided, by) => {
    const { to, code } = decided;
    const transition: Transition = {
      id: message.id,
      from: [message.state],
      to,
      at: parts.now(),
      ...(by === "ours" ? { owner } : {}),
      ...definedOnly({ code }),
      ...(decided.isAnnounced === true
        ? { announced: { channel: message.channel, messageId: message.messageId } }
        : {}),
      changes: { ...decided.changes, ...(isDeadLetter(to) && code !== undefined ? { errorCode: code } : {}) },
    };
    const attempt = (): Promise<TransitionOutcome> => store.transition(transition);
    const outcome = await (by === "ours" ? watch.insist(attempt) : watch.run(attempt));
    if (outcome === "done" && isDeadLetter(to)) {
      events.emit("undelivered", { messageId: message.messageId, state: to, code: code ?? "" });
    }
    return outcome;
  };
}
