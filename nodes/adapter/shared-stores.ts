// The open message stores of this process: one for each place, however many nodes use it.
import { isDeepStrictEqual } from "node:util";
import { CpisError } from "../../lib/errors.js";
import type { MessageStore } from "../../lib/store/message-store.js";
import type { StoreUse, StoreUser } from "./message-store-model.js";
import { openStore } from "./open-store.js";
import { monitorStore, type StoreMonitor } from "./store-monitor.js";
import { placeName, type StoreSettings } from "./store-settings.js";
import { startStoreUpkeep, type StoreUpkeep } from "./store-upkeep.js";

interface OpenedStore {
  readonly store: MessageStore;
  readonly monitor: StoreMonitor;
  readonly upkeep: StoreUpkeep;
}

const shared = new Map<string, SharedStore>();

class SharedStore {
  private readonly users = new Set<StoreUser>();
  private readonly opened: Promise<OpenedStore>;
  /** Set once the last user has gone. */
  closing: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    readonly settings: StoreSettings,
  ) {
    this.opened = this.open();
  }

  private async open(): Promise<OpenedStore> {
    const store = await openStore(this.settings);
    const conditionChanged: StoreUser["conditionChanged"] = (condition) => {
      for (const user of [...this.users]) user.conditionChanged(condition);
    };
    const upkeep = startStoreUpkeep(store, {
      retention: this.settings.retention,
      now: () => Date.now(),
      warn: (text) => [...this.users][0]?.warn(text),
    });
    return { store, monitor: monitorStore(store, { conditionChanged }), upkeep };
  }

  async use(user: StoreUser): Promise<StoreUse> {
    this.users.add(user);
    try {
      const { monitor } = await this.opened;
      user.conditionChanged(monitor.condition);
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
    try {
      const { store, monitor, upkeep } = await this.opened;
      monitor.close();
      await upkeep.stop();
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
