// Remembers the most recent entries by key and forgets the oldest: memory stays bounded.

export interface RecentMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  /** Oldest first. */
  list(): readonly Value[];
  readonly size: number;
  clear(): void;
}

export function createRecentMap<Value>(maximumEntries: number): RecentMap<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      entries.set(key, value);
      if (entries.size <= maximumEntries) return;
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    },
    list: () => [...entries.values()],
    get size() {
      return entries.size;
    },
    clear: () => {
      entries.clear();
    },
  };
}
