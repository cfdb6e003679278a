// Looks into the mailbox at intervals: each message is stored, then acknowledged, and one that fails holds up no other.
import type { EventEmitter } from "node:events";
import { definedOnly } from "../../defined-only.js";
import { CpisError, errorClass, isCpisError } from "../../errors.js";
import { fetchItem, type FetchedItem, type FetchItemParts } from "./fetch-item.js";
import { actionOf, type ArrivedItem, type ArrivedReport } from "../inbound-item.js";
import type { MailboxInbox } from "../mailbox-inbox.js";
import { workflowsOf } from "../mailbox-scope.js";
import type { MeshClient } from "./mesh-client.js";
import type { MeshEffects, MeshEvents } from "../model.js";
import { createPollAlarms } from "../poll-alarms.js";
import type { Reachability } from "./availability.js";
import type { InboxPage } from "./read-answer.js";
import { createTroubledMessages } from "./poison-messages.js";

export interface PollerOptions extends Omit<FetchItemParts, "isOfOurFile"> {
  readonly client: MeshClient;
  readonly inbox: MailboxInbox;
  readonly reachability: Reachability;
  readonly events: EventEmitter<MeshEvents>;
  readonly effects: MeshEffects;
  readonly pollMilliseconds: number;
  /** Message ids asked for at once: 10 to 5,000 (MESH API, "Check inbox"). */
  readonly pageSize: number;
}

export interface MailboxPoller {
  /** Proves the credentials. Throws what no waiting mends; else it is tried again by itself. */
  start(): Promise<void>;
  /** Throws MESH_*, TLS_*, STORE_* or CONFIG_CLOSED. */
  poll(): Promise<void>;
  /** Waits for the message that is being taken. */
  close(): Promise<void>;
}

/** Against links that lead on for ever. */
const maximumPages = 1_000;
/** Of what is not ours no more is counted. */
const maximumCountedPages = 20;
const handshakeMilliseconds = 24 * 60 * 60 * 1000;
/** After a failure of the store, or of a kind that nobody foresaw. */
const retryMilliseconds = 30_000;
/** These say nothing about the one message, nor does any failure of TLS. */
const mailboxWide: readonly string[] = ["MESH_CONNECT_FAILED", "MESH_UNAUTHORISED", "CONFIG_CLOSED"];

function isMailboxWide({ code }: CpisError): boolean {
  return mailboxWide.includes(code) || code.startsWith("TLS_");
}

const foreignWarnings = {
  "other-sender": [
    "OTHER_SENDER",
    "A file under a workflow id of CP-IS is from another mailbox than CP-IS's: it is not believed, and stays in the mailbox",
  ],
  "unknown-file": [
    "UNMATCHED_REPORT",
    "MESH reports that a file failed, and it is none of ours: the report stays in the mailbox",
  ],
} as const;

interface Cycle {
  /** What was looked at, or will be. */
  readonly listed: Set<string>;
  received: number;
  remaining?: number;
}

/** A filter has signs of its own: an id with one of them is found without. */
function isFilterable(workflowId: string): boolean {
  return !/[*!]/.test(workflowId);
}

export function createMailboxPoller(options: PollerOptions): MailboxPoller {
  const { client, inbox, reachability, events, effects, pageSize, scope } = options;
  const fetchParts = { ...options, isOfOurFile: (report: ArrivedReport) => inbox.isOfOurFile(report) };
  /** Those that were looked at and are not ours: once is enough. */
  const foreign = new Set<string>();
  let isForeignTold = false;
  const troubled = createTroubledMessages();
  const alarms = createPollAlarms(effects.now());
  let greetedAt: number | undefined;
  let isOpen = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  function warnAll(warnings: readonly MeshEvents["warning"][0][]): void {
    for (const warning of warnings) events.emit("warning", warning);
  }

  function fail(error: CpisError): never {
    reachability.failed(error);
    throw error;
  }

  /** Once a day: MESH then knows that the mailbox is in use. */
  async function greet(): Promise<void> {
    if (greetedAt !== undefined && effects.now() - greetedAt < handshakeMilliseconds) return;
    const result = await client.handshake();
    if (result.kind !== "done") throw result.error;
    greetedAt = effects.now();
  }

  async function acknowledge(item: ArrivedItem): Promise<void> {
    const result = await client.acknowledge(item.messageId);
    // Gone: it was acknowledged before, or its time in the inbox is over. It is stored here either way.
    if (result.kind !== "done" && result.kind !== "gone" && result.kind !== "not-ready") throw result.error;
  }

  function noteForeign(messageId: string, reason: Extract<FetchedItem, { kind: "foreign" }>["reason"]): void {
    foreign.add(messageId);
    if (reason === "other-workflow") return;
    const [code, message] = foreignWarnings[reason];
    events.emit("warning", { code, message, messageId });
  }

  async function take(messageId: string): Promise<"new" | "duplicate" | "foreign"> {
    const fetched = await fetchItem(messageId, fetchParts);
    if (fetched.kind === "foreign") {
      noteForeign(messageId, fetched.reason);
      return "foreign";
    }
    const { item, isOfUnknownType } = fetched;
    if (isOfUnknownType) {
      const text = "A message is neither a file nor a report, and is taken for a file";
      events.emit("warning", { code: "UNKNOWN_MESSAGE_TYPE", message: text, messageId });
    }
    const disposition = await inbox.accept(item);
    await acknowledge(item);
    const bytes = item.kind === "file" ? item.content.plainBytes : 0;
    events.emit("received", { messageId, action: actionOf(item), bytes, disposition });
    return disposition;
  }

  /** Tried at every look: it may be there the next time. */
  function noteNotReady(messageId: string, reason: string): void {
    if (!troubled.notReady(messageId, effects.now())) return;
    const message = `A message has been in the mailbox for hours without being given; it is tried again: ${reason}`;
    events.emit("warning", { code: "MESH_MESSAGE_NOT_READY", message, messageId });
  }

  function noteTrouble(messageId: string, error: unknown): void {
    const code = isCpisError(error) ? error.code : "INTERNAL";
    const reason = isCpisError(error) ? error.message : errorClass(error);
    if (code === "MESH_MESSAGE_NOT_READY") {
      noteNotReady(messageId, reason);
      return;
    }
    const isFinal = code === "MESH_MESSAGE_GONE" || code === "MESH_FILE_TOO_LARGE";
    const { failures, isSkipped } = troubled.failed(messageId, effects.now(), isFinal);
    const next = isSkipped ? "it is tried again in a day" : "it is tried again with the next look into the mailbox";
    const message = `A message could not be taken from the mailbox (${failures}); ${next}: ${reason}`;
    events.emit("warning", { code: isSkipped ? "MESSAGE_SKIPPED" : code, message, messageId });
  }

  /** Whether it is out of the inbox now. */
  async function takeOrSkip(messageId: string, cycle: Cycle): Promise<boolean> {
    if (foreign.has(messageId) || troubled.isSkipped(messageId, effects.now())) return false;
    try {
      const taken = await take(messageId);
      if (taken === "new") cycle.received += 1;
      troubled.taken(messageId);
      return taken !== "foreign";
    } catch (error) {
      if (isCpisError(error) && isMailboxWide(error)) fail(error);
      if (isCpisError(error) && error.code.startsWith("STORE_")) throw error;
      noteTrouble(messageId, error);
      return false;
    }
  }

  async function takeAll(messageIds: readonly string[], cycle: Cycle): Promise<number> {
    let taken = 0;
    for (const id of messageIds) {
      if (cycle.listed.has(id)) continue;
      if (!isOpen) return taken;
      cycle.listed.add(id);
      if (await takeOrSkip(id, cycle)) taken += 1;
    }
    return taken;
  }

  async function listPage(cycle: Cycle, more: { workflowId?: string; continueFrom?: string }): Promise<InboxPage> {
    const result = await client.listInbox(pageSize, more);
    if (result.kind !== "listed") return fail(result.error);
    reachability.reached();
    const { remaining } = result.page;
    if (remaining !== undefined) cycle.remaining = remaining;
    return result.page;
  }

  async function takePages(cycle: Cycle, workflow: { workflowId?: string }): Promise<void> {
    let continueFrom: string | undefined;
    for (let pages = 0; isOpen && pages < maximumPages; pages += 1) {
      const { messageIds, continueFrom: next } = await listPage(cycle, {
        ...workflow,
        ...definedOnly({ continueFrom }),
      });
      warnAll(
        alarms.listed(
          messageIds.filter((id) => !foreign.has(id)),
          effects.now(),
        ),
      );
      const taken = await takeAll(messageIds, cycle);
      // An empty page may have a link, and a full one may have more behind it without one.
      if (next === undefined && (messageIds.length < pageSize || taken === 0)) return;
      if (next !== undefined && next === continueFrom) return;
      continueFrom = next;
    }
  }

  /** All that is in the mailbox, whoever it is meant for. */
  async function listAll(cycle: Cycle): Promise<ReadonlySet<string>> {
    const present = new Set<string>();
    let continueFrom: string | undefined;
    for (let pages = 0; isOpen && pages < maximumCountedPages; pages += 1) {
      const more = continueFrom === undefined ? {} : { continueFrom };
      const { messageIds, continueFrom: next } = await listPage(cycle, more);
      for (const id of messageIds) present.add(id);
      if (next === undefined || next === continueFrom) break;
      continueFrom = next;
    }
    return present;
  }

  function foreignAmong(present: ReadonlySet<string>, { listed }: Cycle): readonly string[] {
    return [...present].filter((id) => foreign.has(id) || !listed.has(id));
  }

  async function takeOurs(cycle: Cycle): Promise<readonly string[]> {
    const workflowIds = workflowsOf(scope);
    if (scope.takesAll || !workflowIds.every(isFilterable)) {
      await takePages(cycle, {});
      return foreignAmong(cycle.listed, cycle);
    }
    const before = await listAll(cycle);
    if (before.size === 0) return [];
    for (const workflowId of workflowIds) await takePages(cycle, { workflowId });
    const unlisted = foreignAmong(before, cycle);
    if (unlisted.length === 0 || !isOpen) return [];
    // What was there before and after: not what came, went, or was taken by another instance meanwhile.
    const after = await listAll(cycle);
    return unlisted.filter((id) => after.has(id));
  }

  function noteForeignLeft(left: readonly string[]): void {
    const present = new Set(left);
    for (const id of foreign) if (!present.has(id)) foreign.delete(id);
    const { size } = present;
    if (size > 0 && !isForeignTold) {
      const message =
        `${size} messages in the mailbox are not of CP-IS's mailboxes and workflow ids as they are set, and are left there. ` +
        "If they are of CP-IS, add its mailbox or workflow id; if the mailbox is used by nothing else, all can be taken";
      events.emit("warning", { code: "FOREIGN_MESSAGES_LEFT", message });
    }
    isForeignTold = size > 0;
  }

  async function look(): Promise<void> {
    const cycle: Cycle = { listed: new Set(), received: 0 };
    let left: readonly string[];
    try {
      await greet().catch((error: unknown) => (isCpisError(error) ? fail(error) : Promise.reject(error as Error)));
      left = await takeOurs(cycle);
    } catch (error) {
      warnAll(alarms.failed(effects.now()));
      throw error;
    }
    if (!isOpen) return;
    troubled.keepOnly(cycle.listed);
    const { received, remaining } = cycle;
    noteForeignLeft(left);
    const known = remaining === undefined ? {} : { remaining };
    events.emit("polled", { at: effects.now(), received, ...known, foreign: left.length });
  }

  function run(): Promise<void> {
    clearTimeout(timer);
    const work = look();
    running = work.then(
      () => schedule(options.pollMilliseconds),
      (error: unknown) => schedule(pauseAfter(error)),
    );
    return work;
  }

  function pauseAfter(error: unknown): number {
    const wait = reachability.waitMilliseconds();
    if (isCpisError(error) && error.code === "MESH_UNAUTHORISED") return Math.max(wait, options.pollMilliseconds);
    return Math.min(wait > 0 ? wait : retryMilliseconds, options.pollMilliseconds);
  }

  function schedule(milliseconds: number): void {
    running = undefined;
    if (isOpen && waiting === undefined) timer = setTimeout(() => void run().catch(() => undefined), milliseconds);
  }

  /** One look at a time; one that is asked for meanwhile begins when this one has ended. */
  function poll(): Promise<void> {
    if (!isOpen) return Promise.reject(new CpisError("CONFIG_CLOSED"));
    if (running === undefined) return run();
    waiting ??= running.then(() => {
      waiting = undefined;
      return isOpen ? run() : undefined;
    });
    return waiting;
  }

  return {
    async start(): Promise<void> {
      try {
        await greet();
      } catch (error) {
        if (!isCpisError(error) || !error.retryable) throw error;
        reachability.failed(error);
      }
      if (isClosed) return;
      isOpen = true;
      schedule(Math.min(reachability.waitMilliseconds(), options.pollMilliseconds));
    },
    poll,
    async close(): Promise<void> {
      isOpen = false;
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
