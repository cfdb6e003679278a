// What a transport tells the operator of its messages: ids and codes only.
import type { MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { createRefusalLog } from "./refusal-log.js";

export interface SessionLog {
  warn(text: string): void;
  info(text: string): void;
  debug(text: string): void;
}

/** An id is whatever the peer has written: one that could forge or fill the log is not repeated. */
function told(id: string): string {
  return /^[\w.:@+-]{1,80}$/.test(id) ? id : "(an id of another form)";
}

function followMessages({ events }: Pick<MessageHandlingService, "events">, log: SessionLog): void {
  events.on("sending", ({ messageId, action, bytes }) => log.debug(`sending ${messageId} ${action} ${bytes}`));
  events.on("replied", ({ messageId, kind, httpStatus }) =>
    log.debug(`replied ${messageId} ${kind} ${httpStatus ?? ""}`),
  );
  events.on("received", ({ messageId, refToMessageId, disposition, bytes }) => {
    log.debug(`received ${told(messageId)} ${told(refToMessageId ?? "-")} ${disposition} ${bytes}`);
  });
  events.on("acknowledged", ({ messageId, kind }) => log.debug(`acknowledged ${messageId} ${kind}`));
}

/** Follows the service until the function it gives is called. */
export function followService(service: Pick<MessageHandlingService, "events">, log: SessionLog): () => void {
  const { events } = service;
  followMessages(service, log);
  events.on("warning", ({ code, message, messageId }) => {
    log.warn([code, message, ...(messageId === undefined ? [] : [told(messageId)])].join(" "));
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
  events.on("setAside", ({ messageId, code }) => log.warn(`set aside: ${told(messageId)} ${code}`));
  events.on("peerUnreachable", ({ endpoint, code }) => log.warn(`not reached: ${endpoint} ${code}`));
  events.on("peerReachable", ({ endpoint }) => log.info(`reached again: ${endpoint}`));
  return () => {
    events.removeAllListeners();
  };
}
