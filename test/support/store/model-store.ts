// The simplest thing that keeps the store's promises of work: a list in memory, searched from end to end.
import { isFinished, type MessageState } from "../../../lib/store/message-model.js";
import type { TransitionOutcome } from "../../../lib/store/message-store.js";

export interface ModelMessage {
  readonly id: number;
  readonly messageId: string;
  readonly direction: "outbound" | "inbound";
  readonly destination: string;
  readonly isOrdered: boolean;
  state: MessageState;
  nextAttemptAt: number;
  updatedAt: number;
  owner: string | undefined;
  leaseUntil: number;
  answeredBy: number | undefined;
}

export interface ModelStore {
  readonly messages: ModelMessage[];
  accept(message: Pick<ModelMessage, "messageId" | "direction" | "destination" | "isOrdered">, at: number): number;
  /** Undefined for a repetition. */
  acceptInbound(messageId: string, answers: number | undefined, at: number): string;
  claim(direction: string, states: readonly MessageState[], owner: string, now: number, limit: number): number[];
  transition(id: number, from: MessageState, to: MessageState, at: number, owner?: string): TransitionOutcome;
  release(id: number, owner: string, nextAttemptAt: number): "done" | "lease-lost";
  renew(id: number, owner: string, until: number): "done" | "lease-lost";
  prune(state: MessageState, before: number): number;
}

export const modelLease = 50;

export function createModelStore(): ModelStore {
  const messages: ModelMessage[] = [];
  const replies = new Set<string>();
  let lastId = 0;
  const find = (id: number): ModelMessage | undefined => messages.find((message) => message.id === id);

  function isBlocked(message: ModelMessage): boolean {
    const { id, direction, destination, isOrdered } = message;
    return messages.some(
      (other) =>
        isOrdered &&
        other.isOrdered &&
        other.id < id &&
        other.direction === direction &&
        other.destination === destination &&
        other.state !== "awaiting-response" &&
        !isFinished(other.state),
    );
  }

  function endLease(message: ModelMessage): void {
    message.owner = undefined;
    message.leaseUntil = 0;
  }

  function answer(id: number, by: number, at: number): string {
    const message = find(id);
    if (message?.direction !== "outbound") return "unknown";
    if (message.answeredBy !== undefined) return "conflicting";
    const isLate = isFinished(message.state);
    Object.assign(message, { answeredBy: by, updatedAt: at });
    if (!isLate) message.state = "completed";
    endLease(message);
    return isLate ? "late" : "answered";
  }

  const model: ModelStore = {
    messages,
    accept(message, at): number {
      lastId += 1;
      const state = message.direction === "outbound" ? "queued" : "received";
      const life = { nextAttemptAt: at, updatedAt: at, owner: undefined, leaseUntil: 0, answeredBy: undefined };
      messages.push({ ...message, ...life, state, id: lastId });
      return lastId;
    },
    acceptInbound(messageId, answers, at): string {
      if (replies.has(messageId)) return "duplicate";
      replies.add(messageId);
      const id = model.accept({ messageId, direction: "inbound", destination: "flow", isOrdered: true }, at);
      return answers === undefined ? "accepted" : answer(answers, id, at);
    },
    claim(direction, states, owner, now, limit): number[] {
      const due = (message: ModelMessage): number => Math.max(message.leaseUntil, message.nextAttemptAt);
      const claimed = messages
        .filter((message) => message.direction === direction && states.includes(message.state))
        .filter((message) => due(message) <= now && !isBlocked(message))
        .sort((one, other) => due(one) - due(other) || one.id - other.id)
        .slice(0, limit);
      for (const message of claimed) Object.assign(message, { owner, leaseUntil: now + modelLease });
      return claimed.map(({ id }) => id).sort((one, other) => one - other);
    },
    transition(id, from, to, at, owner): TransitionOutcome {
      const message = find(id);
      if (message === undefined) return "unknown";
      if (message.state !== from || (isFinished(from) && !isFinished(to))) return "not-in-state";
      if (owner !== undefined && message.owner !== owner) return "lease-lost";
      Object.assign(message, { state: to, updatedAt: at });
      endLease(message);
      return "done";
    },
    release(id, owner, nextAttemptAt): "done" | "lease-lost" {
      const message = find(id);
      if (message === undefined || message.owner !== owner) return "lease-lost";
      endLease(message);
      message.nextAttemptAt = nextAttemptAt;
      return "done";
    },
    renew(id, owner, until): "done" | "lease-lost" {
      const message = find(id);
      if (message === undefined || message.owner !== owner) return "lease-lost";
      message.leaseUntil = until;
      return "done";
    },
    prune(state, before): number {
      const old = messages.filter((message) => message.state === state && message.updatedAt < before);
      for (const message of old) messages.splice(messages.indexOf(message), 1);
      return old.length;
    },
  };
  return model;
}
