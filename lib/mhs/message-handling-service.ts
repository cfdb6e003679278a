// The message handling service: sends what its store keeps, and brings requests together with the answers that arrive.
import { EventEmitter } from "node:events";
import type { BusinessMessage } from "../ebxml/model.js";
import { CpisError } from "../errors.js";
import { comparableId, parseMessageId } from "../identifiers.js";
import { createInbox } from "../queue/inbox.js";
import type { ConfirmOutcome, Consumer, ConsumerOptions, DeliveryReports } from "../queue/model.js";
import { createStoreWatch } from "../queue/store-watch.js";
import type { MessageRowId, StoredMessage } from "../store/message-model.js";
import type { StoreEvent } from "../store/message-store.js";
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
import { createOutboundSignals } from "./outbound/outbound-signals.js";
import { createOutbox } from "./outbound/outbox.js";
import { createSender, type SendTimeouts } from "./outbound/send-message.js";
import { showsStaleContract } from "./outbound/stale-contract.js";
import { runDurableRequest } from "./request/durable-request.js";
import { createPendingRequests } from "./request/pending-requests.js";

export type { ListenerOptions } from "./listener/listener.js";

/** How messages that arrive are judged and answered, beyond what the standard fixes. */
export interface InboundSettings extends Omit<InboundRules, "ownParty"> {
  /** Whether a message that asks for no acknowledgment gets one all the same; else 202 without a body. Default true. */
  readonly ackWhenNotRequested?: boolean;
}

export interface MessageHandlingServiceOptions extends StoreOptions {
  readonly ownParty: OwnParty;
  readonly clientTls: TlsMaterial;
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
  request(request: OutboundRequest): Promise<RequestOutcome>;
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
    pending: createPendingRequests({ now, events }),
    sender: createSender({
      tls: options.clientTls,
      peerShown: (chain) => events.emit("certificatesShown", { by: "peer", chain }),
      ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    }),
    /** What is still being written down when an outcome is given. */
    writings: new Set<Promise<unknown>>(),
  };
}

type Parts = ReturnType<typeof createParts>;

/** Brings answers that another instance accepted to the requests that wait here. */
function createAnswerCollection(parts: Parts, whenSettled: (messageId: string) => Promise<void>) {
  const { store, channel, pending, writings } = parts;

  async function collect(asked: StoredMessage | undefined): Promise<void> {
    if (asked?.channel !== channel || asked.answeredBy === undefined || asked.state !== "completed") return;
    // Its answer came in the reply, to the one who waits.
    if (asked.attributes["pattern"] === "sync-soap") return;
    const { answeredBy } = asked;
    const stored = await store.findById(answeredBy);
    if (stored === undefined) return;
    const message = await readInboundMessage(store, stored);
    if (pending.answer(parseMessageId(asked.messageId), message) === undefined) return;
    await store.transition({ id: answeredBy, from: ["delivered"], to: "confirmed", at: parts.now() });
  }

  /** What fails here is looked at once more when the request's time is over. */
  function collectInBackground(find: () => Promise<StoredMessage | undefined>): void {
    const collecting: Promise<unknown> = find()
      .then(collect)
      .catch(() => undefined)
      .finally(() => writings.delete(collecting));
    writings.add(collecting);
  }

  function onAnswered(messageId: string, id: MessageRowId): void {
    if (!pending.isOpen(parseMessageId(messageId))) return;
    collectInBackground(async () => {
      await whenSettled(messageId);
      return pending.isOpen(parseMessageId(messageId)) ? store.findById(id) : undefined;
    });
  }

  return (event: StoreEvent): void => {
    if (event.kind === "answered" && event.channel === channel) onAnswered(event.messageId, event.id);
    if (event.kind !== "resumed") return;
    for (const messageId of pending.openRequests()) {
      collectInBackground(() => store.findByMessageId("outbound", messageId));
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
    ...(options.breaker === undefined ? {} : { breaker: options.breaker }),
  });
  const inbox = createInbox({ ...parts, policy: createInboundPolicy(store, watch) });
  const handler = createInboundHandler({
    ...parts,
    duplicateMilliseconds: Math.max(dayMilliseconds, options.duplicateMilliseconds ?? 0),
    judge: (message) => options.judge?.(message) ?? "settles",
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
  const onStoreEvent = createAnswerCollection(parts, (messageId) => handler.whenSettled(messageId));
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
    async request(request): Promise<RequestOutcome> {
      if (state !== "started") return { kind: "not-sent", error: new CpisError("CONFIG_CLOSED") };
      const running = runDurableRequest(request, parts).finally(() => requests.delete(running));
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
      await Promise.all([...working, ...requests, handler.close()]);
      while (writings.size > 0) await Promise.all(writings);
    },
  };
}
