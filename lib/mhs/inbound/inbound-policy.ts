// What the inbox must know of ebXML messages: which of them are for a consumer, and which came too late.
import type { InboundPolicy } from "../../queue/model.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import type { BusinessMessage } from "../../ebxml/model.js";
import type { ErrorCode } from "../../errors.js";
import type { MessageRowId, StoredInboundMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { isForConsumer, readInboundMessage } from "../inbound-record.js";

export function createInboundPolicy(store: MessageStore, watch: StoreWatch): InboundPolicy<BusinessMessage> {
  /** What the message that it answers says of it; undefined: it is the answer, or it answers none. */
  async function flawOfAnswer(message: StoredInboundMessage): Promise<ErrorCode | undefined> {
    const refersTo = message.attributes["refersTo"];
    if (typeof refersTo !== "number") return undefined;
    const asked = await watch.run(() => store.findById(refersTo as MessageRowId));
    if (asked === undefined || asked.attributes["completedBy"] === "consumer") return undefined;
    if (asked.answeredBy !== message.id) return "EBXML_CONFLICTING_ANSWER";
    return asked.state === "completed" ? undefined : "EBXML_LATE_ANSWER";
  }

  return {
    notDelivered: "EBXML_NOT_DELIVERED",
    isForConsumer,
    async findFlaw(message): Promise<ErrorCode | undefined> {
      const flaw = await flawOfAnswer(message);
      return flaw ?? (isForConsumer(message) ? undefined : "EBXML_ANSWER_NOT_COLLECTED");
    },
    read: (message) => readInboundMessage(store, message),
  };
}
