// Delivers stored inbound messages to their consumers: at least once, in order, and no more often than is sensible.
import { definedOnly } from "../defined-only.js";
import { CpisError, isCpisError, type ErrorCode } from "../errors.js";
import {
  type InboundState,
  isFinished,
  type MessageRowId,
  type StoredInboundMessage,
  type StoredMessage,
} from "../store/message-model.js";
import type { MessageStore, TransitionOutcome } from "../store/message-store.js";
import {
  type ConfirmOutcome,
  type Consumer,
  type ConsumerOptions,
  type DeliveryReports,
  type InboundPolicy,
  UnwantedMessage,
} from "./model.js";
import { createUnclaimedMessages } from "./unclaimed-messages.js";
import { isStoreOutage, type StoreWatch } from "./store-watch.js";
import { createLeaseWorker } from "./lease-worker.js";

export interface InboxOptions<Message> {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly maximumParallel: number;
  readonly policy: InboundPolicy<Message>;
  readonly reports: DeliveryReports;
  now(): number;
}

/** By which a message finds its consumer. */
export interface Routing {
  readonly service: string;
  readonly action: string;
  readonly conversationId: string;
}

export interface Inbox<Message> {
  start(): void;
  consume(options: ConsumerOptions<Message>): Consumer;
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  hasConsumer(routing: Routing): boolean;
  /** For a message that is being accepted. */
  orderOf(routing: Routing): { readonly isOrdered: boolean; readonly destination: string };
  /** When a message that nobody here consumes is looked at again: another instance may have a consumer. */
  parkUntil(acceptedAt: number): number;
  /** Waits for the deliveries under way. */
  close(): Promise<void>;
}

interface Consuming<Message> extends ConsumerOptions<Message> {
  readonly maximumDeliveries: number;
  readonly redeliverAfterMilliseconds: number;
  readonly maximumDeliveryMilliseconds: number;
  readonly underWay: Set<Promise<unknown>>;
}

type Handover =
  { readonly kind: "taken" } | { readonly kind: "not-taken" } | { readonly kind: "unwanted"; readonly code: ErrorCode };

const parkMilliseconds = 60_000;
const longestParkMilliseconds = 3_600_000;
const openStates: readonly InboundState[] = ["received", "delivered"];

function includes(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.includes(value);
}

export function createInbox<Message>(options: InboxOptions<Message>): Inbox<Message> {
  const { store, watch, channel, owner, policy, reports } = options;
  const consumers = new Set<Consuming<Message>>();
  const unclaimed = createUnclaimedMessages(options);
  const worker = createLeaseWorker({
    ...options,
    direction: "inbound",
    states: openStates,
    now: () => options.now(),
    work,
  });

  function findConsumer(service: string, action: string): Consuming<Message> | undefined {
    return [...consumers].find((each) => includes(each.services, service) && includes(each.actions, action));
  }

  /** The longer nobody wanted it, the more seldom it is looked at. */
  function parkUntil(acceptedAt: number): number {
    const now = options.now();
    return now + Math.min(Math.max(parkMilliseconds, now - acceptedAt), longestParkMilliseconds);
  }

  function transit(
    message: StoredMessage,
    to: InboundState,
    more: { code?: string; nextAttemptAt?: number } = {},
  ): Promise<TransitionOutcome> {
    const { code, nextAttemptAt } = more;
    const isCoded = to === "rejected" && code !== undefined;
    const changes = {
      ...definedOnly({ nextAttemptAt }),
      ...(isCoded ? { errorCode: code } : {}),
    };
    return watch.insist(() =>
      store.transition({
        id: message.id,
        from: [message.state],
        to,
        at: options.now(),
        owner,
        ...definedOnly({ code }),
        changes,
      }),
    );
  }

  async function setAside(message: StoredMessage, code: ErrorCode): Promise<void> {
    const outcome = await transit(message, "rejected", { code });
    if (outcome === "done") reports.setAside({ messageId: message.messageId, code });
  }

  /** The key ring can be put back: until then nothing is given up. */
  async function waitForKey(message: StoredInboundMessage): Promise<void> {
    const text = "A message cannot be opened and waits for its key: STORE_KEY_UNKNOWN";
    reports.warning({ code: "NOT_DELIVERED", message: text, messageId: message.messageId });
    const nextAttemptAt = options.now() + parkMilliseconds;
    await watch.insist(() => store.releaseLease({ id: message.id, owner, nextAttemptAt }));
  }

  async function read(message: StoredInboundMessage): Promise<Message | undefined> {
    try {
      return await watch.run(() => policy.read(message));
    } catch (error) {
      if (isStoreOutage(error) || !isCpisError(error) || error.retryable) throw error;
      if (error.code === "STORE_KEY_UNKNOWN") await waitForKey(message);
      else await setAside(message, error.code);
      return undefined;
    }
  }

  async function hand(
    consumer: Consuming<Message>,
    message: StoredInboundMessage,
    content: Message,
  ): Promise<Handover> {
    const { id, createdAt, attempts } = message;
    const delivering = Promise.resolve().then(() =>
      consumer.deliver({ id, message: content, receivedAt: createdAt, delivery: attempts }),
    );
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error("no end of the delivery")), consumer.maximumDeliveryMilliseconds);
    consumer.underWay.add(delivering);
    try {
      await Promise.race([delivering, tooLate]);
      return { kind: "taken" };
    } catch (error) {
      if (error instanceof UnwantedMessage) return { kind: "unwanted", code: error.code };
      const code = isCpisError(error) ? error.code : "an error of its own";
      const text = `A consumer did not take a message: ${code}`;
      reports.warning({ code: "NOT_DELIVERED", message: text, messageId: message.messageId });
      return { kind: "not-taken" };
    } finally {
      clearTimeout(timer);
      consumer.underWay.delete(delivering);
    }
  }

  async function deliver(consumer: Consuming<Message>, claimed: StoredInboundMessage): Promise<void> {
    if (claimed.attempts >= consumer.maximumDeliveries) return setAside(claimed, policy.notDelivered);
    const content = await read(claimed);
    if (content === undefined) return;
    // Counted before the consumer sees it: a message that ends the process must not do so for ever.
    const attempts = claimed.attempts + 1;
    const begun = await watch.insist(() =>
      store.transition({
        id: claimed.id,
        from: openStates,
        to: "delivered",
        at: options.now(),
        owner,
        keepLease: true,
        changes: { attempts },
      }),
    );
    if (begun !== "done") return;
    const message = { ...claimed, state: "delivered", attempts } as const;
    const handover = await hand(consumer, message, content);
    if (handover.kind === "unwanted") return setAside(message, handover.code);
    const isTaken = handover.kind === "taken";
    if (isTaken && consumer.confirm === "on-handover") {
      await transit(message, "confirmed");
      return;
    }
    if (!isTaken && attempts >= consumer.maximumDeliveries) return setAside(message, policy.notDelivered);
    const nextAttemptAt = options.now() + consumer.redeliverAfterMilliseconds;
    if (isTaken) await transit(message, "delivered", { nextAttemptAt, code: "awaiting-confirmation" });
    else await transit(message, "received", { nextAttemptAt, code: "not-taken" });
  }

  async function work(message: StoredMessage): Promise<void> {
    if (message.direction !== "inbound") return;
    const flaw = await policy.findFlaw(message);
    if (flaw !== undefined) return setAside(message, flaw);
    const consumer = findConsumer(message.service, message.interaction);
    if (consumer !== undefined) return deliver(consumer, message);
    await park(message);
  }

  async function park(message: StoredInboundMessage): Promise<void> {
    // One that was delivered before has a consumer, which is gone for the moment or in another instance.
    const nextAttemptAt = message.attempts > 0 ? options.now() + parkMilliseconds : parkUntil(message.createdAt);
    await watch.run(() => store.releaseLease({ id: message.id, owner, nextAttemptAt }));
    unclaimed.note(message);
    // A consumer that came while the lease was being given up has not seen this one.
    const consumer = findConsumer(message.service, message.interaction);
    if (consumer !== undefined) beginUnparking(consumer);
  }

  /** What nobody had wanted so far is delivered to a consumer that comes later, oldest first. */
  function beginUnparking(consumer: Consuming<Message>): void {
    const isWanted = (service: string, interaction: string): boolean => findConsumer(service, interaction) === consumer;
    const releasing = unclaimed.release(isWanted, () => consumers.has(consumer));
    const work = releasing.catch(() => {
      // Looked at again when its time comes; only later than could be.
      reports.warning({
        code: "INTERNAL",
        message: "Messages that waited for a consumer could not be looked up",
      });
    });
    consumer.underWay.add(work);
    void work.finally(() => consumer.underWay.delete(work));
  }

  return {
    start: () => worker.start(),
    consume(given): Consumer {
      const redeliverAfterMilliseconds = given.redeliverAfterMilliseconds ?? 60_000;
      const consumer: Consuming<Message> = {
        ...given,
        deliver: (delivery) => given.deliver(delivery),
        maximumDeliveries: given.maximumDeliveries ?? 5,
        redeliverAfterMilliseconds,
        maximumDeliveryMilliseconds: given.maximumDeliveryMilliseconds ?? redeliverAfterMilliseconds,
        underWay: new Set(),
      };
      if (consumer.maximumDeliveries < 1) {
        throw new CpisError("CONFIG_INVALID", { detail: "a message must be delivered at least once" });
      }
      consumers.add(consumer);
      beginUnparking(consumer);
      worker.wake();
      return {
        async close(): Promise<void> {
          consumers.delete(consumer);
          await Promise.allSettled(consumer.underWay);
        },
      };
    },
    async confirm(id): Promise<ConfirmOutcome> {
      const found = await watch.run(() => store.findById(id));
      if (found?.direction !== "inbound" || found.channel !== channel || !policy.isForConsumer(found)) {
        return { kind: "unknown" };
      }
      const confirmed = { id, from: openStates, to: "confirmed", at: options.now() } as const;
      if (!isFinished(found.state) && (await watch.run(() => store.transition(confirmed))) === "done") {
        return { kind: "confirmed" };
      }
      const now = await watch.run(() => store.findById(id));
      if (now?.direction !== "inbound") return { kind: "unknown" };
      return now.state === "confirmed" ? { kind: "confirmed" } : { kind: "not-confirmable", state: now.state };
    },
    hasConsumer: ({ service, action }) => findConsumer(service, action) !== undefined,
    orderOf({ service, action, conversationId }): ReturnType<Inbox<Message>["orderOf"]> {
      const consumer = findConsumer(service, action);
      const inOrder = consumer?.inOrder ?? "conversation";
      if (consumer === undefined || inOrder === "none") return { isOrdered: false, destination: conversationId };
      if (inOrder === "conversation") return { isOrdered: true, destination: `conversation ${conversationId}` };
      return { isOrdered: true, destination: JSON.stringify([consumer.services ?? null, consumer.actions ?? null]) };
    },
    parkUntil,
    async close(): Promise<void> {
      await worker.close();
      consumers.clear();
    },
  };
}
