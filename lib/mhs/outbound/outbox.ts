// Sends what the store keeps: the same bytes, by their contract, until the peer has them or they are a dead letter.
import type { EventEmitter } from "node:events";
import type { DeliveryReports } from "../../queue/model.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError, isCpisError, type ErrorCode } from "../../errors.js";
import type { MessageRowId, OutboundState, StoredMessage, StoredOutboundMessage } from "../../store/message-model.js";
import type { MessageStore } from "../../store/message-store.js";
import { showsStaleContract, failureOf } from "./stale-contract.js";
import { decideDelivery, type DeliveryDecision, type DeliveryEvent } from "./delivery-policy.js";
import { createEndpointBreakers, defaultBreakerSettings } from "./circuit-breaker.js";
import { interpretReply, type HttpReply } from "./interpret-reply.js";
import type { BreakerSettings, MhsEffects, MhsEvents, OutboxMessage, OwnParty } from "../model.js";
import { createTransitionWriter } from "./record-transition.js";
import {
  newOutboundRecord,
  prepareMessage,
  readDeliveryPolicy,
  readOutboundRecord,
  type OutboundRecord,
} from "./outbound-record.js";
import { parseRetryAfter } from "../../time/retry-after.js";
import type { Sender, SendResult } from "./send-message.js";
import type { StoreWatch } from "../../queue/store-watch.js";
import { createLeaseWorker } from "../../queue/lease-worker.js";

export interface OutboxOptions {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly maximumParallel: number;
  readonly responseMilliseconds: number;
  readonly breaker?: Partial<BreakerSettings>;
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  readonly events: EventEmitter<MhsEvents>;
  readonly reports: Pick<DeliveryReports, "warning">;
  readonly sender: Sender;
  /** Whether this very instance waits for the message's answer at this moment. */
  isWaitedFor(messageId: string): boolean;
}

export interface Outbox {
  start(): void;
  /** See MessageHandlingService.send. */
  accept(message: OutboxMessage): Promise<MessageRowId>;
  /** Waits for what is being sent. */
  close(): Promise<void>;
}

const awaitedMilliseconds = 5_000;
const workStates: readonly OutboundState[] = ["queued", "sending", "awaiting-acknowledgement", "awaiting-response"];

const longestDeferralMilliseconds = 300_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, watch, channel, owner, events, sender, effects } = options;
  const breakers = createEndpointBreakers({ ...defaultBreakerSettings, ...options.breaker });
  const worker = createLeaseWorker({
    ...options,
    direction: "outbound",
    states: workStates,
    now: () => effects.now(),
    work,
  });
  const write = createTransitionWriter({ ...options, now: () => effects.now() });
  let isClosing = false;

  function noteReached(endpoint: string): void {
    if (breakers.reached(endpoint).isClosed) events.emit("peerReachable", { endpoint });
  }

  function noteNotReached(endpoint: string, isProbe: boolean, code: ErrorCode): number {
    const { retryAt, isOpened } = breakers.failed(endpoint, isProbe, effects.now());
    if (isOpened) events.emit("peerUnreachable", { endpoint, code });
    return retryAt;
  }

  function eventOf(result: SendResult, record: OutboundRecord, isProbe: boolean): DeliveryEvent {
    const endpoint = record.url.host;
    switch (result.kind) {
      case "not-sent":
        // What our own closing ends says nothing of the peer.
        if (isClosing) return { kind: "not-sent", error: new CpisError("CONFIG_CLOSED"), retryAt: effects.now() };
        return { ...result, retryAt: noteNotReached(endpoint, isProbe, result.error.code) };
      case "unknown":
        return { kind: "no-reply" };
      case "replied":
        noteReached(endpoint);
        return repliedEvent(result, record);
    }
  }

  function repliedEvent(reply: HttpReply, { messageId, policy }: OutboundRecord): DeliveryEvent {
    const meaning = interpretReply(reply, { messageId, pattern: policy.pattern });
    const retryAfterMilliseconds = parseRetryAfter(reply.retryAfter, effects.now());
    return {
      kind: "replied",
      meaning,
      ...definedOnly({ retryAfterMilliseconds }),
    };
  }

  function noteReply(record: OutboundRecord, event: DeliveryEvent, result: SendResult, startedAt: number): void {
    const { messageId } = record;
    const kind =
      event.kind !== "replied"
        ? result.kind
        : event.meaning.kind === "failed"
          ? event.meaning.outcome.kind
          : event.meaning.kind;
    const status = result.kind === "replied" ? { httpStatus: result.httpStatus } : {};
    events.emit("replied", { messageId, kind, ...status, durationMilliseconds: effects.now() - startedAt });
  }

  /**
   * The longer it has waited, the more seldom it is looked at: a long outage with many messages must not keep the store
   * busy. Not beyond its deadline, or it would expire too late.
   */
  async function defer(message: StoredOutboundMessage, until: number): Promise<void> {
    const now = effects.now();
    const rest = Math.min(now - message.updatedAt, longestDeferralMilliseconds);
    const nextAttemptAt = Math.min(Math.max(until, now + rest), message.deadline ?? Number.POSITIVE_INFINITY);
    await watch.insist(() => store.releaseLease({ id: message.id, owner, nextAttemptAt }));
  }

  async function send(
    message: StoredOutboundMessage,
    record: OutboundRecord,
    decision: Extract<DeliveryDecision, { kind: "send" }>,
  ): Promise<void> {
    const endpoint = record.url.host;
    const admission = breakers.admit(endpoint, effects.now());
    if (admission.kind === "wait") {
      await defer(message, admission.until);
      return;
    }
    const body = await readBody(message);
    if (body === undefined) return;
    const { attempts, deadline } = decision;
    const at = effects.now();
    const changes = { attempts, deadline, nextAttemptAt: null };
    const sending = {
      id: message.id,
      // Also when this was written and the store could not say so.
      from: [message.state, "sending"],
      to: "sending",
      at,
      owner,
      keepLease: true,
      changes,
    } as const;
    const begun = await watch.insist(() => store.transition(sending));
    if (begun !== "done") return;
    const { messageId, contentType, soapAction } = record;
    const { conversationId, interaction: action } = message;
    const result = await sender.send({
      url: record.url,
      message: { contentType, soapAction, body },
      mayWrite(): boolean {
        if (isClosing) return false;
        events.emit("sending", { messageId, conversationId, action, bytes: body.length });
        return true;
      },
    });
    const event = eventOf(result, record, admission.isProbe);
    noteReply(record, event, result, at);
    if (showsStaleContract(failureOf(event))) events.emit("contractDoubted", { messageId, action });
    await conclude({ ...message, state: "sending", attempts, deadline }, event);
  }

  async function conclude(message: StoredOutboundMessage, event: DeliveryEvent): Promise<void> {
    const decision = decideDelivery(message, event, readDeliveryPolicy(message), effects.now());
    if (decision.kind !== "transition") return;
    // Whoever was faster, an acknowledgment of its own or an answer, has decided already.
    await write(message, decision, "ours");
  }

  /** Undefined when the message cannot be read: it is held for a person, who may have the key. */
  async function readBody(message: StoredOutboundMessage): Promise<Buffer | undefined> {
    try {
      const reading = await watch.run(() => store.readContent(message.id));
      if (reading.kind === "content") return reading.bytes;
      await write(message, { kind: "transition", to: "held", code: "STORE_CORRUPT" }, "ours");
    } catch (error) {
      if (!isCpisError(error) || error.retryable || !error.code.startsWith("STORE_")) throw error;
      await write(message, { kind: "transition", to: "held", code: error.code }, "ours");
    }
    return undefined;
  }

  async function readRecord(message: StoredOutboundMessage): Promise<OutboundRecord | undefined> {
    try {
      return readOutboundRecord(message);
    } catch (error) {
      if (!isCpisError(error)) throw error;
      await write(message, { kind: "transition", to: "held", code: error.code }, "ours");
      return undefined;
    }
  }

  async function work(message: StoredMessage): Promise<void> {
    if (message.direction !== "outbound") return;
    const record = await readRecord(message);
    if (record === undefined) return;
    if (record.policy.isAwaited && options.isWaitedFor(message.messageId)) {
      // Its asker ends it by a clock that is never set; the one that told that it is overdue was set in the meantime.
      const nextAttemptAt = effects.now() + awaitedMilliseconds;
      await watch.run(() => store.releaseLease({ id: message.id, owner, nextAttemptAt }));
      return;
    }
    const decision = decideDelivery(message, { kind: "due" }, record.policy, effects.now());
    switch (decision.kind) {
      case "send":
        return send(message, record, decision);
      case "transition":
        await write(message, decision, "ours");
        return;
      case "none":
        await watch.run(() => store.releaseLease({ id: message.id, owner }));
    }
  }

  return {
    start: () => worker.start(),
    async accept(outgoing): Promise<MessageRowId> {
      const { ownParty, responseMilliseconds } = options;
      const { orderedBy, originalId, completedBy = "acknowledgment", resendable = "by-contract" } = outgoing;
      const acceptedAt = effects.now();
      const prepared = prepareMessage(outgoing, ownParty, acceptedAt);
      const policy = { resendable, completedBy, responseMilliseconds, isAwaited: false };
      const order = orderedBy === undefined ? {} : { orderedBy };
      const row = newOutboundRecord(outgoing, prepared, { channel, ownParty, acceptedAt, policy, ...order });
      const [id] = await watch.runAcceptance(() =>
        store.acceptOutbound([originalId === undefined ? row : { ...row, originalId }]),
      );
      if (id === undefined) throw new CpisError("STORE_INTERNAL", { detail: "no row number was given" });
      return id;
    },
    async close(): Promise<void> {
      isClosing = true;
      await worker.close();
    },
  };
}
