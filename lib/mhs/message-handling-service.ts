// The message handling service: sends what its store keeps, and brings requests together with the answers that arrive.
import { EventEmitter } from "node:events";
import type { BusinessMessage } from "../ebxml/model.js";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import { comparableId, parseMessageId } from "../identifiers.js";
import { createInbox } from "../queue/inbox.js";
import type { ConfirmOutcome, Consumer, ConsumerOptions, DeliveryReports } from "../queue/model.js";
import { createStoreWatch } from "../queue/store-watch.js";
import type { MessageRowId, StoredMessage } from "../store/message-model.js";
import type { StoreEvent, Transition } from "../store/message-store.js";
import type { ProxySettings } from "../tls/proxy.js";
import type { TlsMaterial } from "../tls/tls-material.js";
import type { InboundRules } from "./inbound/check-inbound.js";
import { createInboundHandler } from "./inbound/inbound-handler.js";
import { createInboundPolicy } from "./inbound/inbound-policy.js";
import { readInboundMessage } from "./inbound-record.js";
import { createReplier } from "./inbound/inbound-replies.js";
import { createMessageReceiver } from "./inbound/receive-message.js";
import { createListener, type Listener, type ListenerOptions } from "./listener/listener.js";
import type {
  MhsEffects,
  MhsEvents,
  OutboundRequest,
  OutboxMessage,
  OwnParty,
  RequestOutcome,
  StoreOptions,
} from "./model.js";
import { createOutboundSignals, readRefusal } from "./outbound/outbound-signals.js";
import { createOutbox } from "./outbound/outbox.js";
import { createSender, type SendTimeouts } from "./outbound/send-message.js";
import { showsStaleContract } from "./outbound/stale-contract.js";
import { inTime, writeDown } from "./request/background-writes.js";
import { runRequest } from "./request/durable-request.js";
import { createPendingRequests, type Waiter } from "./request/pending-requests.js";

export type { ListenerOptions } from "./listener/listener.js";

/** How messages that arrive are judged and answered, beyond what the standard fixes. */
export interface InboundSettings extends Omit<InboundRules, "ownParty"> {
  /** Whether a message that asks for no acknowledgment gets one all the same; else 202 without a body. Default true. */
  readonly ackWhenNotRequested?: boolean;
}

export interface MessageHandlingServiceOptions extends StoreOptions {
  readonly ownParty: OwnParty;
  readonly clientTls: TlsMaterial;
  /** On the way to the peer. Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
  readonly timeouts?: Partial<SendTimeouts>;
  /** Without a listener no answer can arrive. */
  readonly listener?: ListenerOptions;
  readonly inbound?: InboundSettings;
  readonly effects: MhsEffects;
}

export interface MessageHandlingService {
  readonly events: EventEmitter<MhsEvents>;
  /**
   * Opens the listener and gives its port; 0 without a listener.
   * Throws CONFIG_PORT_IN_USE, CONFIG_LISTEN, or CONFIG_CLOSED after `close`.
   */
  start(): Promise<{ readonly port: number }>;
  /** Never rejects: everything that can happen to a request is an outcome. It is never sent twice. */
  request<Result>(request: OutboundRequest<Result>): Promise<RequestOutcome<Result>>;
  /**
   * Resolves once the message is in the store, from where it is sent until the peer has it. Throws CONFIG_CLOSED,
   * CONFIG_CONTRACT, CONFIG_INVALID, EBXML_TOO_LARGE, EBXML_MIME, STORE_MESSAGE_ID_TAKEN, or what else the store
   * throws; then nothing was accepted.
   */
  send(message: OutboxMessage): Promise<MessageRowId>;
  /** Delivers inbound messages that answer no request. Throws CONFIG_CLOSED. */
  consume(consumer: ConsumerOptions<BusinessMessage>): Consumer;
  /** For consumers that confirm by themselves. Throws CONFIG_CLOSED, and what the store throws. */
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  /** Ends open requests as aborted, lets the listener finish what it is receiving, and closes every connection. */
  close(): Promise<void>;
}

type State = "new" | "started" | "closed";

const dayMilliseconds = 24 * 60 * 60 * 1000;

function reportsTo(events: EventEmitter<MhsEvents>): DeliveryReports {
  return {
    setAside: (event) => void events.emit("setAside", event),
    storeUnavailable: (event) => void events.emit("storeUnavailable", event),
    storeAvailable: () => void events.emit("storeAvailable"),
    warning: (event) => void events.emit("warning", event),
  };
}

/** What the parts of a service share. */
function createParts(options: MessageHandlingServiceOptions) {
  const { store, ownParty, effects } = options;
  const events = new EventEmitter<MhsEvents>();
  const reports = reportsTo(events);
  const now = (): number => effects.now();
  return {
    store,
    ownParty,
    effects,
    events,
    reports,
    now,
    watch: createStoreWatch(store, reports),
    channel: options.channel ?? comparableId(ownParty.partyKey),
    owner: options.owner ?? effects.newUuid(),
    leaseMilliseconds: options.leaseMilliseconds ?? 30_000,
    maximumParallel: options.maximumParallel ?? 8,
    pending: createPendingRequests(),
    sender: createSender({
      tls: options.clientTls,
      peerShown: (chain) => events.emit("certificatesShown", { by: "peer", chain }),
      ...definedOnly({ timeouts: options.timeouts, proxy: options.proxy }),
    }),
    /** What is still being written down when an outcome is given. */
    writings: new Set<Promise<unknown>>(),
  };
}

type Parts = ReturnType<typeof createParts>;

/** Brings what another instance has accepted to the requests that wait here. */
function createCollection(parts: Parts, isAccepting: (messageId: string) => boolean) {
  const { store, channel, pending, writings } = parts;

  async function collectAnswer(waiter: Waiter, asked: StoredMessage): Promise<void> {
    const stored = asked.answeredBy === undefined ? undefined : await store.findById(asked.answeredBy);
    // Its answer came in the reply, to the one who waits.
    if (stored?.state !== "delivered") return;
    const message = await readInboundMessage(store, stored);
    const isReferenced = message.header.refToMessageId !== undefined;
    const decision = waiter.decide({ message, receivedAt: stored.createdAt, isReferenced });
    if (decision.kind !== "settles") return;
    const { audit } = decision;
    const confirmed: Transition = {
      id: stored.id,
      from: ["delivered"],
      to: "confirmed",
      at: parts.now(),
      ...definedOnly({ audit }),
    };
    const writing = writeDown(parts, () => store.transition(confirmed));
    // The answer is given in any case, and is not kept from the one who asked by a slow store.
    await inTime(writing);
    decision.settle();
  }

  async function collect(waiter: Waiter): Promise<void> {
    const asked = await store.findById(waiter.id);
    if (asked === undefined) return;
    const errors = readRefusal(asked);
    if (errors !== undefined) waiter.end({ kind: "ebxml-error", errors });
    else if (asked.state === "completed") await collectAnswer(waiter, asked);
  }

  /** What fails here is looked at once more when the request's time is over. */
  function collectInBackground(waiter: Waiter | undefined): void {
    if (waiter === undefined || isAccepting(waiter.messageId)) return;
    const collecting: Promise<unknown> = collect(waiter)
      .catch(() => undefined)
      .finally(() => writings.delete(collecting));
    writings.add(collecting);
  }

  return (event: StoreEvent): void => {
    switch (event.kind) {
      case "answered":
      case "ended":
        if (event.channel === channel) collectInBackground(pending.find(event.messageId));
        return;
      case "resumed":
        pending.waiting().forEach(collectInBackground);
        return;
      case "work":
    }
  };
}

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createMessageHandlingService(options: MessageHandlingServiceOptions): MessageHandlingService {
  const parts = createParts(options);
  const { events, store, watch, pending, sender, writings, effects, ownParty, now } = parts;
  const inbound = options.inbound ?? {};
  const outbox = createOutbox({
    ...parts,
    responseMilliseconds: options.responseMilliseconds ?? dayMilliseconds,
    isWaitedFor: (messageId) => pending.find(parseMessageId(messageId)) !== undefined,
    ...definedOnly({ breaker: options.breaker }),
  });
  const inbox = createInbox({ ...parts, policy: createInboundPolicy(store, watch) });
  const handler = createInboundHandler({
    ...parts,
    duplicateMilliseconds: Math.max(dayMilliseconds, options.duplicateMilliseconds ?? 0),
    judge: options.judge,
    signals: createOutboundSignals(parts),
    inbox,
  });
  const receive = createMessageReceiver({
    rules: { ...inbound, ownParty },
    replier: createReplier({ ownParty, effects, ackWhenNotRequested: inbound.ackWhenNotRequested ?? true }),
    handler,
    events,
    now,
  });
  const listener: Listener | undefined =
    options.listener === undefined ? undefined : createListener(options.listener, { receive, events });
  const onStoreEvent = createCollection(parts, (messageId) => handler.isAccepting(messageId));
  const requests = new Set<Promise<unknown>>();
  let unsubscribe = (): void => undefined;
  let state: State = "new";

  function refuseWhenClosed(): void {
    if (state === "closed") throw new CpisError("CONFIG_CLOSED");
  }

  return {
    events,
    async start(): Promise<{ readonly port: number }> {
      refuseWhenClosed();
      const port = (await listener?.open()) ?? 0;
      state = "started";
      unsubscribe = store.subscribe(onStoreEvent);
      outbox.start();
      inbox.start();
      return { port };
    },
    async request<Result>(request: OutboundRequest<Result>): Promise<RequestOutcome<Result>> {
      if (state !== "started") return { kind: "not-sent", error: new CpisError("CONFIG_CLOSED") };
      const running = runRequest(request, parts).finally(() => requests.delete(running));
      requests.add(running);
      const outcome = await running;
      const { messageId, action } = request;
      if (showsStaleContract(outcome)) events.emit("contractDoubted", { messageId, action });
      return outcome;
    },
    // A message may be accepted before the service is started: it is sent then.
    async send(message): Promise<MessageRowId> {
      refuseWhenClosed();
      return outbox.accept(message);
    },
    consume(consumer): Consumer {
      refuseWhenClosed();
      return inbox.consume(consumer);
    },
    async confirm(id): Promise<ConfirmOutcome> {
      refuseWhenClosed();
      return inbox.confirm(id);
    },
    async close(): Promise<void> {
      state = "closed";
      unsubscribe();
      // Nothing waits any more for what the store cannot take.
      watch.close();
      pending.close();
      const working = [outbox.close(), inbox.close()];
      sender.close();
      await listener?.close();
      await Promise.all([...working, ...requests]);
      while (writings.size > 0) await Promise.all(writings);
    },
  };
}
