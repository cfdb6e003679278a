// The `cp-is confirm` node: tells the transport that the flow has dealt with a notification, and passes the message on.
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import { CpisError } from "../../lib/errors.js";
import type { NotificationConfirmation } from "../../lib/services/notifications.js";
import { NodeStatus } from "../adapter/runtime/node-status.js";
import { onClose } from "../adapter/runtime/on-close.js";
import { findNotifications, readTicket } from "../adapter/transports/notification-registry.js";
import { runInput, toCpisError } from "../adapter/runtime/run-input.js";
import { wordsOf, type Words } from "../adapter/runtime/words.js";

/** Throws CPIS_NOTHING_TO_CONFIRM for a message without a ticket, or what the store throws. */
async function confirm(msg: NodeMessageInFlow): Promise<NotificationConfirmation> {
  const detail: unknown = msg["cpis"];
  const ticket = typeof detail === "object" && detail !== null ? readTicket(Reflect.get(detail, "confirm")) : undefined;
  if (ticket === undefined) throw new CpisError("CPIS_NOTHING_TO_CONFIRM");
  return (await findNotifications(ticket.node)?.confirm(ticket)) ?? { kind: "unknown" };
}

/** One part of a notification can be confirmed once. */
function takeTicket(msg: NodeMessageInFlow): void {
  const detail: unknown = msg["cpis"];
  if (typeof detail !== "object" || detail === null) return;
  msg["cpis"] = Object.fromEntries(Object.entries(detail).filter(([name]) => name !== "confirm"));
}

function show(outcome: NotificationConfirmation, status: NodeStatus, words: Words): void {
  switch (outcome.kind) {
    case "confirmed":
      status.succeeded(words("status.confirmed"));
      return;
    case "noted":
      status.ok(words("status.noted", { remaining: outcome.remaining }));
      return;
    case "unknown":
      status.waiting(words("status.unknown"));
  }
}

export default function register(RED: NodeAPI): void {
  function CpIsConfirmNode(this: Node, config: NodeDef): void {
    RED.nodes.createNode(this, config);
    const words = wordsOf(RED, "cp-is-confirm");
    const status = new NodeStatus(this);
    this.on("input", function (msg, send, done) {
      void runInput(send, done, async () => {
        try {
          show(await confirm(msg), status, words);
        } catch (error) {
          const failure = toCpisError(error);
          status.failed(words("status.failed", { code: failure.code }));
          throw failure;
        }
        takeTicket(msg);
        return msg;
      });
    });
    onClose(this, () => {
      status.close();
      return Promise.resolve();
    });
  }
  RED.nodes.registerType("cp-is confirm", CpIsConfirmNode);
}
