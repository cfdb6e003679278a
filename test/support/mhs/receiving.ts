// A message receiver without sockets, on a store in memory, with all that it tells, for tests of its decisions.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { EncodedMessage, EbxmlMessage } from "../../../lib/ebxml/model.js";
import { parseEbxml } from "../../../lib/ebxml/parse-ebxml.js";
import type { InboundRules } from "../../../lib/mhs/inbound/check-inbound.js";
import { createInboundHandler } from "../../../lib/mhs/inbound/inbound-handler.js";
import { createInboundPolicy } from "../../../lib/mhs/inbound/inbound-policy.js";
import { createReplier } from "../../../lib/mhs/inbound/inbound-replies.js";
import { createMessageReceiver, type MessageReceiver } from "../../../lib/mhs/inbound/receive-message.js";
import type { MhsEvents, RequestOutcome } from "../../../lib/mhs/model.js";
import { createOutboundSignals } from "../../../lib/mhs/outbound/outbound-signals.js";
import { createPendingRequests, type PendingRequests } from "../../../lib/mhs/request/pending-requests.js";
import { createInbox } from "../../../lib/queue/inbox.js";
import { createStoreWatch, type StoreWatch } from "../../../lib/queue/store-watch.js";
import type { MessageId } from "../../../lib/identifiers.js";
import type { NewOutboundMessage, StoredReply } from "../../../lib/store/message-model.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { acceptOne, outbound } from "../store/sample-messages.js";
import { createMemoryStore } from "../store/sqlite-place.js";
import { inboundMessage, newId, ownParty, spineParty } from "./peer.js";

export const now = Date.parse("2026-11-22T10:20:00Z");
const channel = "transport";

/** One that waits for a store that is gone looks for it for ever. */
const watches: StoreWatch[] = [];

interface Setting {
  readonly rules?: Partial<InboundRules>;
  readonly ackWhenNotRequested?: boolean;
  /** Stands between the receiver and its store. */
  readonly through?: (store: MessageStore) => MessageStore;
}

export interface ReceiverScene {
  readonly receive: MessageReceiver;
  readonly events: EventEmitter<MhsEvents>;
  readonly pending: PendingRequests;
}

/** The receiver that a listener has, on a store of its own; nothing delivers what it takes. */
export function createReceiverOn(
  store: MessageStore,
  { rules = {}, ackWhenNotRequested = true, clock = () => now }: Setting & { readonly clock?: () => number } = {},
): ReceiverScene {
  const effects = { now: clock, newUuid: () => newId() };
  const events = new EventEmitter<MhsEvents>();
  const nothing = (): void => undefined;
  const reports = { setAside: nothing, storeUnavailable: nothing, storeAvailable: nothing, warning: nothing };
  const watch = createStoreWatch(store, reports);
  watches.push(watch);
  const pending = createPendingRequests();
  const shared = { store, watch, channel, owner: "owner", events, now: clock };
  const policy = createInboundPolicy(store, watch);
  const handler = createInboundHandler({
    ...shared,
    duplicateMilliseconds: 60_000,
    judge: () => "settles",
    pending,
    signals: createOutboundSignals(shared),
    inbox: createInbox({ ...shared, leaseMilliseconds: 1_000, maximumParallel: 8, policy, reports }),
  });
  const ownPartyModel = { partyKey: ownParty };
  const receive = createMessageReceiver({
    rules: { ownParty: ownPartyModel, ...rules },
    replier: createReplier({ ownParty: ownPartyModel, effects, ackWhenNotRequested }),
    handler,
    events,
    now: clock,
  });
  return { receive, events, pending };
}

export interface Receiving {
  readonly receive: (message: EncodedMessage) => Promise<StoredReply>;
  readonly pending: PendingRequests;
  readonly store: MessageStore;
  readonly received: MhsEvents["received"][0][];
  readonly refused: MhsEvents["refused"][0][];
  readonly warnings: MhsEvents["warning"][0][];
}

const stores: MessageStore[] = [];

export async function createReceiving(setting: Setting = {}): Promise<Receiving> {
  const store = await createMemoryStore();
  stores.push(store);
  const { receive, events, pending } = createReceiverOn(setting.through?.(store) ?? store, setting);
  const receiving: Receiving = {
    receive: ({ contentType, body }) => receive({ contentType, body, remoteAddress: "127.0.0.1" }),
    pending,
    store,
    received: [],
    refused: [],
    warnings: [],
  };
  events.on("received", (event) => receiving.received.push(event));
  events.on("refused", (event) => receiving.refused.push(event));
  events.on("warning", (event) => receiving.warnings.push(event));
  return receiving;
}

export async function closeReceiving(): Promise<void> {
  for (const watch of watches.splice(0)) watch.close();
  await Promise.all(stores.splice(0).map((store) => store.close()));
}

/** A request that was sent, and that somebody waits for until its deadline. */
export function awaitedRequest(messageId: MessageId, deadline: number): NewOutboundMessage {
  return outbound({
    channel,
    state: "sending",
    attempts: 1,
    messageId,
    conversationId: inboundMessage().header.conversationId,
    fromParty: ownParty,
    toParty: spineParty,
    acceptedAt: deadline - 10_000,
    deadline,
    lease: { owner: "who asked", until: deadline + 5_000 },
    attributes: {
      pattern: "express",
      retries: 0,
      retryIntervalMilliseconds: 0,
      persistDurationMilliseconds: 0,
      resendable: "never",
      completedBy: "response",
      responseMilliseconds: 10_000,
      isAwaited: true,
    },
  });
}

/** Opens a request that was sent and waits, and gives what it ended with, if it has. */
export async function openRequest({ pending, store }: Receiving): Promise<{
  messageId: ReturnType<typeof newId>;
  outcome: () => RequestOutcome | undefined;
}> {
  const messageId = newId();
  const id = await acceptOne(store, awaitedRequest(messageId, now + 10_000));
  let ended: RequestOutcome | undefined;
  const end = (outcome: RequestOutcome): void => {
    ended = outcome;
  };
  pending.open({
    messageId,
    id,
    acknowledgedAt: undefined,
    decide: (answer) => ({ kind: "settles", settle: () => end({ kind: "answered", answer, result: undefined }) }),
    noteAccepted: () => undefined,
    end,
  });
  return { messageId, outcome: () => ended };
}

export function signalIn(reply: StoredReply): EbxmlMessage {
  const reading = parseEbxml({ contentType: reply.contentType, body: reply.body });
  if (reading.kind !== "parsed") assert.fail("the reply is not readable");
  return reading.message;
}
