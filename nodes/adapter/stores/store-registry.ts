// The open message stores of this process: one for each place, however many nodes use it.
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { definedOnly } from "../../../lib/defined-only.js";
import { CpisError } from "../../../lib/errors.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { type ClockReport, intolerableSkewMilliseconds } from "../../../lib/store/postgres/database-time.js";
import type { StoreCondition, StoreUse, StoreUser } from "./message-store-model.js";
import { createLeadership, type Leadership } from "./leadership.js";
import { greatestDifference, openStore } from "./open-store.js";
import { processOwner } from "../runtime/this-process.js";
import { observeStore, type ObservedStore } from "./store-changes.js";
import { monitorStore, type StoreMonitor } from "./store-monitor.js";
import { placeLabel, placeName, type StoreSettings } from "./store-settings.js";
import { witnessStore, type StoreWitness } from "./store-witness.js";
import type { SchemaJudge } from "../../../lib/services/message-log/schema-judge.js";
import { startStoreUpkeep, type StoreUpkeep } from "./store-upkeep.js";

interface OpenedStore {
  readonly store: MessageStore;
  readonly observed: ObservedStore;
  readonly monitor: StoreMonitor;
  readonly condition: () => StoreCondition;
  readonly upkeep: StoreUpkeep;
  readonly leadership: Leadership;
  readonly witness: StoreWitness | undefined;
}

/** An open store, for those who look at it without keeping it open. */
export interface StoreInSight {
  /** The same for the same place, also after a restart; says nothing of the place. */
  readonly key: string;
  readonly label: string;
  /** Throws STORE_CLOSED once its last user has gone. */
  readonly store: MessageStore;
  condition(): StoreCondition;
  /** The code for which retention was not carried out the last time; undefined when it was, or was not tried yet. */
  upkeepFailure(): string | undefined;
  /**
   * Seconds between the two that are furthest apart of this instance, the others and the database, when they were last
   * compared; undefined before that, and where the store is this instance's alone.
   */
  clockDifference(): number | undefined;
  /** Whether this instance does what one of all that share the store should do. */
  isLeader(): boolean;
  /** The check by the organisation's own schemas, where it has given some. */
  readonly judge?: SchemaJudge;
}

const shared = new Map<string, SharedStore>();
/** By the label of the place. "outage": it began to refuse work. */
export const storeEvents = new EventEmitter<{ opened: [label: string]; outage: [label: string] }>();
const changes = new EventEmitter<{ changed: [key: string] }>();

class SharedStore {
  private readonly users = new Set<StoreUser>();
  private readonly opened: Promise<OpenedStore>;
  /** Set once the last user has gone. */
  closing: Promise<void> | undefined;
  /** Set while the store is open. */
  inSight: StoreInSight | undefined;

  constructor(
    private readonly name: string,
    readonly settings: StoreSettings,
  ) {
    this.opened = this.open();
  }

  private async open(): Promise<OpenedStore> {
    const warn = (text: string): void => [...this.users][0]?.warn(text);
    let clocks: ClockReport | undefined;
    let clocksChanged = (): void => undefined;
    const clockCompared = (report: ClockReport): void => {
      clocks = report;
      clocksChanged();
    };
    const store = await openStore(this.settings, { warn, clockCompared });
    const label = placeLabel(this.settings);
    storeEvents.emit("opened", label);
    let wasReady = true;
    /** A store that works is of no use to an instance whose clock is too far off to take work from it. */
    const withClock = (condition: StoreCondition): StoreCondition =>
      condition.kind === "ready" && Math.abs(clocks?.skewMilliseconds ?? 0) > intolerableSkewMilliseconds
        ? { kind: "unavailable", error: new CpisError("STORE_CLOCK_SKEW") }
        : condition;
    const conditionChanged: StoreUser["conditionChanged"] = (condition) => {
      if (wasReady && condition.kind === "unavailable") storeEvents.emit("outage", label);
      wasReady = condition.kind === "ready";
      for (const user of [...this.users]) user.conditionChanged(condition);
    };
    const leadership = createLeadership(store, { owner: processOwner, now: () => Date.now() });
    const { unclaimedMilliseconds } = this.settings;
    const upkeep = startStoreUpkeep(store, {
      retention: this.settings.retention,
      isLeader: () => leadership.isLeader(),
      ...(unclaimedMilliseconds === undefined ? {} : { unclaimedMilliseconds }),
      now: () => Date.now(),
      warn,
      info: (text) => [...this.users][0]?.info(text),
    });
    const key = createHash("sha256").update(this.name).digest("hex").slice(0, 12);
    const { schemas } = this.settings;
    const witness = schemas === undefined ? undefined : witnessStore(store, schemas, { warn });
    const observed = observeStore(witness?.store ?? store, () => changes.emit("changed", key));
    const monitor = monitorStore(observed.store, {
      conditionChanged: (condition) => conditionChanged(withClock(condition)),
    });
    const condition = (): StoreCondition => withClock(monitor.condition);
    clocksChanged = () => {
      if ((condition().kind === "ready") !== wasReady) conditionChanged(condition());
    };
    clocksChanged();
    this.inSight = {
      key,
      label,
      store: monitor.store,
      condition,
      upkeepFailure: () => upkeep.failure(),
      clockDifference: () => (clocks === undefined ? undefined : greatestDifference(clocks) / 1000),
      isLeader: () => leadership.isLeader(),
      ...definedOnly({ judge: witness?.judge }),
    };
    changes.emit("changed", key);
    return { store, observed, monitor, condition, upkeep, leadership, witness };
  }

  async use(user: StoreUser): Promise<StoreUse> {
    this.users.add(user);
    try {
      const { monitor, condition } = await this.opened;
      user.conditionChanged(condition());
      return { store: monitor.store, release: () => this.release(user) };
    } catch (error) {
      this.users.delete(user);
      if (shared.get(this.name) === this) shared.delete(this.name);
      throw error;
    }
  }

  private async release(user: StoreUser): Promise<void> {
    const wasUser = this.users.delete(user);
    if (wasUser && this.users.size === 0) this.closing = this.close();
    await this.closing;
  }

  private async close(): Promise<void> {
    const key = this.inSight?.key;
    this.inSight = undefined;
    if (key !== undefined) changes.emit("changed", key);
    try {
      const { store, observed, monitor, upkeep, leadership, witness } = await this.opened;
      observed.close();
      monitor.close();
      await witness?.close();
      await upkeep.stop();
      await leadership.stop();
      await store.close();
    } finally {
      shared.delete(this.name);
    }
  }
}

/**
 * Opens the store for its first user; nodes with the same settings share it. Throws STORE_*, or CONFIG_INVALID when
 * the place is open with other settings.
 */
export async function useStore(settings: StoreSettings, user: StoreUser): Promise<StoreUse> {
  const name = placeName(settings);
  let known = shared.get(name);
  while (known?.closing !== undefined) {
    // Whether the old one closed well was told to its last user.
    await known.closing.catch(() => undefined);
    known = shared.get(name);
  }
  if (known === undefined) {
    known = new SharedStore(name, settings);
    shared.set(name, known);
  } else if (!isDeepStrictEqual(known.settings, settings)) {
    // Retryable, since the other one may go.
    throw new CpisError("CONFIG_INVALID", {
      detail: "the message store is in use with other settings",
      retryable: true,
    });
  }
  return known.use(user);
}

/** Those that are open now, in the order in which they were opened. */
export function openStores(): readonly StoreInSight[] {
  return [...shared.values()].flatMap(({ inSight }) => inSight ?? []);
}

/**
 * Calls back with a store's key after each change of its messages, when it is opened and when it closes. Gives what
 * ends that.
 */
export function watchStores(changed: (key: string) => void): () => void {
  changes.on("changed", changed);
  return () => changes.off("changed", changed);
}

const toldMilliseconds = 6 * 60 * 60_000;

/**
 * Of the instances that share the open stores the first one tells what all of them see; another one tells it again some
 * hours after that one has died. When a store cannot be asked it is told rather twice than never.
 */
export async function isFirstToTell(what: string): Promise<boolean> {
  const lease = { name: `told ${what}`, owner: processOwner, milliseconds: toldMilliseconds, now: Date.now() };
  const asked = openStores().map(async ({ store }) => {
    try {
      return await store.holdLease(lease);
    } catch {
      return true;
    }
  });
  return (await Promise.all(asked)).every(Boolean);
}
