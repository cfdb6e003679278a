// Looks whether a second answer to a query says the opposite of the first, and tells who asked.
import type { MessageHandlingService } from "../../lib/mhs/message-handling-service.js";
import { findContradiction } from "../../lib/services/query/contradiction.js";
import type { StoreUse } from "../adapter/stores/message-store-model.js";
import { incidentHappened } from "../adapter/transports/transport-registry.js";
import { toldId, type OperatorLog } from "../adapter/runtime/operator-log.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import type { ContradictionListener, OpenTransport } from "../adapter/transports/transport-model.js";

/** A contradiction that nobody can be told of is in the log all the same, as every second answer is. */
export function watchContradictions(
  { log, id }: { readonly log: OperatorLog; readonly id: string },
  { events }: Pick<MessageHandlingService, "events">,
  { store }: Pick<StoreUse, "store">,
): OpenTransport["onContradiction"] {
  const listeners = new Set<ContradictionListener>();
  const tell = async (answerId: string, refToMessageId: string): Promise<void> => {
    const contradiction = await findContradiction(store, { answerId, refToMessageId });
    if (contradiction === undefined) return;
    const { messageId } = contradiction;
    log.warn(`CPIS_CONTRADICTORY_ANSWER ${toldId(messageId)} ${toldId(answerId)}`);
    incidentHappened(id, "contradiction", Date.now());
    const asker = [...listeners].find((listener) => listener.hasAsked(messageId)) ?? [...listeners][0];
    asker?.tell(contradiction);
  };
  events.on("received", ({ messageId, refToMessageId, disposition }) => {
    if (disposition !== "conflicting-answer" || refToMessageId === undefined) return;
    tell(messageId, refToMessageId).catch((error: unknown) => {
      log.warn(`a second answer could not be compared with the first: ${toCpisError(error).code}`);
    });
  });
  return (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
}
