// Who owns stored work: the identity on the wire, a mailbox or a party key, and not the node that happens to have it now.
import { CpisError } from "../../../lib/errors.js";
import type { MessageStore, WorkOwner } from "../../../lib/store/message-store.js";
import { afterDelay } from "../runtime/after-delay.js";
import type { OperatorLog } from "../runtime/operator-log.js";
import { ownedChannels, transportIdentified, transportLabel } from "./transport-registry.js";

export interface TransportIdentity {
  /** Whose messages in the store these are, for example "mesh ZT7OT001": begins with its kind and a space. */
  readonly channel: string;
  /** As its messages name it: the sender of what goes out, the receiver of what comes in. */
  readonly party: string;
  /** For the operator, for example "mailbox ZT7OT001". */
  readonly words: string;
  /**
   * Messages that were stored under a node's id, before identities owned them: those of this very node, or of any node
   * with this party. "own" where the party's name is not enough to know the other side, as with a simulator.
   */
  readonly adopts: "own" | "all";
}

export interface OwnershipParts {
  /** The transport's node. */
  readonly id: string;
  readonly store: MessageStore;
  readonly log: OperatorLog;
}

export interface Ownership {
  /** Another transport may have the identity from now on. Never rejects. */
  release(): Promise<void>;
}

const leaseMilliseconds = 30_000;
const batch = 500;
/** Until other transports of the same flows are there, too. */
const lookAfterMilliseconds = 5_000;

/** By channel, the node that has it in this process. */
const holders = new Map<string, string>();
/** What was told of each store once. */
const told = new WeakMap<MessageStore, Set<string>>();

/** The id of a node has no space. */
function isIdentity(channel: string): boolean {
  return channel.includes(" ");
}

function inUse({ words }: TransportIdentity, by: string): CpisError {
  return new CpisError("CONFIG_IDENTITY_IN_USE", { detail: `${words}, ${by}` });
}

/** Finished messages come after the rest, so that what waits does not wait for them. */
async function adoptFrom(channel: string, identity: TransportIdentity, store: MessageStore): Promise<number> {
  let count = 0;
  for (const isFinished of [false, true]) {
    for (let hasMore = true; hasMore;) {
      const { channel: to, party } = identity;
      const moved = await store.reassign({ from: channel, to, party, isFinished, limit: batch });
      count += moved.count;
      hasMore = moved.hasMore;
    }
  }
  return count;
}

async function adopt(identity: TransportIdentity, { id, store, log }: OwnershipParts): Promise<void> {
  const owners = await store.countOwners();
  const isLegacy = ({ channel, party }: WorkOwner): boolean => !isIdentity(channel) && party === identity.party;
  const others = identity.adopts === "all" ? owners.filter(isLegacy).map(({ channel }) => channel) : [];
  for (const channel of new Set([id, ...others])) {
    const count = await adoptFrom(channel, identity, store);
    if (count > 0) log.info(`adopted ${count} stored messages of ${identity.words} from the node ${channel}`);
  }
}

/** Once for each channel of a store, however many transports use it. */
async function tellUnowned({ store, log }: OwnershipParts): Promise<void> {
  const owned = ownedChannels();
  const known = told.get(store) ?? new Set();
  told.set(store, known);
  for (const { channel, count } of await store.countOwners()) {
    if (owned.has(channel) || known.has(channel)) continue;
    known.add(channel);
    log.warn(`WORK_WITHOUT_TRANSPORT ${count} stored messages of ${channel} wait, and no transport has that identity`);
  }
}

/** A person has decided: the work of one owner goes to the transport with this channel. Gives how many messages. */
export async function adoptByHand(
  store: MessageStore,
  owner: Pick<WorkOwner, "channel" | "party">,
  to: string,
): Promise<number> {
  return adoptFrom(owner.channel, { channel: to, party: owner.party, words: to, adopts: "own" }, store);
}

/**
 * Makes the transport the one owner of its identity, in this process and on its store, and adopts what an earlier node of
 * the identity has left there. Instances that share a store as one deployment have the same node, and are one owner.
 * Throws CONFIG_IDENTITY_IN_USE, which passes when the other one goes, or what the store throws.
 */
export async function ownWork(identity: TransportIdentity, parts: OwnershipParts): Promise<Ownership> {
  const { id, store, log } = parts;
  const { channel } = identity;
  const holder = holders.get(channel);
  if (holder !== undefined && holder !== id) throw inUse(identity, `which the transport ${transportLabel(holder)} has`);
  holders.set(channel, id);
  const lease = { name: `transport ${channel}`, owner: id };
  const hold = (): Promise<boolean> => store.holdLease({ ...lease, milliseconds: leaseMilliseconds, now: Date.now() });
  let cancelRenewal: (() => void) | undefined;
  let cancelLook = (): void => undefined;
  let isReleased = false;

  const renewLater = (): void => {
    cancelRenewal = afterDelay(leaseMilliseconds / 3, () => {
      // A store that is away says so elsewhere, and the lease is taken again when it is back.
      void hold()
        .then((isHeld) => {
          if (!isHeld) log.warn(`CONFIG_IDENTITY_IN_USE another Node-RED has taken ${identity.words} on this store`);
        })
        .catch(() => undefined)
        .finally(() => isReleased || renewLater());
    });
  };
  const release = async (): Promise<void> => {
    isReleased = true;
    cancelRenewal?.();
    cancelLook();
    if (holders.get(channel) === id) holders.delete(channel);
    await store.endLease(lease).catch(() => undefined);
  };

  try {
    if (!(await hold())) throw inUse(identity, "which another Node-RED has on the same message store");
    await adopt(identity, parts);
  } catch (error) {
    if (holders.get(channel) === id) holders.delete(channel);
    throw error;
  }
  transportIdentified(id, channel);
  renewLater();
  cancelLook = afterDelay(lookAfterMilliseconds, () => void tellUnowned(parts).catch(() => undefined));
  return { release };
}
