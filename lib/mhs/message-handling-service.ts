// The message handling service: sends requests to a peer and brings them together with the answers that arrive.
import { EventEmitter } from "node:events";
import { CpisError } from "../errors.js";
import type { InboundRegister } from "../store/inbound-register.js";
import type { MessageRowId } from "../store/message-model.js";
import type { InboundRules } from "./inbound/check-inbound.js";
import { doubtsContract } from "./outbound/stale-contract.js";
import { createReplier } from "./inbound/inbound-replies.js";
import type { ConfirmOutcome, Consumer, ConsumerOptions } from "../queue/model.js";
import type { BusinessMessage } from "../ebxml/model.js";
import type { DurableOptions, OutboxMessage } from "./durable-model.js";
import { createDurableMessaging, type DurableMessaging } from "./durable-messaging.js";
import { defaultListenerLimits } from "./listener/listener-limits.js";
import { createListener, type Listener, type ListenerOptions } from "./listener/listener.js";
import { createMemoryIntake } from "./inbound/message-intake.js";
import type { MhsEffects, MhsEvents, OutboundRequest, OwnParty, RequestOutcome } from "./model.js";
import { createMessageReceiver } from "./inbound/receive-message.js";
import { createRequestDesk } from "./request/pending-requests.js";
import { runRequest } from "./request/send-request.js";
import { createSender, type SendTimeouts } from "./outbound/send-message.js";
import type { TlsMaterial } from "../tls/tls-material.js";

export type { ListenerOptions } from "./listener/listener.js";

/** How messages that arrive are judged and answered, beyond what the standard fixes. */
export interface InboundSettings extends Omit<InboundRules, "ownParty"> {
  /** Whether a message that asks for no acknowledgment gets one all the same; else 202 without a body. Default true. */
  readonly ackWhenNotRequested?: boolean;
}

export interface MessageHandlingServiceOptions {
  readonly ownParty: OwnParty;
  readonly clientTls: TlsMaterial;
  readonly timeouts?: Partial<SendTimeouts>;
  /** Without a listener no answer can arrive. */
  readonly listener?: ListenerOptions;
  readonly inbound?: InboundSettings;
  /** Stays open when the service closes: it belongs to who made it. */
  readonly register: InboundRegister;
  /** Keeps all messages in a store; `register` is not used then. Without it everything is in memory. */
  readonly durable?: DurableOptions;
  readonly effects: MhsEffects;
}

export interface MessageHandlingService {
  readonly events: EventEmitter<MhsEvents>;
  /**
   * Opens the listener and gives its port; 0 without a listener.
   * Throws CONFIG_PORT_IN_USE, CONFIG_LISTEN, or CONFIG_CLOSED after `close`.
   */
  start(): Promise<{ readonly port: number }>;
  /** Never rejects: everything that can happen to a request is an outcome. */
  request(request: OutboundRequest): Promise<RequestOutcome>;
  /**
   * Resolves once the message is in the store, from where it is sent until the peer has it. Throws CONFIG_MISSING
   * without a store, CONFIG_CLOSED, CONFIG_CONTRACT, CONFIG_INVALID, EBXML_TOO_LARGE, EBXML_MIME,
   * STORE_MESSAGE_ID_TAKEN, or what else the store throws; then nothing was accepted.
   */
  send(message: OutboxMessage): Promise<MessageRowId>;
  /** Delivers inbound messages that answer no request. Throws CONFIG_MISSING without a store, and CONFIG_CLOSED. */
  consume(consumer: ConsumerOptions<BusinessMessage>): Consumer;
  /** For consumers that confirm by themselves. Throws CONFIG_MISSING without a store, and what the store throws. */
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  /** Ends open requests as aborted, lets the listener finish what it is receiving, and closes every connection. */
  close(): Promise<void>;
}

type State = "new" | "started" | "closed";

/** Throws CONFIG_MISSING or CONFIG_INVALID for TLS material that cannot be used. */
export function createMessageHandlingService(options: MessageHandlingServiceOptions): MessageHandlingService {
  const { ownParty, effects, register } = options;
  const inbound = options.inbound ?? {};
  const events = new EventEmitter<MhsEvents>();
  const now = (): number => effects.now();
  const desk = createRequestDesk({ now, events });
  const sender = createSender({
    tls: options.clientTls,
    peerShown: (chain) => events.emit("certificatesShown", { by: "peer", chain }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  });
  const limits = { ...defaultListenerLimits, ...options.listener?.limits };
  const durable =
    options.durable === undefined
      ? undefined
      : createDurableMessaging({ durable: options.durable, ownParty, effects, events, sender, desk });
  const intake = durable?.intake ?? createMemoryIntake({ register, desk, claimMilliseconds: limits.claimMilliseconds });
  const receive = createMessageReceiver({
    rules: { ...inbound, ownParty },
    replier: createReplier({ ownParty, effects, ackWhenNotRequested: inbound.ackWhenNotRequested ?? true }),
    intake,
    events,
    now,
  });
  const listener: Listener | undefined =
    options.listener === undefined ? undefined : createListener(options.listener, { receive, events });
  let state: State = "new";

  function requireDurable(): DurableMessaging {
    if (durable === undefined) throw new CpisError("CONFIG_MISSING", { detail: "a message store" });
    if (state === "closed") throw new CpisError("CONFIG_CLOSED");
    return durable;
  }

  const requests = new Set<Promise<unknown>>();
  const startRequest = (request: OutboundRequest): Promise<RequestOutcome> => {
    if (durable === undefined) return runRequest(request, { ownParty, effects, events, sender, desk });
    const running = durable.request(request).finally(() => requests.delete(running));
    requests.add(running);
    return running;
  };

  return {
    events,
    async start(): Promise<{ readonly port: number }> {
      if (state === "closed") throw new CpisError("CONFIG_CLOSED");
      const port = (await listener?.open()) ?? 0;
      state = "started";
      durable?.start();
      return { port };
    },
    async request(request): Promise<RequestOutcome> {
      if (state !== "started") return { kind: "not-sent", error: new CpisError("CONFIG_CLOSED") };
      const outcome = await startRequest(request);
      const { messageId, action } = request;
      if (doubtsContract(outcome)) events.emit("contractDoubted", { messageId, action });
      return outcome;
    },
    // A message may be accepted before the service is started: it is sent then.
    send: async (message) => requireDurable().outbox.accept(message),
    consume: (consumer) => requireDurable().inbox.consume(consumer),
    confirm: async (id) => requireDurable().inbox.confirm(id),
    async close(): Promise<void> {
      state = "closed";
      durable?.stop();
      desk.endAll({ kind: "aborted" });
      const working = durable === undefined ? [] : [durable.outbox.close(), durable.inbox.close()];
      sender.close();
      await listener?.close();
      await Promise.all([...working, ...requests]);
      await durable?.close();
    },
  };
}
