// Brings the parts of durable messaging together: outbox, inbox, intake and the requests that wait.
import type { EventEmitter } from "node:events";
import type { MessageRowId, StoredMessage } from "../store/message-model.js";
import type { StoreEvent } from "../store/message-store.js";
import type { BusinessMessage } from "../ebxml/model.js";
import type { DeliveryReports } from "../queue/model.js";
import { createInboundKind } from "./inbound/inbound-policy.js";
import type { DurableOptions } from "./durable-model.js";
import { createDurableIntake, type DurableIntake } from "./inbound/inbound-handler.js";
import { runDurableRequest } from "./request/durable-request.js";
import { readInboundMessage } from "./inbound/inbound-record.js";
import { createInbox, type Inbox } from "../queue/inbox.js";
import type { MhsEffects, MhsEvents, OutboundRequest, OwnParty, RequestOutcome } from "./model.js";
import { createOutboundSignals } from "./outbound/outbound-signals.js";
import { createOutbox, type Outbox } from "./outbound/outbox.js";
import type { RequestDesk } from "./request/pending-requests.js";
import type { Sender } from "./outbound/send-message.js";
import { createStoreWatch } from "../queue/store-watch.js";
import { parseMessageId } from "../identifiers.js";

export interface DurableMessagingParts {
  readonly durable: DurableOptions;
  readonly ownParty: OwnParty;
  readonly effects: MhsEffects;
  readonly events: EventEmitter<MhsEvents>;
  readonly sender: Sender;
  readonly desk: RequestDesk;
}

export interface DurableMessaging {
  readonly outbox: Outbox;
  readonly inbox: Inbox<BusinessMessage>;
  readonly intake: DurableIntake;
  request(request: OutboundRequest): Promise<RequestOutcome>;
  start(): void;
  /** No new work begins, and waits for nothing that the store cannot take. */
  stop(): void;
  close(): Promise<void>;
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

function reportsTo(events: EventEmitter<MhsEvents>): DeliveryReports {
  return {
    setAside: (event) => void events.emit("setAside", event),
    storeUnavailable: (event) => void events.emit("storeUnavailable", event),
    storeAvailable: () => void events.emit("storeAvailable"),
    warning: (event) => void events.emit("warning", event),
  };
}

export function createDurableMessaging(parts: DurableMessagingParts): DurableMessaging {
  const { durable, events, effects, desk } = parts;
  const { store, channel, owner } = durable;
  const reports = reportsTo(events);
  const watch = createStoreWatch(store, reports);
  const writings = new Set<Promise<unknown>>();
  const now = (): number => effects.now();
  const shared = {
    store,
    watch,
    channel,
    owner,
    leaseMilliseconds: durable.leaseMilliseconds ?? 30_000,
    maximumParallel: durable.maximumParallel ?? 8,
    events,
    reports,
  };
  const outbox = createOutbox({
    ...parts,
    ...shared,
    responseMilliseconds: durable.responseMilliseconds ?? dayMilliseconds,
    ...(durable.breaker === undefined ? {} : { breaker: durable.breaker }),
  });
  const inbox = createInbox({ ...shared, kind: createInboundKind(store, watch), now });
  const intake = createDurableIntake({
    ...shared,
    duplicateMilliseconds: Math.max(dayMilliseconds, durable.duplicateMilliseconds ?? 0),
    judge: (message) => durable.judge?.(message) ?? "settles",
    desk,
    signals: createOutboundSignals({ ...shared, now }),
    inbox,
    now,
  });
  let unsubscribe = (): void => undefined;

  /** Accepted by another instance. */
  async function fetchAnswer(asked: StoredMessage | undefined): Promise<void> {
    if (asked?.channel !== channel || asked.answeredBy === undefined || asked.state !== "completed") return;
    // Its answer came in the reply, to the one who waits.
    if (asked.attributes["pattern"] === "sync-soap") return;
    const { answeredBy } = asked;
    const stored = await store.findById(answeredBy);
    if (stored === undefined) return;
    const message = await readInboundMessage(store, stored);
    if (desk.answer(parseMessageId(asked.messageId), message) === undefined) return;
    await store.transition({ id: answeredBy, from: ["delivered"], to: "confirmed", at: now() });
  }

  /** What fails here is looked at once more when the request's time is over. */
  function fetchInBackground(find: () => Promise<StoredMessage | undefined>): void {
    const fetching: Promise<unknown> = find()
      .then(fetchAnswer)
      .catch(() => undefined)
      .finally(() => writings.delete(fetching));
    writings.add(fetching);
  }

  function onAnswered(messageId: string, id: MessageRowId): void {
    if (!desk.isOpen(parseMessageId(messageId))) return;
    fetchInBackground(async () => {
      await intake.whenSettled(messageId);
      return desk.isOpen(parseMessageId(messageId)) ? store.findById(id) : undefined;
    });
  }

  function onStoreEvent(event: StoreEvent): void {
    if (event.kind === "answered" && event.channel === channel) onAnswered(event.messageId, event.id);
    if (event.kind !== "resumed") return;
    for (const { messageId } of desk.openRequests()) {
      fetchInBackground(() => store.findByMessageId("outbound", messageId));
    }
  }

  return {
    outbox,
    inbox,
    intake,
    request: (request) => runDurableRequest(request, { ...parts, store, watch, channel, owner, writings }),
    start(): void {
      unsubscribe = store.subscribe(onStoreEvent);
      outbox.start();
      inbox.start();
    },
    stop(): void {
      unsubscribe();
      watch.close();
    },
    async close(): Promise<void> {
      await Promise.all([outbox.close(), inbox.close(), intake.close()]);
      while (writings.size > 0) await Promise.all(writings);
    },
  };
}
