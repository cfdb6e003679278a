// Writes down what became of a file to send, and tells of those that are not sent any more.
import type { EventEmitter } from "node:events";
import type { StoreWatch } from "../queue/store-watch.js";
import { definedOnly } from "../defined-only.js";
import type { ErrorCode } from "../errors.js";
import type { OutboundState, StoredOutboundMessage } from "../store/message-model.js";
import type { MessageChanges, MessageStore, TransitionOutcome } from "../store/message-store.js";
import type { MeshEvents } from "./model.js";
import { localIdOf } from "./outbound-file.js";

export interface FileMove {
  readonly to: OutboundState;
  readonly code?: ErrorCode;
  readonly changes?: Omit<MessageChanges, "errorCode">;
  /** Default false. */
  readonly keepLease?: boolean;
}

export interface FileMoveParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly owner: string;
  readonly events: EventEmitter<MeshEvents>;
  now(): number;
}

/** "ours": only if the lease is still held here. "theirs": what comes from outside, and would come again. */
export type FileMoveWriter = (
  message: StoredOutboundMessage,
  move: FileMove,
  by: "ours" | "theirs",
) => Promise<TransitionOutcome>;

function isDeadLetter(state: OutboundState): state is "failed" | "expired" | "held" {
  return state === "failed" || state === "expired" || state === "held";
}

/** Emits `undelivered` for a file that is not sent any more. */
export function createFileMoveWriter(parts: FileMoveParts): FileMoveWriter {
  const { store, watch, owner, events } = parts;
  return async (message, { to, code, changes, keepLease = false }, by) => {
    const isDead = isDeadLetter(to) && code !== undefined;
    const transition = {
      id: message.id,
      // Also when this was written and the store could not say so.
      from: message.state === to ? [to] : [message.state, ...(by === "ours" && keepLease ? [to] : [])],
      to,
      at: parts.now(),
      ...(by === "ours" ? { owner } : {}),
      keepLease,
      ...definedOnly({ code }),
      changes: { ...changes, ...(isDead ? { errorCode: code } : {}) },
    };
    const attempt = (): Promise<TransitionOutcome> => store.transition(transition);
    const outcome = await (by === "ours" ? watch.insist(attempt) : watch.run(attempt));
    if (outcome === "done" && isDead) {
      events.emit("undelivered", { localId: localIdOf(message), state: to, code });
    }
    return outcome;
  };
}
