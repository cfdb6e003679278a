// Inbound business messages, and a consumer that remembers what it got.
import assert from "node:assert/strict";
import type {
  Consumer,
  ConsumerOptions as AnyConsumerOptions,
  Delivery as AnyDelivery,
} from "../../../lib/queue/model.js";
import type { BusinessMessage } from "../../../lib/ebxml/model.js";
import type { StoredMessage } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { EncodedMessage } from "../../../lib/ebxml/model.js";
import type { Instance } from "./durable-exchange.js";
import { encodeInbound, newId, service, type MessageChange } from "./peer.js";

type Delivery = AnyDelivery<BusinessMessage>;
type ConsumerOptions = AnyConsumerOptions<BusinessMessage>;

export const action = "REPC_IN000010GB01";

export function business(payload: string, change: MessageChange = {}): EncodedMessage {
  return encodeInbound({ payload, ...change, header: { action, messageId: newId(), ...change.header } });
}

export function textOf({ message }: Delivery): string {
  return Buffer.from(message.payload ?? []).toString();
}

export async function inboundIn(store: MessageStore): Promise<readonly StoredMessage[]> {
  return (await store.list({ direction: "inbound" }, 100)).messages.toReversed();
}

export async function onlyInbound(store: MessageStore): Promise<StoredMessage> {
  const [only, ...others] = await inboundIn(store);
  if (only === undefined || others.length > 0) assert.fail(`${others.length + 1} messages are stored`);
  return only;
}

export interface Consuming {
  readonly taken: readonly Delivery[];
  readonly consumer: Consumer;
}

export function consume(instance: Instance, change: Partial<ConsumerOptions> = {}): Consuming {
  const taken: Delivery[] = [];
  const consumer = instance.mhs.consume({
    services: [service],
    actions: [action],
    confirm: "on-handover",
    redeliverAfterMilliseconds: 30,
    deliver: (delivery) => {
      taken.push(delivery);
      return Promise.resolve();
    },
    ...change,
  });
  return { taken, consumer };
}
