// Where a `cp-is confirm` node finds the notification node whose messages it confirms, within one process.
import { isMessageRowId } from "../../lib/store/message-model.js";
import type { NotificationService, NotificationToken } from "../../lib/services/notifications.js";

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
