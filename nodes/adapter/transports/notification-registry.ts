// Which notification node takes the notifications of a transport, and where a `cp-is confirm` node finds it.
import { isMessageRowId } from "../../../lib/store/message-model.js";
import type { NotificationService, NotificationToken } from "../../../lib/services/notifications.js";

/** In msg.cpis.confirm of each message of a notification that waits to be confirmed. */
export interface ConfirmTicket extends NotificationToken {
  /** The id of the notification node. */
  readonly node: string;
}

const services = new Map<string, NotificationService>();

/** Gives a function that takes the offer back. */
export function offerNotifications(node: string, service: NotificationService): () => void {
  services.set(node, service);
  return () => {
    if (services.get(node) === service) services.delete(node);
  };
}

/** Undefined while the node, or its transport, is not there. */
export function findNotifications(node: string): NotificationService | undefined {
  return services.get(node);
}

/** What a message may hold in this place, which a flow can change, is checked before it is used. */
export function readTicket(value: unknown): ConfirmTicket | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const node: unknown = Reflect.get(value, "node");
  const delivery: unknown = Reflect.get(value, "delivery");
  const part: unknown = Reflect.get(value, "part");
  if (typeof node !== "string" || !isMessageRowId(delivery)) return undefined;
  if (typeof part !== "number" || !Number.isSafeInteger(part) || part < 0) return undefined;
  return { node, delivery, part };
}

/** A node that would take the notifications of a transport. */
export interface NotificationCandidate {
  /** It takes them from now on; gives what ends that. */
  begin(): () => Promise<void>;
  /** Another one takes them, and this one would when that goes. */
  wait(): void;
}

const queues = new WeakMap<object, (() => void)[]>();

/**
 * Each notification is given to one node: with two, each would see a part of them and nobody would know. Gives what takes
 * the candidate out again.
 */
export function queueForNotifications(exchange: object, candidate: NotificationCandidate): () => Promise<void> {
  const queue = queues.get(exchange) ?? [];
  queues.set(exchange, queue);
  let end: (() => Promise<void>) | undefined;
  const begin = (): void => {
    end = candidate.begin();
  };
  queue.push(begin);
  if (queue.length === 1) begin();
  else candidate.wait();
  return async () => {
    const wasFirst = queue[0] === begin;
    queue.splice(queue.indexOf(begin), 1);
    await end?.();
    if (wasFirst) queue[0]?.();
  };
}
