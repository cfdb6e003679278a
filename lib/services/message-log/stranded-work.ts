// Ends work that no transport owns, when a person decides that nobody is to do it any more.
import { isFinished, outboundStates, inboundStates, type StoredMessage } from "../../store/message-model.js";
import type { MessageStore, PagePosition, Transition, WorkOwner } from "../../store/message-store.js";

export type StrandedOwner = Pick<WorkOwner, "channel" | "party">;

const unfinished = [...outboundStates, ...inboundStates].filter((state) => !isFinished(state));
const pageSize = 200;
const code = "CPIS_LOG_DROPPED";

function partyOf({ direction, fromParty, toParty }: StoredMessage): string {
  return direction === "outbound" ? fromParty : toParty;
}

/**
 * Each message is kept as one that a person has dealt with, with the name in its history: nothing of it is sent, and no
 * flow gets it. Gives how many were ended. Throws STORE_*.
 */
export async function endStrandedWork(
  store: MessageStore,
  { channel, party }: StrandedOwner,
  { by, at }: { readonly by: string; readonly at: number },
): Promise<number> {
  let ended = 0;
  let after: PagePosition | undefined;
  do {
    const page = await store.list({ channel, states: unfinished }, pageSize, after);
    for (const message of page.messages) {
      if (partyOf(message) !== party) continue;
      const { id, state, direction } = message;
      const to: Transition["to"] = direction === "outbound" ? "failed" : "rejected";
      const outcome = await store.transition({ id, from: [state], to, at, by, code, changes: { errorCode: code } });
      if (outcome !== "done") continue;
      await store.dealWith({ id, states: ["failed", "rejected"], at, by });
      ended += 1;
    }
    after = page.next;
  } while (after !== undefined);
  return ended;
}
