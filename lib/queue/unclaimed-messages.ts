// Finds the inbound messages that nobody wanted so far, and makes them due when somebody does.
import type { MessageRowId, StoredInboundMessage, StoredMessage } from "../store/message-model.js";
import type { MessageStore, PagePosition } from "../store/message-store.js";
import type { StoreWatch } from "./store-watch.js";

export interface UnclaimedMessagesOptions {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly channel: string;
  now(): number;
}

/** Whom a consumer of messages would take it from. */
type Wanted = (service: string, interaction: string) => boolean;

export interface UnclaimedMessages {
  /** Remembers a message that was claimed here and given back, because nobody wanted it. */
  note(message: StoredInboundMessage): void;
  /** Makes those that are wanted due at once, oldest first, as long as `mayGoOn` says so. */
  release(isWanted: Wanted, mayGoOn: () => boolean): Promise<void>;
}

const pageSize = 200;
/** Beyond it the oldest are found when they are due again by themselves. */
const maximumNoted = 1000;

export function createUnclaimedMessages(options: UnclaimedMessagesOptions): UnclaimedMessages {
  const { store, watch, channel } = options;
  const noted = new Map<MessageRowId, StoredInboundMessage>();

  /** Not one that somebody, here or in another instance, is dealing with. */
  function isParked({ leaseUntil, nextAttemptAt }: StoredMessage): boolean {
    const now = options.now();
    return (leaseUntil ?? 0) <= now && (nextAttemptAt ?? 0) > now;
  }

  /** Those that were parked by an earlier process, or on their arrival. */
  async function findUntouched(isWanted: Wanted): Promise<readonly MessageRowId[]> {
    const ids: MessageRowId[] = [];
    let after: PagePosition | undefined;
    do {
      const filter = { channel, direction: "inbound", states: ["received"] } as const;
      const page = await watch.insist(() => store.list(filter, pageSize, after));
      for (const message of page.messages) {
        const { id, service, interaction, attempts } = message;
        if (attempts === 0 && isParked(message) && isWanted(service, interaction)) ids.push(id);
      }
      after = page.next;
    } while (after !== undefined);
    return ids;
  }

  function takeNoted(isWanted: Wanted): readonly MessageRowId[] {
    const wanted = [...noted.values()].filter(({ service, interaction }) => isWanted(service, interaction));
    for (const { id } of wanted) noted.delete(id);
    return wanted.map(({ id }) => id);
  }

  async function makeDue(id: MessageRowId): Promise<void> {
    const message = await watch.insist(() => store.findById(id));
    if (message === undefined || !isParked(message)) return;
    const { state } = message;
    const changes = { nextAttemptAt: null };
    await watch.insist(() =>
      store.transition({ id, from: [state], to: state, at: options.now(), code: "consumer-found", changes }),
    );
  }

  return {
    note(message): void {
      noted.set(message.id, message);
      const [oldest] = noted.keys();
      if (noted.size > maximumNoted && oldest !== undefined) noted.delete(oldest);
    },
    async release(isWanted, mayGoOn): Promise<void> {
      const ids = new Set([...takeNoted(isWanted), ...(await findUntouched(isWanted))]);
      for (const id of [...ids].sort((one, other) => one - other)) {
        if (!mayGoOn()) return;
        await makeDue(id);
      }
    },
  };
}
