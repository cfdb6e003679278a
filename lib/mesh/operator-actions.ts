// What a person does with a stored file for MESH: sends it again as a new one, or lets a held one go.
import type { PersonalAct, ResendOutcome } from "../queue/model.js";
import { CpisError } from "../errors.js";
import {
  attributesWithout,
  type MessageRowId,
  type StoredMessage,
  type StoredOutboundMessage,
} from "../store/message-model.js";
import type { MessageStore, Transition } from "../store/message-store.js";
import { resendFile } from "./resend-file.js";
import { noteProgress, readProgress, withoutProgress } from "./sending-progress.js";

/** By the attributes that every file to send has. */
export function isOutboundFile({ direction, attributes }: StoredMessage): boolean {
  return direction === "outbound" && typeof attributes["localId"] === "string" && "digest" in attributes;
}

/** Whether MESH may have the file: then a release sends it a second time. */
export function mayBeInMesh(file: StoredOutboundMessage): boolean {
  const { trackings, isResendWanted } = readProgress(file);
  const isUnknown = file.errorCode === "MESH_OUTCOME_UNKNOWN" || file.errorCode === "STORE_RESTORED";
  return isUnknown || trackings > 0 || isResendWanted === true;
}

/** The client's folders know a file by its name there; the API would see a local id for the second time. */
function isNamedForFolders({ attributes }: StoredOutboundMessage): boolean {
  return typeof attributes["baseName"] === "string";
}

function courseAfterRelease(file: StoredOutboundMessage): Pick<Transition, "to" | "changes"> {
  const { meshMessageId, sentChunks } = readProgress(file);
  if (isNamedForFolders(file)) return { to: "queued", changes: { attributes: file.attributes } };
  if (mayBeInMesh(file)) {
    // Its worker sends it under a new local id, and keeps its place before the later ones meanwhile.
    const attributes = noteProgress(file, { isResendWanted: true });
    return { to: "awaiting-acknowledgement", changes: { attributes } };
  }
  if (meshMessageId !== undefined && sentChunks > 0) {
    return { to: "sending", changes: { attributes: file.attributes } };
  }
  return { to: "queued", changes: { attributes: withoutProgress(file.attributes) } };
}

/** Lets a held file go, as a transition that only one of several people makes. */
export function releaseOfFile(file: StoredOutboundMessage, { by, at, forgotten }: PersonalAct): Transition {
  const { to, changes } = courseAfterRelease(file);
  const attributes = attributesWithout(changes?.attributes ?? {}, forgotten);
  return {
    id: file.id,
    from: ["held"],
    to,
    at,
    by,
    code: "released",
    changes: { attributes, nextAttemptAt: null, deadline: null, errorCode: null },
  };
}

export interface ResendFileOptions {
  readonly store: MessageStore;
  /** The same each time it is asked. */
  nextLocalId(localId: string): string;
}

async function contentOf(store: MessageStore, id: MessageRowId): Promise<Buffer> {
  const reading = await store.readContent(id);
  if (reading.kind !== "content") throw new CpisError("STORE_CONTENT_GONE");
  return reading.bytes;
}

/**
 * Accepts the same file as a new one, under a new local id, linked with the first. Of several people at once one makes
 * it. Throws STORE_CONTENT_GONE, or what the store throws.
 */
export async function resendFileByHand(
  file: StoredOutboundMessage,
  act: PersonalAct,
  options: ResendFileOptions,
): Promise<ResendOutcome> {
  const { store } = options;
  return resendFile(file, {
    store,
    // Whoever asks hears of an outage, and asks again.
    watch: { run: (operation) => operation(), insist: (operation) => operation() },
    compressed: await contentOf(store, file.id),
    now: () => act.at,
    nextLocalId: (localId) => options.nextLocalId(localId),
    act,
  });
}
