// The process that is killed: a message handling service with a durable store, told what to send on standard input.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { isCpisError } from "../../../lib/errors.js";
import { parseConversationId, parseCpaId, parseMessageId, parsePartyKey } from "../../../lib/identifiers.js";
import {
  createMessageHandlingService,
  type MessageHandlingService,
} from "../../../lib/mhs/message-handling-service.js";
import type { MessagingContract } from "../../../lib/sds/contract.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { businessInteraction, businessPayload, ownPartyKey, partyCpaId, queryInteraction } from "./business.js";
import { openStore } from "./open-store.js";
import type { ChildCommand, ChildReport, ChildSettings, OutboundPattern } from "./child-messages.js";

const now = (): number => Date.now();

function tell(report: ChildReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function contractOf({ contracts }: ChildSettings, pattern: OutboundPattern | "express"): MessagingContract {
  const { cpaId, toPartyKey, ...contract } = contracts[pattern];
  return { ...contract, cpaId: parseCpaId(cpaId), toPartyKey: parsePartyKey(toPartyKey) };
}

async function ask(
  service: MessageHandlingService,
  settings: ChildSettings,
  { messageId, payload }: Extract<ChildCommand, { kind: "query" }>,
): Promise<void> {
  const outcome = await service.request({
    ...queryInteraction,
    messageId: parseMessageId(messageId),
    conversationId: parseConversationId(randomUUID().toUpperCase()),
    contract: contractOf(settings, "express"),
    payload: Buffer.from(payload, "base64"),
    timeoutMilliseconds: 1000,
    judge: () => ({ kind: "settles", result: undefined }),
    judgeReply: () => ({ settles: true, result: undefined }),
  });
  tell({ kind: "asked", messageId, outcome: outcome.kind });
}

async function send(
  service: MessageHandlingService,
  settings: ChildSettings,
  { messageId, hl7Id, pattern, completedBy, orderedBy }: Extract<ChildCommand, { kind: "send" }>,
): Promise<void> {
  try {
    await service.send({
      ...businessInteraction,
      messageId: parseMessageId(messageId),
      conversationId: parseConversationId(randomUUID().toUpperCase()),
      contract: contractOf(settings, pattern),
      payload: businessPayload(hl7Id),
      applicationId: hl7Id,
      completedBy,
      ...(orderedBy === undefined ? {} : { orderedBy }),
    });
  } catch (error) {
    const code = isCpisError(error) ? error.code : String(error);
    // A life before this one was killed between accepting it and telling so.
    if (code !== "STORE_MESSAGE_ID_TAKEN") {
      tell({ kind: "not-accepted", messageId, code });
      return;
    }
  }
  tell({ kind: "accepted", messageId });
}

function createService(settings: ChildSettings, store: MessageStore, owner: string): MessageHandlingService {
  const service = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(ownPartyKey), cpaId: parseCpaId(partyCpaId) },
    clientTls: settings.tls,
    timeouts: { replyMilliseconds: 500 },
    listener: { host: "127.0.0.1", port: 0, path: "/mhs", tls: settings.tls, clientNames: "any" },
    store,
    channel: settings.channel,
    owner,
    leaseMilliseconds: settings.leaseMilliseconds,
    maximumParallel: 16,
    breaker: { probeMilliseconds: 100, maximumProbeMilliseconds: 200 },
    effects: { now, newUuid: () => randomUUID().toUpperCase() },
  });
  service.events.on("warning", ({ code, message }) => {
    if (code === "INTERNAL" || code === "NOT_STORED") tell({ kind: "warning", code, text: message });
  });
  service.events.on("undelivered", (event) => tell({ kind: "undelivered", ...event }));
  service.events.on("setAside", (event) => tell({ kind: "set-aside", ...event }));
  return service;
}

/** A process that starts while the database is gone waits for it. */
async function openWhenThere(settings: ChildSettings): Promise<MessageStore> {
  for (;;) {
    try {
      return await openStore(settings);
    } catch (error) {
      if (!isCpisError(error) || !error.retryable) throw error;
      await sleep(100);
    }
  }
}

// The parent is gone: nobody is left to work for.
process.stdout.on("error", () => process.exit(1));

async function main(settings: ChildSettings, owner: string): Promise<void> {
  const store = await openWhenThere(settings);
  const service = createService(settings, store, owner);
  const deliveries = fs.openSync(settings.deliveries, "a");
  service.consume({
    confirm: "on-handover",
    // Being killed in a delivery is what happens here, and no sign of a poisonous message.
    maximumDeliveries: 1_000_000,
    redeliverAfterMilliseconds: 2000,
    deliver: ({ id, message }) => {
      fs.writeSync(deliveries, `${id} ${message.header.messageId} ${message.header.conversationId}\n`);
      fs.fsyncSync(deliveries);
      tell({ kind: "delivered" });
      return Promise.resolve();
    },
  });
  const { port } = await service.start();
  tell({ kind: "ready", port });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as ChildCommand;
    if (command.kind === "send") void send(service, settings, command);
    else if (command.kind === "query") void ask(service, settings, command);
    else tell({ kind: "counts", counts: await store.countByState() });
  }
  await service.close();
  await store.close();
}

const [settingsFile = "", owner = ""] = process.argv.slice(2);
void main(JSON.parse(fs.readFileSync(settingsFile, "utf8")) as ChildSettings, owner);
