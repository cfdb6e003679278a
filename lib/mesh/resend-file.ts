// Sends a file a second time, as a new row under a new local id, in the place of one that MESH does not have.
import type { PersonalAct, ResendOutcome } from "../queue/model.js";
import type { StoreWatch } from "../queue/store-watch.js";
import { definedOnly } from "../defined-only.js";
import { CpisError, isCpisError } from "../errors.js";
import { isFinished, type StoredOutboundMessage } from "../store/message-model.js";
import type { MessageStore } from "../store/message-store.js";
import { localIdOf } from "./outbound-file.js";
import { readProgress, withoutProgress } from "./sending-progress.js";
import type { FileMoveWriter } from "./record-transition.js";

export interface ResendParts {
  readonly store: MessageStore;
  readonly watch: Pick<StoreWatch, "run" | "insist">;
  readonly compressed: Buffer;
  now(): number;
  /** The same each time it is asked. */
  nextLocalId(localId: string): string;
  /** Of a resend that a person asked for. */
  readonly act?: PersonalAct;
}

const maximumTries = 100;

function rowOf(original: StoredOutboundMessage, localId: string, context: Buffer | undefined, parts: ResendParts) {
  const { act } = parts;
  const { channel, destination, interaction, service, conversationId, applicationId, fromParty, toParty } = original;
  return {
    ...{ channel, destination, interaction, service, conversationId, fromParty, toParty },
    ...(act === undefined ? { isOrdered: false } : { isOrdered: original.isOrdered, by: act.by }),
    messageId: localId,
    ...definedOnly({ applicationId }),
    acceptedAt: parts.now(),
    content: parts.compressed,
    ...definedOnly({ context }),
    originalId: original.id,
    attributes: { ...withoutProgress(original.attributes, act?.forgotten), localId },
  };
}

/**
 * Gives the new row, or the one that an earlier try has made. It has no place in the order: the original keeps that,
 * open, until `settleOriginal`; but where a person sends a file again that has ended, it is the last. Throws
 * STORE_INTERNAL when no local id is free.
 */
export async function resendFile(original: StoredOutboundMessage, parts: ResendParts): Promise<ResendOutcome> {
  const { store, watch } = parts;
  const context = await watch.run(() => store.readContext(original.id));
  let localId = localIdOf(original);
  for (let tries = 0; tries < maximumTries; tries += 1) {
    localId = parts.nextLocalId(localId);
    const row = rowOf(original, localId, context, parts);
    try {
      const [id] = await watch.insist(() => store.acceptOutbound([row]));
      if (id !== undefined) return { kind: "resent", id };
    } catch (error) {
      if (!isCpisError(error) || error.code !== "STORE_MESSAGE_ID_TAKEN") throw error;
    }
    const taken = await watch.run(() => store.findByMessageId("outbound", localId));
    if (taken?.direction === "outbound" && taken.originalId === original.id) {
      return { kind: "resent-before", id: taken.id };
    }
  }
  throw new CpisError("STORE_INTERNAL", { detail: "no local id is free for a file that is sent again" });
}

export interface SettleParts {
  readonly store: MessageStore;
  readonly watch: StoreWatch;
  readonly write: FileMoveWriter;
}

/** Ends the original of a file that MESH has, or will never have: what waits behind it may go. */
export async function settleOriginal(successor: StoredOutboundMessage, parts: SettleParts): Promise<void> {
  const { store, watch, write } = parts;
  const { originalId, state } = successor;
  if (originalId === undefined || !(state === "awaiting-response" || isFinished(state))) return;
  const original = await watch.run(() => store.findById(originalId));
  if (original?.direction !== "outbound" || original.state !== "awaiting-acknowledgement") return;
  if (readProgress(original).resentAs !== successor.id) return;
  await write(original, { to: "failed", code: "MESH_OUTCOME_UNKNOWN" }, "theirs");
}
