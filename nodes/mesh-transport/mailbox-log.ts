// What a mailbox tells the operator: ids and codes only.
import type { MeshMailbox } from "../../lib/mesh/model.js";
import { toldId, type OperatorLog } from "../adapter/runtime/operator-log.js";

/** Follows the mailbox until the function it gives is called. What keeps MESH from being used is the transport's state. */
export function followMailbox({ events }: Pick<MeshMailbox, "events">, log: OperatorLog): () => void {
  events.on("sending", ({ localId, chunk, chunks, bytes }) =>
    log.debug(`sending ${localId} ${chunk}/${chunks} ${bytes}`),
  );
  events.on("accepted", ({ localId, messageId }) => log.debug(`accepted ${localId} ${toldId(messageId)}`));
  events.on("received", ({ messageId, action, bytes, disposition }) =>
    log.debug(`received ${toldId(messageId)} ${action} ${disposition} ${bytes}`),
  );
  events.on("polled", ({ received, remaining }) => log.debug(`collected ${received} ${remaining ?? ""}`.trim()));
  events.on("undelivered", ({ localId, state, code }) => log.warn(`not sent any more: ${localId} ${state} ${code}`));
  events.on("setAside", ({ messageId, code }) => log.warn(`set aside: ${toldId(messageId)} ${code}`));
  events.on("reachable", () => log.info("MESH can be used again"));
  events.on("warning", ({ code, message, messageId }) => {
    log.warn([code, message, ...(messageId === undefined ? [] : [toldId(messageId)])].join(" "));
  });
  return () => {
    events.removeAllListeners();
  };
}
