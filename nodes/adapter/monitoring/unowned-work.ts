// Finds stored work that nobody does: of an identity that no transport of this Node-RED has.
import type { WorkOwner } from "../../../lib/store/message-store.js";
import { openStores } from "../stores/store-registry.js";
import { ownedChannels } from "../transports/transport-registry.js";

/** Unfinished messages of an identity that no transport has: nobody sends or takes them until one has it, or a person decides. */
export interface UnownedWork extends WorkOwner {
  /** See StoreInSight. */
  readonly store: string;
}

/** Of the stores that are open. A store that does not answer is left out: that is told elsewhere. */
export async function readUnownedWork(): Promise<readonly UnownedWork[]> {
  const owned = ownedChannels();
  const found = await Promise.all(
    openStores().map(async ({ key, store }) => {
      const owners = await store.countOwners().catch(() => []);
      return owners.filter(({ channel }) => !owned.has(channel)).map((owner) => ({ ...owner, store: key }));
    }),
  );
  return found.flat();
}
