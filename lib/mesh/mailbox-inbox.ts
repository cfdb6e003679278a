// Keeps what came from MESH in the store, once, and delivers it; a report fails the file that it is about.
import { definedOnly } from "../defined-only.js";
import type { EventEmitter } from "node:events";
import { createInbox } from "../queue/inbox.js";
import type { ConfirmOutcome, Consumer, ConsumerOptions, DeliveryReports } from "../queue/model.js";
import type { StoreWatch } from "../queue/store-watch.js";
import type { MessageRowId, StoredOutboundMessage } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";
import { actionOf, conversationOf, newInboundRow, readReceivedItem } from "./inbound-item.js";
import type { ArrivedItem, ArrivedReport } from "./inbound-item.js";
import { codeOfReport, findReportedFile } from "./match-report.js";
import type { MeshEvents, ReceivedItem } from "./model.js";
import { createFileMoveWriter } from "./record-transition.js";

export interface MailboxInboxParts {
  /** Own mailbox. */
  readonly mailbox: string;
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly events: EventEmitter<MeshEvents>;
  readonly reports: DeliveryReports;
  now(): number;
}

export interface MailboxInbox {
  start(): void;
  /**
   * Resolves once the item is on disk, or was before: only then may it be acknowledged. A repetition with other bytes is
   * warned of; what came first stands. The caller emits `received` when it has acknowledged. Throws what the store
   * throws.
   */
  accept(item: ArrivedItem): Promise<"new" | "duplicate">;
  /** Whether a file of ours is known that the report is about. */
  isOfOurFile(report: ArrivedReport): Promise<boolean>;
  consume(consumer: ConsumerOptions<ReceivedItem>): Consumer;
  confirm(id: MessageRowId): Promise<ConfirmOutcome>;
  /** Waits for the deliveries under way. */
  close(): Promise<void>;
}

const maximumParallel = 4;

/** MESH is not known to send one over the API; its client writes them. It fails nothing. */
function isSuccess({ attributes = {} }: ArrivedReport): boolean {
  const success = attributes["mex-statussuccess"];
  return typeof success === "string" && success.toUpperCase() === "SUCCESS";
}

/** The answer of the other side is worth more than what MESH says of the way there. */
function isAnswered({ state, attributes }: StoredOutboundMessage): boolean {
  return state === "completed" && attributes["completedBy"] === "response";
}

/** What the parts of a mailbox tell, told by its events. */
export function reportsTo(events: EventEmitter<MeshEvents>): DeliveryReports {
  return {
    setAside: (event) => void events.emit("setAside", event),
    storeUnavailable: (event) => void events.emit("storeUnavailable", event),
    storeAvailable: () => void events.emit("storeAvailable"),
    warning: (event) => void events.emit("warning", event),
  };
}

export function createMailboxInbox(parts: MailboxInboxParts): MailboxInbox {
  const { store, watch, channel, events, mailbox } = parts;
  const write = createFileMoveWriter(parts);
  const inbox = createInbox<ReceivedItem>({
    ...parts,
    maximumParallel,
    now: () => parts.now(),
    policy: {
      notDelivered: "MESH_NOT_DELIVERED",
      isForConsumer: () => true,
      findFlaw: () => Promise.resolve(undefined),
      read: (message) => readReceivedItem(store, message),
    },
  });

  function warn(code: string, message: string, messageId: string): void {
    events.emit("warning", { code, message, messageId });
  }

  function findFile(report: ArrivedReport): Promise<StoredOutboundMessage | undefined> {
    return findReportedFile(report, { ...parts, now: () => parts.now() });
  }

  /** Written before the report is accepted: its consumer finds the file failed. */
  async function failReported(report: ArrivedReport): Promise<StoredOutboundMessage | undefined> {
    for (;;) {
      const file = await findFile(report);
      if (file === undefined || file.state === "failed" || isAnswered(file) || isSuccess(report)) return file;
      const code = codeOfReport(report);
      // Its sender may move it at this very moment.
      if ((await write(file, { to: "failed", code }, "theirs")) !== "not-in-state") return file;
    }
  }

  async function fileOf(item: ArrivedItem): Promise<StoredOutboundMessage | undefined> {
    if (item.kind === "file") return undefined;
    const file = await failReported(item);
    if (file === undefined) {
      warn("UNMATCHED_REPORT", "MESH reports that a file failed, and it is none of ours", item.messageId);
    }
    return file;
  }

  return {
    start: () => inbox.start(),
    async accept(item): Promise<"new" | "duplicate"> {
      const file = await fileOf(item);
      const routing = {
        service: item.workflowId ?? "",
        action: actionOf(item),
        conversationId: conversationOf(item, file),
      };
      const acceptedAt = parts.now();
      const row = newInboundRow(item, {
        mailbox,
        channel,
        acceptedAt,
        order: inbox.orderOf(routing),
        ...(inbox.hasConsumer(routing) ? {} : { nextAttemptAt: inbox.parkUntil(acceptedAt) }),
        ...definedOnly({ file }),
      });
      const acceptance = await watch.runAcceptance(() => store.acceptInbound(row));
      if (acceptance.kind === "accepted") return "new";
      if (!acceptance.isSameBody) {
        const text = "A message came again under its id with other content: the first one stands";
        warn("OTHER_CONTENT_UNDER_SAME_ID", text, item.messageId);
      }
      return "duplicate";
    },
    isOfOurFile: async (report) => (await findFile(report)) !== undefined,
    consume: (consumer) => inbox.consume(consumer),
    confirm: (id) => inbox.confirm(id),
    close: () => inbox.close(),
  };
}
