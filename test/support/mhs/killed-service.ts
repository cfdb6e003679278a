// A durable service in a process of its own, so that a test can kill it in the middle of its work.
import { parseConversationId, parseMessageId } from "../../../lib/identifiers.js";
import { createMessageHandlingService } from "../../../lib/mhs/message-handling-service.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { createTestProtection } from "../store/sample-messages.js";
import { settling } from "./exchange.js";
import { newId, ownParty, service } from "./peer.js";

/** What the test asks of this process, once. */
export interface KilledServiceOptions {
  readonly folder: string;
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly reliable: MessagingContract;
  readonly express: MessagingContract;
  /** Of a reliable message, and of a query. */
  readonly messageId: string;
  readonly queryId: string;
}

/** Both are under way when this is told. */
export type KilledServiceReport = { readonly kind: "accepted"; readonly port: number } | { readonly kind: "delivered" };

function tell(report: KilledServiceReport): void {
  process.send?.(report);
}

async function run(options: KilledServiceOptions): Promise<void> {
  const effects = { now: () => Date.now(), newUuid: () => newId() };
  const { folder, tls } = options;
  const store = await createSqliteMessageStore({ folder, protection: createTestProtection(), now: effects.now });
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: ownParty },
    clientTls: tls,
    listener: { host: "127.0.0.1", port: 0, path: "/mhs/ebxml", tls, clientNames: "any" },
    effects,
    store,
    channel: "transport",
    owner: "killed",
    leaseMilliseconds: 300,
  });
  const { port } = await mhs.start();
  mhs.consume({
    confirm: "by-consumer",
    redeliverAfterMilliseconds: 300,
    deliver: () => {
      tell({ kind: "delivered" });
      return Promise.resolve();
    },
  });
  const shared = { service, payload: Buffer.from("<x/>") };
  void mhs.request({
    ...shared,
    action: "QUPC_IN000006GB01",
    messageId: parseMessageId(options.queryId),
    conversationId: parseConversationId(options.queryId),
    contract: options.express,
    timeoutMilliseconds: 1_000,
    ...settling,
  });
  await mhs.send({
    ...shared,
    action: "REPC_IN000002GB01",
    messageId: parseMessageId(options.messageId),
    conversationId: parseConversationId(options.messageId),
    contract: options.reliable,
  });
  tell({ kind: "accepted", port });
}

process.on("message", (options: KilledServiceOptions) => void run(options));
