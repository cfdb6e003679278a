// Reads how the transports and message stores of this Node-RED are, as values that rules can be held against.
import { definedOnly } from "../../lib/defined-only.js";
import type { MessageState } from "../../lib/store/message-model.js";
import type { DeadLetterCount, UnfinishedCount, WorkOwner } from "../../lib/store/message-store.js";
import type { StoreInSight } from "../adapter/stores/store-registry.js";
import type { TransportInSight } from "../adapter/transports/transport-registry.js";
import type { Condition, Reading, Source } from "./alert-book.js";
import type { NodeInSight } from "./node-states.js";

export interface InSight {
  readonly transports: readonly TransportInSight[];
  readonly stores: readonly StoreInSight[];
  readonly nodes: readonly NodeInSight[];
  readonly unowned: readonly Pick<WorkOwner, "channel" | "count">[];
  /** The channels whose stranded work was told of. */
  readonly strandedBefore: readonly string[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The flow was told of a query that failed, and it is never sent again: nobody has to deal with it. */
const queryInteractions: ReadonlySet<string> = new Set([
  "QUPC_IN000006GB01",
  "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0",
]);

/** What CP-IS did not take of a file that it answered; one that ended otherwise is a dead letter. */
const unloaded = ["partly-accepted", "refused", "file-refused", "unclear"] as const;
const countedFiles = 100;
/** Within so many of the newest messages of its transport the last upload of a node is looked for. */
const searchedMessages = 100;

interface Stored {
  /** Every store: then what is not found in them is not there. */
  readonly isWhole: boolean;
  readonly unfinished: readonly UnfinishedCount[];
  readonly dead: readonly DeadLetterCount[];
}

/** Undefined when a store does not answer: what is in it is unknown then. */
async function readStored(stores: readonly StoreInSight[]): Promise<Stored | undefined> {
  // What is in a store that several instances share is told by one of them.
  const led = stores.filter((store) => store.isLeader());
  if (led.length === 0) return undefined;
  try {
    const all = await Promise.all(
      led.map(async ({ store }) => ({
        unfinished: await store.countUnfinished(),
        dead: await store.countDeadLetters(),
      })),
    );
    return {
      isWhole: led.length === stores.length,
      unfinished: all.flatMap(({ unfinished }) => unfinished),
      dead: all.flatMap(({ dead }) => dead),
    };
  } catch {
    return undefined;
  }
}

type PeerState = { readonly kind: "reached" | "unknown" } | { readonly kind: "unreached"; readonly code: string };

function peerStateOf(transport: TransportInSight): PeerState {
  const state = transport.state();
  switch (state.kind) {
    case "listening": {
      const [code] = transport.unreached().values();
      if (code !== undefined) return { kind: "unreached", code };
      return state.trouble?.kind === "missing" ? { kind: "unreached", code: state.trouble.code } : { kind: "reached" };
    }
    case "collecting":
      return { kind: "reached" };
    case "peer-unavailable":
      return { kind: "unreached", code: state.error.code };
    case "failed":
      return state.error.code.startsWith("STORE_")
        ? { kind: "unknown" }
        : { kind: "unreached", code: state.error.code };
    case "closed":
    case "opening":
    case "waiting-for-simulator":
    case "connecting":
    case "store-unavailable":
      return { kind: "unknown" };
  }
}

/**
 * Whether the transport has a session: only then its store is open, and the identity of its messages is known. Before
 * that "there are none" would end an alert that still holds.
 */
function isOpen(transport: TransportInSight): boolean {
  switch (transport.state().kind) {
    case "closed":
    case "opening":
    case "waiting-for-simulator":
    case "failed":
      return false;
    case "listening":
    case "connecting":
    case "collecting":
    case "peer-unavailable":
    case "store-unavailable":
      return true;
  }
}

/** Keeps since when each trouble lasts, in the memory of the process: it outlives a redeploy. */
export class ConditionReader {
  private readonly since: Map<string, number>;
  /** When each transport without a session was first seen so, by the node's id. */
  private readonly unopenedSince = new Map<string, number>();

  /** `since`: of a reader that was kept. */
  constructor(since: readonly (readonly [key: string, at: number])[] = []) {
    this.since = new Map(since);
  }

  /** To be kept. */
  get lasts(): readonly (readonly [key: string, at: number])[] {
    return [...this.since];
  }

  async read(
    { transports, stores, nodes, unowned, strandedBefore }: InSight,
    now: number,
  ): Promise<readonly Reading[]> {
    const stored = await readStored(stores);
    const ofNodes = await Promise.all(nodes.map((node) => this.ofNode(node, transports, stores, now)));
    const files = await Promise.all(transports.map((transport) => filesReading(transport, stores)));
    return [
      ...transports.flatMap((transport) => this.ofTransport(transport, stored, now)),
      ...stores.flatMap((store) => this.ofStore(store, now)),
      ...ofNodes.flat(),
      ...files,
      // Without a reading what was raised stays raised.
      ...(stored === undefined || this.isStarting(transports, now) ? [] : strandedReadings(unowned, strandedBefore)),
    ];
  }

  /**
   * Whether a transport may still open by itself: till then its work looks like nobody's. One that nothing uses never
   * opens, and must not hide the work of others.
   */
  private isStarting(transports: readonly TransportInSight[], now: number): boolean {
    const unopened = transports.filter((transport) => !isOpen(transport) && transport.state().kind !== "failed");
    const since = new Map(unopened.map(({ id }) => [id, this.unopenedSince.get(id) ?? now]));
    this.unopenedSince.clear();
    for (const [id, at] of since) this.unopenedSince.set(id, at);
    return [...since.values()].some((at) => now - at < minute);
  }

  private async ofNode(
    { id, label, trouble, uploadsOver }: NodeInSight,
    transports: readonly TransportInSight[],
    stores: readonly StoreInSight[],
    now: number,
  ): Promise<readonly Reading[]> {
    const source: Source = { kind: "node", label };
    const failed: Reading = {
      condition: "node-failed",
      source,
      value: this.lasting("node-failed", source, trouble !== undefined, now),
      ...(trouble?.code === undefined ? {} : { code: trouble.code }),
    };
    if (uploadsOver === undefined) return [failed];
    // Before the first one the time counts from when the node was first seen.
    const first = this.since.get(`first seen ${id}`) ?? now;
    this.since.set(`first seen ${id}`, first);
    const transport = transports.find((each) => each.id === uploadsOver);
    const last =
      transport !== undefined && isOpen(transport) ? await lastUpload(id, transport.channel(), stores) : undefined;
    const value = last === undefined ? undefined : (now - (last.at ?? first)) / day;
    return [failed, { condition: "no-upload", source, value }];
  }

  /** Minutes for which the trouble lasts; 0 without it. `isTrouble` undefined: nobody knows. */
  private lasting(condition: Condition, source: Source, isTrouble: boolean | undefined, now: number) {
    const key = JSON.stringify([condition, source.kind, source.label]);
    if (isTrouble === undefined) return undefined;
    if (!isTrouble) {
      this.since.delete(key);
      return 0;
    }
    const since = this.since.get(key) ?? now;
    this.since.set(key, since);
    return (now - since) / minute;
  }

  private ofTransport(transport: TransportInSight, stored: Stored | undefined, now: number): readonly Reading[] {
    const source: Source = { kind: "transport", label: transport.label };
    const peer = peerStateOf(transport);
    const isUnreached = peer.kind === "unknown" ? undefined : peer.kind === "unreached";
    const days = transport.certificates().map(({ notAfter }) => Math.floor((notAfter - now) / day));
    const state = transport.state();
    const storeCode = state.kind === "failed" && state.error.code.startsWith("STORE_") ? state.error.code : undefined;
    const isWorking = state.kind === "listening" || state.kind === "collecting";
    return [
      {
        condition: "peer-unreachable",
        source,
        value: this.lasting("peer-unreachable", source, isUnreached, now),
        ...(peer.kind === "unreached" ? { code: peer.code } : {}),
      },
      { condition: "certificate-ends", source, value: days.length === 0 ? undefined : Math.min(...days) },
      {
        condition: "store-unavailable",
        source,
        value: this.lasting(
          "store-unavailable",
          source,
          isWorking ? false : storeCode === undefined ? undefined : true,
          now,
        ),
        ...definedOnly({ code: storeCode }),
      },
      ...(
        [
          ["refused-peers", "refused-peer"],
          ["dropped-connections", "dropped-connection"],
          ["contradicted", "contradiction"],
        ] as const
      ).map(([condition, kind]): Reading => ({ condition, source, value: transport.incidents(kind, now) })),
      ...storedReadings(transport.channel(), source, isOpen(transport) ? stored : undefined, now),
    ];
  }

  private ofStore(store: StoreInSight, now: number): readonly Reading[] {
    const source: Source = { kind: "store", label: store.label };
    const condition = store.condition();
    const failure = store.upkeepFailure();
    return [
      {
        condition: "store-unavailable",
        source,
        value: this.lasting("store-unavailable", source, condition.kind === "unavailable", now),
        ...(condition.kind === "unavailable" ? { code: condition.error.code } : {}),
      },
      {
        condition: "pruning-failed",
        source,
        value: this.lasting("pruning-failed", source, failure !== undefined, now),
        ...definedOnly({ code: failure }),
      },
      { condition: "clock-skew", source, value: store.clockDifference() },
    ];
  }
}

/** Answered files that were not wholly loaded, and that nobody has dealt with. Undefined: nobody knows. */
async function filesReading(transport: TransportInSight, stores: readonly StoreInSight[]): Promise<Reading> {
  const source: Source = { kind: "transport", label: transport.label };
  if (!isOpen(transport)) return { condition: "upload-failed", source, value: undefined };
  const filter = {
    channel: transport.channel(),
    outcomes: unloaded,
    states: ["completed"],
    needsPerson: true,
  } as const;
  try {
    const led = stores.filter((store) => store.isLeader());
    const pages = await Promise.all(led.map(({ store }) => store.list(filter, countedFiles)));
    const count = pages.reduce((total, { messages }) => total + messages.length, 0);
    const isKnown = count > 0 || (led.length > 0 && led.length === stores.length);
    return { condition: "upload-failed", source, value: isKnown ? count : undefined };
  } catch {
    return { condition: "upload-failed", source, value: undefined };
  }
}

/** `at` is absent when it has sent none. Undefined: nobody knows. */
async function lastUpload(
  node: string,
  channel: string,
  stores: readonly StoreInSight[],
): Promise<{ readonly at?: number } | undefined> {
  const times: number[] = [];
  if (stores.length === 0) return undefined;
  for (const { store } of stores) {
    const page = await store.list({ channel, direction: "outbound" }, searchedMessages).catch(() => undefined);
    if (page === undefined) return undefined;
    const found = page.messages.find(({ attributes }) => attributes["uploadOwner"] === node);
    if (found !== undefined) times.push(found.createdAt);
  }
  return times.length === 0 ? {} : { at: Math.max(...times) };
}

function strandedReadings(unowned: InSight["unowned"], before: readonly string[]): readonly Reading[] {
  const counts = new Map(before.map((channel) => [channel, 0]));
  for (const { channel, count } of unowned) counts.set(channel, (counts.get(channel) ?? 0) + count);
  return [...counts].map(([label, value]) => ({ condition: "stranded-work", source: { kind: "owner", label }, value }));
}

function storedReadings(own: string, source: Source, stored: Stored | undefined, now: number): readonly Reading[] {
  const mine = stored?.unfinished.filter(({ channel }) => channel === own);
  const age = (unit: number, ...states: readonly MessageState[]): number | undefined => {
    const times = mine?.filter(({ state }) => states.includes(state)).map(({ oldestAt }) => oldestAt);
    if (times === undefined || (times.length === 0 && stored?.isWhole === false)) return undefined;
    return times.length === 0 ? 0 : Math.max(0, now - Math.min(...times)) / unit;
  };
  const held = mine?.filter(({ state }) => state === "held") ?? [];
  const dead = stored?.dead.filter(
    ({ channel, interaction }) => channel === own && !queryInteractions.has(interaction),
  );
  const left = [...held, ...(dead ?? [])].reduce((total, { count }) => total + count, 0);
  return [
    {
      condition: "queue-stuck",
      source,
      value: age(minute, "queued", "sending", "awaiting-acknowledgement", "received"),
    },
    { condition: "unconfirmed-deliveries", source, value: age(minute, "delivered") },
    { condition: "no-response", source, value: age(hour, "awaiting-response") },
    {
      condition: "dead-letters",
      source,
      value: stored === undefined || (left === 0 && !stored.isWhole) ? undefined : left,
    },
  ];
}
