// Remembers which messages of the inbox could not be taken, so that one bad message does not hold up the rest.

export interface TroubledMessages {
  /** Not tried for the time being. */
  isSkipped(messageId: string, now: number): boolean;
  /** Gives how often it has failed now; `isFinal`: trying at once again cannot help. */
  failed(messageId: string, now: number, isFinal: boolean): { readonly failures: number; readonly isSkipped: boolean };
  /** MESH does not give it yet. Gives whether that has lasted so long that it is to be told: then once a day. */
  notReady(messageId: string, now: number): boolean;
  taken(messageId: string): void;
  /** Forgets those that are in the inbox no more. */
  keepOnly(messageIds: ReadonlySet<string>): void;
}

const maximumFailures = 3;
const notReadyMilliseconds = 4 * 60 * 60 * 1000;
const skipMilliseconds = 24 * 60 * 60 * 1000;

/** After three failures a message is tried once a day. */
export function createTroubledMessages(): TroubledMessages {
  const troubled = new Map<string, { readonly failures: number; readonly skipUntil: number }>();
  /** When each is told of. */
  const notReady = new Map<string, number>();
  return {
    isSkipped: (messageId, now) => now < (troubled.get(messageId)?.skipUntil ?? now),
    failed(messageId, now, isFinal): { failures: number; isSkipped: boolean } {
      const failures = (troubled.get(messageId)?.failures ?? 0) + 1;
      const isSkipped = isFinal || failures >= maximumFailures;
      troubled.set(messageId, { failures, skipUntil: isSkipped ? now + skipMilliseconds : now });
      return { failures, isSkipped };
    },
    notReady(messageId, now): boolean {
      const tellAt = notReady.get(messageId) ?? now + notReadyMilliseconds;
      const isTold = now >= tellAt;
      notReady.set(messageId, isTold ? now + skipMilliseconds : tellAt);
      return isTold;
    },
    taken(messageId): void {
      troubled.delete(messageId);
      notReady.delete(messageId);
    },
    keepOnly(messageIds): void {
      for (const known of [troubled, notReady]) {
        for (const id of known.keys()) if (!messageIds.has(id)) known.delete(id);
      }
    },
  };
}
