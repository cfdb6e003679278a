// What a transport tells the operator of its messages: ids and codes only.
import type { MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { toldId, type OperatorLog } from "../adapter/runtime/operator-log.js";
import { createRefusalLog } from "./refusal-log.js";

function followMessages({ events }: Pick<MessageHandlingService, "events">, log: OperatorLog): void {
  events.on("sending", ({ messageId, action, bytes }) => log.debug(`sending ${messageId} ${action} ${bytes}`));
  events.on("replied", ({ messageId, kind, httpStatus }) =>
    log.debug(`replied ${messageId} ${kind} ${httpStatus ?? ""}`),
  );
  events.on("received", ({ messageId, refToMessageId, disposition, bytes }) => {
    log.debug(`received ${toldId(messageId)} ${toldId(refToMessageId ?? "-")} ${disposition} ${bytes}`);
  });
  events.on("acknowledged", ({ messageId, kind }) => log.debug(`acknowledged ${messageId} ${kind}`));
}

/** Follows the service until the function it gives is called. */
export function followService(service: Pick<MessageHandlingService, "events">, log: OperatorLog): () => void {
  const { events } = service;
  followMessages(service, log);
  events.on("warning", ({ code, message, messageId }) => {
    log.warn([code, message, ...(messageId === undefined ? [] : [toldId(messageId)])].join(" "));
  });
  events.on(
    "refused",
    createRefusalLog(
      (text) => log.warn(text),
      () => Date.now(),
    ),
  );
  events.on("undelivered", ({ messageId, state, code }) =>
    log.warn(`not sent any more: ${messageId} ${state} ${code}`),
  );
  events.on("setAside", ({ messageId, code }) => log.warn(`set aside: ${toldId(messageId)} ${code}`));
  events.on("peerUnreachable", ({ endpoint, code }) => log.warn(`not reached: ${endpoint} ${code}`));
  events.on("peerReachable", ({ endpoint }) => log.info(`reached again: ${endpoint}`));
  return () => {
    events.removeAllListeners();
  };
}
