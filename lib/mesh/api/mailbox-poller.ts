// Looks into the mailbox at intervals: each message is stored, then acknowledged, and one that fails holds up no other.
import type { EventEmitter } from "node:events";
import { CpisError, errorClass, isCpisError } from "../../errors.js";
import { fetchItem, type FetchItemParts } from "./fetch-item.js";
import { actionOf, type ArrivedItem } from "../inbound-item.js";
import type { MailboxInbox } from "../mailbox-inbox.js";
import type { MeshClient } from "./mesh-client.js";
import type { MeshEffects, MeshEvents } from "../model.js";
import { createPollAlarms } from "../poll-alarms.js";
import type { Reachability } from "./availability.js";
import { createTroubledMessages } from "./poison-messages.js";

export interface PollerOptions extends FetchItemParts {
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
const handshakeMilliseconds = 24 * 60 * 60 * 1000;
/** After a failure of the store, or of a kind that nobody foresaw. */
const retryMilliseconds = 30_000;
/** These say nothing about the one message, nor does any failure of TLS. */
const mailboxWide: readonly string[] = ["MESH_CONNECT_FAILED", "MESH_UNAUTHORISED", "CONFIG_CLOSED"];

function isMailboxWide({ code }: CpisError): boolean {
  return mailboxWide.includes(code) || code.startsWith("TLS_");
}

interface Cycle {
  readonly listed: Set<string>;
  received: number;
  remaining?: number;
}

export function createMailboxPoller(options: PollerOptions): MailboxPoller {
  const { client, inbox, reachability, events, effects, pageSize } = options;
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
    if (result.kind !== "done" && result.kind !== "gone") throw result.error;
  }

  async function take(messageId: string): Promise<"new" | "duplicate"> {
    const { item, isOfUnknownType } = await fetchItem(messageId, options);
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

  function noteTrouble(messageId: string, error: unknown): void {
    const code = isCpisError(error) ? error.code : "INTERNAL";
    const reason = isCpisError(error) ? error.message : errorClass(error);
    const isFinal = code === "MESH_MESSAGE_GONE" || code === "MESH_FILE_TOO_LARGE";
    const { failures, isSkipped } = troubled.failed(messageId, effects.now(), isFinal);
    const next = isSkipped ? "it is tried again in a day" : "it is tried again with the next look into the mailbox";
    const message = `A message could not be taken from the mailbox (${failures}); ${next}: ${reason}`;
    events.emit("warning", { code: isSkipped ? "MESSAGE_SKIPPED" : code, message, messageId });
  }

  /** Whether it is out of the inbox now. */
  async function takeOrSkip(messageId: string, cycle: Cycle): Promise<boolean> {
    if (troubled.isSkipped(messageId, effects.now())) return false;
    try {
      if ((await take(messageId)) === "new") cycle.received += 1;
      troubled.taken(messageId);
      return true;
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

  async function takePages(cycle: Cycle): Promise<void> {
    let continueFrom: string | undefined;
    for (let pages = 0; isOpen && pages < maximumPages; pages += 1) {
      const result = await client.listInbox(pageSize, continueFrom);
      if (result.kind !== "listed") return fail(result.error);
      reachability.reached();
      const { messageIds, continueFrom: next, remaining } = result.page;
      if (remaining !== undefined) cycle.remaining = remaining;
      warnAll(alarms.listed(messageIds, effects.now()));
      const taken = await takeAll(messageIds, cycle);
      // An empty page may have a link, and a full one may have more behind it without one.
      if (next === undefined && (messageIds.length < pageSize || taken === 0)) return;
      if (next !== undefined && next === continueFrom) return;
      continueFrom = next;
    }
  }

  async function look(): Promise<void> {
    const cycle: Cycle = { listed: new Set(), received: 0 };
    try {
      await greet().catch((error: unknown) => (isCpisError(error) ? fail(error) : Promise.reject(error as Error)));
      await takePages(cycle);
    } catch (error) {
      warnAll(alarms.failed(effects.now()));
      throw error;
    }
    if (!isOpen) return;
    troubled.keepOnly(cycle.listed);
    const { received, remaining } = cycle;
    events.emit("polled", { at: effects.now(), received, ...(remaining === undefined ? {} : { remaining }) });
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
