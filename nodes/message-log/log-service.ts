// Answers the sidebar from the message stores that this Node-RED has open.
import { createHash } from "node:crypto";
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError } from "../../lib/errors.js";
import { isMessageRowId, type StoredMessage } from "../../lib/store/message-model.js";
import type { MessageStore, WorkOwner } from "../../lib/store/message-store.js";
import { auditStaffAct, recordStaffAct, type StaffAct } from "../../lib/services/audit.js";
import { everything, noAnswers, type LogView } from "../../lib/services/message-log/message-log-view.js";
import { createMessageLog, type MessageLog } from "../../lib/services/message-log/message-log.js";
import type {
  LogActionName,
  LogActionOutcome,
  LogActionRequest,
  LogContent,
  LogConversation,
  LogEntryPage,
  LogFilter,
  LogPage,
  WithheldReason,
} from "../../lib/services/message-log/message-log-model.js";
import { endStrandedWork, type StrandedOwner } from "../../lib/services/message-log/stranded-work.js";
import { readOverview, withoutAnswers, type Overview } from "../../lib/services/overview.js";
import { openStores } from "../adapter/stores/store-registry.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import { adoptByHand } from "../adapter/transports/transport-owner.js";
import { ownedChannels, transportsInSight, type CertificateInSight } from "../adapter/transports/transport-registry.js";
import { csvHead, csvLines } from "./log-csv.js";
import { largestPage, type PageRequest } from "./read-log-request.js";

/** More than a spreadsheet takes helps nobody. */
const largestExport = 100_000;
const overviewMilliseconds = 1500;
/** A busy store is counted no more than a fiftieth of the time, but so often that it is true. */
const overviewShare = 50;
const oldestOverviewMilliseconds = 10_000;

export interface SidebarOverview extends Overview {
  /** Until it is counted anew for whoever asks; 0 of one that was counted just now. */
  readonly freshMilliseconds: number;
  /** Of every transport of this Node-RED, whatever its store. */
  readonly certificates: readonly (CertificateInSight & { readonly channel: string })[];
}

/** Stands for whoever uses Node-RED without logging in; no user's name. */
export const nobody = "(no log-in)";

export interface StoreChoices {
  readonly stores: readonly { readonly key: string; readonly label: string }[];
  /** Those that are deployed: the channel of their messages, and their nodes. */
  readonly transports: readonly { readonly id: string; readonly node: string; readonly label: string }[];
  /** Whether Node-RED knows who is asking; without, content is shown to nobody. */
  readonly hasUsers: boolean;
}

/** Who looks at the log. */
export interface Onlooker {
  /** The name by which the user is signed in, or `nobody`. */
  readonly by: string;
  /** Whether the user has the right to see what answers were, and to search by NHS number. */
  readonly mayAnswers: boolean;
}

/** Unfinished work of an identity that no transport has. */
export interface StrandedWork extends WorkOwner {
  /** To which it can be given: of its kind, and on its side of the simulator. */
  readonly adopters: readonly { readonly id: string; readonly label: string }[];
}

export interface StrandedDecision extends StrandedOwner {
  readonly by: string;
}

/**
 * All but `stores` throw CPIS_LOG_NO_STORE, or what the store throws. What an answer was is shown to those with the
 * right to it, and once the look is on record; without users, of simulated messages only.
 */
export interface LogDesk {
  stores(): StoreChoices;
  /** Also throws CPIS_LOG_ANSWERS_WITHHELD or CPIS_LOG_WITHOUT_USERS for a search by NHS number. */
  list(store: string | undefined, page: PageRequest, onlooker: Onlooker): Promise<LogPage>;
  /** One entry a conversation. */
  entries(store: string | undefined, page: PageRequest, onlooker: Onlooker): Promise<LogEntryPage>;
  /** Also throws CPIS_LOG_MESSAGE_UNKNOWN. */
  conversation(store: string | undefined, id: number, onlooker: Onlooker): Promise<LogConversation>;
  /** Also throws CPIS_LOG_WITHOUT_USERS and CPIS_LOG_MESSAGE_UNKNOWN. The look is on record before it is granted. */
  content(store: string | undefined, look: LogActionRequest): Promise<LogContent>;
  /** Not counted anew within some seconds, however many editors ask. */
  overview(store: string | undefined, onlooker: Onlooker): Promise<SidebarOverview>;
  act(store: string | undefined, action: LogActionName, request: LogActionRequest): Promise<LogActionOutcome>;
  stranded(store: string | undefined): Promise<{ readonly stranded: readonly StrandedWork[] }>;
  /** Gives it to the transport with this channel. Also throws CPIS_LOG_NOT_POSSIBLE, as `endWork` does. */
  adopt(store: string | undefined, decision: StrandedDecision, to: string): Promise<{ readonly count: number }>;
  /** Nobody does it any more. */
  endWork(store: string | undefined, decision: StrandedDecision): Promise<{ readonly count: number }>;
  /** As CSV, in pieces. That there was one is on record before it begins. */
  export(store: string | undefined, filter: LogFilter, onlooker: Onlooker): Promise<AsyncIterable<string>>;
}

export interface LogDeskOptions {
  /** Whether Node-RED asks its users to log in. */
  readonly hasUsers: boolean;
}

const eventOf: Readonly<Record<LogActionName, StaffAct["event"]>> = {
  resend: "message-resent",
  release: "message-released",
  drop: "message-dropped",
  "deal-with": "message-dealt-with",
  confirm: "delivery-confirmed",
};

interface OpenLog {
  readonly store: MessageStore;
  readonly log: MessageLog;
  /** The one that was read last. */
  overview?: { readonly freshUntil: number; readonly reading: Promise<Overview> };
}

function simulatedChannels(): readonly string[] {
  return transportsInSight().flatMap((transport) => (transport.isSimulated ? [transport.channel()] : []));
}

function isAllSimulated(): boolean {
  return transportsInSight().every(({ isSimulated }) => isSimulated);
}

/** The word before the first space of an identity; undefined of the id of a node, which has none. */
function kindOf(channel: string): string | undefined {
  return channel.includes(" ") ? channel.split(" ")[0] : undefined;
}

/** What was meant for the simulator must not go to Spine, and what was meant for Spine is not lost on a simulator. */
function adoptersOf({ channel }: WorkOwner): StrandedWork["adopters"] {
  const kind = kindOf(channel);
  const isSimulated = /\bsimulator\b/.test(channel);
  return transportsInSight()
    .filter((transport) => kind === undefined || kindOf(transport.channel()) === kind)
    .filter((transport) => kind === undefined || transport.isSimulated === isSimulated)
    .map((transport) => ({ id: transport.channel(), label: transport.label }));
}

async function strandedIn({ store }: Pick<OpenLog, "store">): Promise<readonly StrandedWork[]> {
  const owned = ownedChannels();
  const owners = await store.countOwners();
  return owners
    .filter(({ channel }) => !owned.has(channel))
    .map((owner) => ({ ...owner, adopters: adoptersOf(owner) }));
}

/** Throws CPIS_LOG_NOT_POSSIBLE where a transport owns it by now, or nothing of it waits. */
async function findStranded(store: MessageStore, { channel, party }: StrandedOwner): Promise<StrandedWork> {
  const all = await strandedIn({ store });
  const found = all.find((each) => each.channel === channel && each.party === party);
  if (found === undefined) throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
  return found;
}

/** On record before it is done. */
async function decide(
  store: MessageStore,
  { by, channel }: StrandedDecision,
  event: "work-adopted" | "work-ended",
  work: () => Promise<number>,
): Promise<{ readonly count: number }> {
  const now = (): number => systemEffects.now();
  const act = { event, userId: by, at: now(), system: channel };
  return { count: await auditStaffAct(store, act, now, work, (count) => `${count} messages`) };
}

const sameLookMilliseconds = 300_000;
const rememberedLooks = 1000;

/** A list is read anew whenever something changes: the same look of the same user is recorded once in five minutes. */
function createLooks() {
  const seen = new WeakMap<MessageStore, Map<string, number>>();
  return {
    async record(store: MessageStore, look: Omit<StaffAct, "at">): Promise<void> {
      const recorded = seen.get(store) ?? new Map<string, number>();
      seen.set(store, recorded);
      const key = createHash("sha256").update(JSON.stringify(look)).digest("base64");
      const at = systemEffects.now();
      if (at - (recorded.get(key) ?? -Infinity) < sameLookMilliseconds) return;
      await recordStaffAct(store, { ...look, at });
      if (recorded.size >= rememberedLooks) recorded.clear();
      recorded.set(key, at);
    },
  };
}

/** Who does what with which message goes into the chain of the queries before it is done; no content does. */
async function actOf(
  store: MessageStore,
  event: StaffAct["event"],
  { id, by }: Pick<LogActionRequest, "by"> & { readonly id?: number },
): Promise<StaffAct> {
  const message = id !== undefined && isMessageRowId(id) ? await store.findById(id) : undefined;
  if (id !== undefined && message === undefined) throw new CpisError("CPIS_LOG_MESSAGE_UNKNOWN");
  const ids = message === undefined ? {} : pickIds(message);
  return { event, userId: by, at: systemEffects.now(), ...ids };
}

function pickIds({ interaction, messageId, conversationId }: StoredMessage): Partial<StaffAct> {
  return { interaction, messageId, conversationId };
}

export function createLogDesk({ hasUsers }: LogDeskOptions): LogDesk {
  const logs = new WeakMap<MessageStore, OpenLog>();

  /** Without a key the one that was opened first. */
  function open(wanted: string | undefined): OpenLog {
    const found = openStores().find(({ key }) => wanted === undefined || key === wanted);
    if (found === undefined) throw new CpisError("CPIS_LOG_NO_STORE");
    const { store, judge } = found;
    const now = (): number => systemEffects.now();
    const opened = logs.get(store) ?? { store, log: createMessageLog({ store, now, ...definedOnly({ judge }) }) };
    logs.set(store, opened);
    return opened;
  }

  function isKnown({ by }: Onlooker): boolean {
    return hasUsers && by !== nobody;
  }

  function withheldFrom(onlooker: Onlooker): { readonly withheld?: WithheldReason } {
    if (!onlooker.mayAnswers) return { withheld: "no-permission" };
    return isKnown(onlooker) ? {} : { withheld: "no-users" };
  }

  /** Nobody's details are in what the simulator answers. */
  function viewOf(onlooker: Onlooker): LogView {
    if (!onlooker.mayAnswers) return noAnswers;
    if (isKnown(onlooker)) return everything;
    const simulated = new Set(simulatedChannels());
    return { seesAnswer: ({ channel }) => simulated.has(channel) };
  }

  const looks = createLooks();

  /** On record before anything is shown. */
  async function lookAtList({ store }: OpenLog, { nhsNumber }: LogFilter, onlooker: Onlooker): Promise<void> {
    const { by, mayAnswers } = onlooker;
    if (nhsNumber !== undefined) {
      if (!mayAnswers) throw new CpisError("CPIS_LOG_ANSWERS_WITHHELD");
      if (!isKnown(onlooker) && simulatedChannels().length === 0) throw new CpisError("CPIS_LOG_WITHOUT_USERS");
      await looks.record(store, { event: "number-searched", userId: by, subject: nhsNumber });
    } else if (mayAnswers) await looks.record(store, { event: "answers-viewed", userId: by });
  }

  async function* csv({ log }: OpenLog, filter: LogFilter, view: LogView): AsyncGenerator<string> {
    yield csvHead;
    let after: string | undefined;
    for (let count = 0; count < largestExport; count += largestPage) {
      const { messages, next } = await log.list(filter, largestPage, after, view);
      yield csvLines(messages);
      if (next === undefined) return;
      after = next;
    }
  }

  async function countedLately(opened: OpenLog): Promise<Overview> {
    const now = systemEffects.now();
    if (opened.overview !== undefined && now < opened.overview.freshUntil) return opened.overview.reading;
    const reading = readOverview(opened.store, now);
    opened.overview = { freshUntil: Infinity, reading };
    try {
      return await reading;
    } finally {
      const wanted = Math.max(overviewMilliseconds, overviewShare * (systemEffects.now() - now));
      opened.overview = { freshUntil: now + Math.min(wanted, oldestOverviewMilliseconds), reading };
    }
  }

  return {
    stores: () => ({
      stores: openStores().map(({ key, label }) => ({ key, label })),
      transports: transportsInSight().map((each) => ({ id: each.channel(), node: each.id, label: each.label })),
      hasUsers,
    }),
    async list(key, request, onlooker) {
      const opened = open(key);
      await lookAtList(opened, request.filter, onlooker);
      const { filter, limit, after } = request;
      return { ...(await opened.log.list(filter, limit, after, viewOf(onlooker))), ...withheldFrom(onlooker) };
    },
    async entries(key, { filter, limit, after }, onlooker) {
      const opened = open(key);
      await lookAtList(opened, filter, onlooker);
      return { ...(await opened.log.entries(filter, limit, after, viewOf(onlooker))), ...withheldFrom(onlooker) };
    },
    async conversation(key, id, onlooker) {
      const { store, log } = open(key);
      const conversation = await log.conversation(id, viewOf(onlooker));
      if (conversation === undefined) throw new CpisError("CPIS_LOG_MESSAGE_UNKNOWN");
      const { conversationId } = conversation;
      if (onlooker.mayAnswers) {
        await looks.record(store, { event: "answers-viewed", userId: onlooker.by, conversationId });
      }
      return { ...conversation, ...withheldFrom(onlooker) };
    },
    async content(key, look) {
      if (!hasUsers || look.by === nobody) throw new CpisError("CPIS_LOG_WITHOUT_USERS");
      const { store, log } = open(key);
      await recordStaffAct(store, await actOf(store, "content-viewed", look));
      return log.content(look.id);
    },
    async overview(key, onlooker) {
      const certificates = transportsInSight().flatMap((transport) =>
        transport.certificates().map((certificate) => ({ ...certificate, channel: transport.channel() })),
      );
      const opened = open(key);
      const fresh = Math.max(0, (opened.overview?.freshUntil ?? 0) - systemEffects.now());
      const freshMilliseconds = Math.min(fresh, oldestOverviewMilliseconds);
      const overview = await countedLately(opened);
      const isShown = onlooker.mayAnswers && (isKnown(onlooker) || isAllSimulated());
      return { ...(isShown ? overview : withoutAnswers(overview)), certificates, freshMilliseconds };
    },
    async act(key, action, request) {
      const { store, log } = open(key);
      const act = await actOf(store, eventOf[action], request);
      const now = (): number => systemEffects.now();
      return auditStaffAct(
        store,
        act,
        now,
        () => log.act(action, request),
        ({ kind }) => kind,
      );
    },
    stranded: async (key) => ({ stranded: await strandedIn(open(key)) }),
    async adopt(key, decision, to) {
      const { store } = open(key);
      const work = await findStranded(store, decision);
      if (!work.adopters.some(({ id }) => id === to)) throw new CpisError("CPIS_LOG_NOT_POSSIBLE");
      return decide(store, decision, "work-adopted", () => adoptByHand(store, work, to));
    },
    async endWork(key, decision) {
      const { store } = open(key);
      const work = await findStranded(store, decision);
      const act = { by: decision.by, at: systemEffects.now() };
      return decide(store, decision, "work-ended", () => endStrandedWork(store, work, act));
    },
    async export(key, filter, onlooker) {
      const opened = open(key);
      await lookAtList(opened, filter, onlooker);
      await recordStaffAct(opened.store, await actOf(opened.store, "messages-exported", onlooker));
      return csv(opened, filter, viewOf(onlooker));
    },
  };
}
