// Compares what was promised with what happened: in the peer's register, in the journal of deliveries, in the store.
import fs from "node:fs/promises";
import { comparableId } from "../../../lib/identifiers.js";
import type { EffectRecord } from "../../../lib/simulator/index.js";
import type { Direction, StoredMessage } from "../../../lib/store/message-model.js";
import type { MessageStore, PagePosition } from "../../../lib/store/message-store.js";
import type { CrashScene } from "./crash-scene.js";
import type { CrashJournal } from "./journal.js";
import { openStore } from "./open-store.js";

export interface Comparison {
  /** What is wrong; empty when nothing was lost and nothing took effect twice. */
  readonly problems: readonly string[];
  readonly effects: number;
  readonly deadLetters: number;
  readonly delivered: number;
  /** Deliveries after the first of a message. */
  readonly redelivered: number;
}

interface Delivered {
  readonly rowId: number;
  readonly messageId: string;
  readonly conversationId: string;
}

async function readDeliveries(file: string): Promise<readonly Delivered[]> {
  const lines = (await fs.readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [rowId = "", messageId = "", conversationId = ""] = line.split(" ");
    return { rowId: Number(rowId), messageId: comparableId(messageId), conversationId };
  });
}

export async function readAll(store: MessageStore, direction: Direction): Promise<readonly StoredMessage[]> {
  const all: StoredMessage[] = [];
  let after: PagePosition | undefined;
  do {
    const page = await store.list({ direction }, 500, after);
    all.push(...page.messages);
    after = page.next;
  } while (after !== undefined);
  return all;
}

function byMessageId(messages: readonly StoredMessage[], problems: string[]): Map<string, StoredMessage> {
  const found = new Map<string, StoredMessage>();
  for (const message of messages) {
    const key = comparableId(message.messageId);
    if (found.has(key)) problems.push(`${message.direction} ${key} has more than one row`);
    found.set(key, message);
  }
  return found;
}

function compareOutbound(
  journal: CrashJournal,
  effects: EffectRecord,
  rows: readonly StoredMessage[],
  problems: string[],
): void {
  const stored = byMessageId(rows, problems);
  for (const { messageId, hl7Id, isRefused, completedBy } of journal.outbound) {
    const row = stored.get(comparableId(messageId));
    const isAnswered = row?.answeredBy !== undefined;
    const count = effects.find(hl7Id)?.count ?? 0;
    const state = row?.state ?? "lost";
    const expected = isRefused ? { state: "failed", count: 0 } : { state: "completed", count: 1 };
    if (isAnswered !== (completedBy === "response" && !isRefused)) {
      problems.push(`outbound ${messageId} is ${isAnswered ? "" : "not "}answered`);
    }
    if (!journal.accepted.has(messageId)) problems.push(`outbound ${messageId} was never accepted`);
    if (count !== expected.count) problems.push(`outbound ${messageId} has ${count} effects, in state ${state}`);
    if (state !== expected.state) problems.push(`outbound ${messageId} is ${state} instead of ${expected.state}`);
  }
  if (rows.length !== journal.outbound.length) problems.push(`${rows.length} outbound rows`);
}

function compareInbound(
  journal: CrashJournal,
  deliveries: readonly Delivered[],
  rows: readonly StoredMessage[],
  problems: string[],
): void {
  const stored = byMessageId(rows, problems);
  const rowsDelivered = new Map<string, number>();
  for (const { messageId, rowId } of deliveries) {
    const earlier = rowsDelivered.get(messageId);
    if (earlier !== undefined && earlier !== rowId) problems.push(`inbound ${messageId} came from two rows`);
    rowsDelivered.set(messageId, rowId);
  }
  for (const id of journal.acknowledged.keys()) {
    const state = stored.get(comparableId(id))?.state ?? "lost";
    if (!rowsDelivered.has(comparableId(id))) problems.push(`inbound ${id} was never delivered, in state ${state}`);
    if (state !== "confirmed") problems.push(`inbound ${id} is ${state}`);
  }
  if (rows.length !== journal.acknowledged.size) problems.push(`${rows.length} inbound rows`);
}

/** Of messages sent one after another: they take effect in the order in which they were accepted. */
function compareSendingOrder(
  journal: CrashJournal,
  effects: EffectRecord,
  rows: readonly StoredMessage[],
  problems: string[],
): void {
  const rowIds = new Map(rows.map(({ messageId, id }) => [comparableId(messageId), id]));
  const groups = new Map(journal.outbound.map(({ messageId, orderedBy }) => [messageId, orderedBy]));
  const highest = new Map<string, number>();
  for (const { messageId } of effects.list()) {
    const group = groups.get(messageId);
    if (group === undefined) continue;
    const rowId = rowIds.get(comparableId(messageId)) ?? 0;
    if (rowId < (highest.get(group) ?? 0)) problems.push(`outbound ${messageId} was overtaken in ${group}`);
    highest.set(group, Math.max(rowId, highest.get(group) ?? 0));
  }
}

/** Of first deliveries: within each conversation they come in the order in which the messages were accepted. */
function compareOrder(deliveries: readonly Delivered[], problems: string[]): void {
  const highest = new Map<string, number>();
  const seen = new Set<number>();
  for (const { rowId, conversationId } of deliveries) {
    if (seen.has(rowId)) continue;
    seen.add(rowId);
    if (rowId < (highest.get(conversationId) ?? 0)) problems.push(`row ${rowId} was overtaken in its conversation`);
    highest.set(conversationId, Math.max(rowId, highest.get(conversationId) ?? 0));
  }
}

/** Reads the store, which no process uses any more. */
export async function compareRun(journal: CrashJournal, scene: CrashScene): Promise<Comparison> {
  const problems: string[] = [];
  const { effects } = scene.simulator;
  const deliveries = await readDeliveries(scene.settings.deliveries);
  const store = await openStore(scene.settings);
  try {
    const outbound = await readAll(store, "outbound");
    compareOutbound(journal, effects, outbound, problems);
    compareSendingOrder(journal, effects, outbound, problems);
    compareInbound(journal, deliveries, await readAll(store, "inbound"), problems);
  } finally {
    await store.close();
  }
  compareOrder(deliveries, problems);
  const delivered = new Set(deliveries.map(({ messageId }) => messageId)).size;
  return {
    problems,
    effects: effects.size,
    deadLetters: journal.outbound.filter(({ isRefused }) => isRefused).length,
    delivered,
    redelivered: deliveries.length - delivered,
  };
}
