// Turns notifications into messages of the flow: one for each access and for each inactive number.
import type { Node, NodeMessage } from "node-red";
import type {
  NotificationEnvelope,
  NotificationListener,
  NotificationPart,
  NotificationToken,
} from "../../lib/services/notifications.js";
import { declareNotifications, notificationsGiven } from "../adapter/monitoring/metrics.js";
import type { Words } from "../adapter/runtime/words.js";
import type { NotificationStatus } from "./notification-status.js";

export interface NotificationOutputs {
  readonly node: Node;
  readonly words: Words;
  readonly status: NotificationStatus;
  readonly transport: string;
  readonly isConfirmedByFlow: boolean;
  readonly takesUnknown: boolean;
}

type Told = Readonly<Record<string, unknown>>;

function present(told: Told): Told {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

export function createNotificationOutputs(outputs: NotificationOutputs): NotificationListener {
  const { node, status, transport, words } = outputs;
  declareNotifications(transport);

  function ticketOf(token: NotificationToken): Told {
    return outputs.isConfirmedByFlow ? { confirm: { node: node.id, ...token } } : {};
  }

  function messages<Content extends object>(
    kind: string,
    parts: readonly NotificationPart<Content>[],
    { id, createdAt, recipient, messageId, from, workflowId, delivery }: NotificationEnvelope,
  ): NodeMessage[] {
    const origin = { transport, from, workflowId, messageId };
    const about = present({ kind, ...origin, notificationId: id, createdAt, recipient, delivery });
    // The notification is what belongs together, for a Join node.
    // A repeated one brings what was not confirmed, and a Join must not wait for the rest.
    return parts.map(({ content, token }, index) =>
      Object.assign(
        { topic: kind, payload: content, cpis: { ...about, ...ticketOf(token) } },
        { parts: { id: `${messageId}-${delivery}`, index, count: parts.length } },
      ),
    );
  }

  function warnOf({ warnings }: NotificationEnvelope): void {
    const list = [...new Set(warnings.map(({ code }) => code))].join(", ");
    if (list !== "") node.warn(words("warning.notification", { list }));
  }

  const listener: NotificationListener = {
    accesses(parts, envelope): void {
      warnOf(envelope);
      status.received("status.accesses", parts.length);
      notificationsGiven(transport, "access", parts.length);
      node.send([messages("access", parts, envelope), null, null]);
    },
    inactiveNumbers(parts, envelope): void {
      warnOf(envelope);
      status.received("status.inactive", parts.length);
      notificationsGiven(transport, "inactive-number", parts.length);
      node.send([null, messages("inactive-number", parts, envelope), null]);
    },
    nothing(): void {
      status.received("status.empty", 0);
    },
    unreadable(error, messageId): void {
      status.failed(error.code);
      notificationsGiven(transport, "unreadable");
      node.error(error, { payload: undefined, cpis: { transport, messageId } });
    },
  };
  if (!outputs.takesUnknown) return listener;
  return {
    ...listener,
    unknown({ messageId, workflowId, from, content, token }): void {
      status.received("status.unknown", 1);
      notificationsGiven(transport, "unknown");
      const about = present({ kind: "unknown", transport, messageId, workflowId, from });
      node.send([
        null,
        null,
        Object.assign({ topic: "unknown", payload: content, cpis: { ...about, ...ticketOf(token) } }),
      ]);
    },
  };
}
