// The `cp-is notification` node: begins a flow when CP-IS tells a local authority something.
import type { Node, NodeAPI, NodeDef } from "node-red";
import { createNotificationService } from "../../lib/services/notifications.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import { findFileTransport } from "../adapter/transports/file-transport-choice.js";
import type { FileTransport } from "../adapter/transports/file-transport-model.js";
import { followSessions } from "../adapter/transports/follow-sessions.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { onClose } from "../adapter/runtime/on-close.js";
import { offerNotifications, queueForNotifications } from "../adapter/transports/notification-registry.js";
import { refuseAll } from "../adapter/runtime/disabled-node.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";
import { createNotificationOutputs } from "./notification-outputs.js";
import { readNotificationSettings, type NotificationSettings } from "./notification-settings.js";
import { NotificationStatus } from "./notification-status.js";

function start(node: Node, words: Words, settings: NotificationSettings, transport: FileTransport): void {
  const nodeStatus = new NodeStatus(node);
  const status = new NotificationStatus(nodeStatus, words);
  const { confirm, redeliverAfterMilliseconds, takesUnknown } = settings;
  const isConfirmedByFlow = confirm === "by-flow";
  const listener = createNotificationOutputs({
    node,
    words,
    status,
    transport: transport.label,
    isConfirmedByFlow,
    takesUnknown,
  });
  const unfollow = followSessions(transport, node, {
    report: (report) => status.transportChanged(report),
    forgotten: () => status.cleared(),
    opened: ({ exchange, store, effects }) =>
      queueForNotifications(exchange, {
        begin() {
          status.takes();
          const service = createNotificationService({
            ...{ exchange, store, effects, confirm, redeliverAfterMilliseconds, listener },
          });
          const withdraw = offerNotifications(node.id, service);
          return async () => {
            withdraw();
            await service.close();
          };
        },
        wait() {
          status.waits();
          node.warn(words("warning.another"));
        },
      }),
  });
  onClose(node, async () => {
    await unfollow();
    nodeStatus.close();
  });
}

export default function register(RED: NodeAPI): void {
  function CpIsNotificationNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-notification");
    try {
      const fields = new FieldReader(config, (property) => words(`field.${property}`));
      start(this, words, readNotificationSettings(config, words), findFileTransport(RED, fields, words));
    } catch (error) {
      refuseAll(this, new NodeStatus(this), words, toCpisError(error));
    }
  }
  RED.nodes.registerType("cp-is notification", CpIsNotificationNode);
}
