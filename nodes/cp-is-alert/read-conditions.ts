// Reads how the transports and message stores of this Node-RED are, as values that rules can be held against.
import { definedOnly } from "../../lib/defined-only.js";
import type { MessageState } from "../../lib/store/message-model.js";
import type { DeadLetterCount, UnfinishedCount } from "../../lib/store/message-store.js";
import type { StoreInSight } from "../adapter/stores/store-registry.js";
import type { TransportInSight } from "../adapter/transports/transport-registry.js";
import type { Condition, Reading, Source } from "./alert-book.js";

export interface InSight {
  readonly transports: readonly TransportInSight[];
  readonly stores: readonly StoreInSight[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The flow was told of a query that failed, and it is never sent again: nobody has to deal with it. */
const queryInteractions: ReadonlySet<string> = new Set([
  "QUPC_IN000006GB01",
  "urn:nhs-itk:interaction:CP-ISNHSQuery-v1-0",
]);

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
  if (led.length === 0 && stores.length > 0) return undefined;
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

/** Keeps since when each trouble lasts, in the memory of the process: it outlives a redeploy. */
export class ConditionReader {
  private readonly since = new Map<string, number>();

  async read({ transports, stores }: InSight, now: number): Promise<readonly Reading[]> {
    const stored = await readStored(stores);
    return [
      ...transports.flatMap((transport) => this.ofTransport(transport, stored, now)),
      ...stores.flatMap((store) => this.ofStore(store, now)),
    ];
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
    const isOpen = state.kind === "listening" || state.kind === "collecting";
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
          isOpen ? false : storeCode === undefined ? undefined : true,
          now,
        ),
        ...definedOnly({ code: storeCode }),
      },
      ...storedReadings(transport.channel(), source, stored, now),
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
    ];
  }
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
