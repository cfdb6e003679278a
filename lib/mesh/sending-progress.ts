// What is noted on a stored file while it is sent: in how many chunks, how far, and what became of the question for it.
import type { MessageAttributes, MessageRowId, StoredOutboundMessage } from "../store/message-model.js";
import { isMessageRowId } from "../store/message-model.js";

/** Fixed when the first chunk is sent, so that a restart with other settings goes on as was begun. */
export interface Division {
  /** Of the plain file. */
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly isGzip: boolean;
}

export interface SendingProgress {
  readonly division?: Division;
  /** That MESH has for certain. */
  readonly sentChunks: number;
  /** By which MESH knows the file. */
  readonly meshMessageId?: string;
  /** How often MESH was asked for a file of unknown outcome, and gave no answer that settles it. */
  readonly trackings: number;
  /** How often its upload was lost by MESH, and begun anew in the place of an earlier one. */
  readonly timesBegunAnew: number;
  /** The row that was sent in the place of this one. */
  readonly resentAs?: MessageRowId;
  /** A person has decided that it is sent again, whether or not MESH has it. */
  readonly isResendWanted?: boolean;
}

export function divide(plainBytes: number, chunkBytes: number, isGzip: boolean): Division {
  return { chunkBytes, chunks: Math.max(1, Math.ceil(plainBytes / chunkBytes)), isGzip };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function readProgress({ attributes }: StoredOutboundMessage): SendingProgress {
  const { isGzip, meshMessageId, resentAs, isResendWanted } = attributes;
  const chunkBytes = count(attributes["chunkBytes"]);
  const chunks = count(attributes["chunks"]);
  const hasDivision = chunkBytes !== undefined && chunks !== undefined && chunkBytes > 0 && chunks > 0;
  return {
    ...(hasDivision ? { division: { chunkBytes, chunks, isGzip: isGzip === true } } : {}),
    sentChunks: count(attributes["sentChunks"]) ?? 0,
    ...(typeof meshMessageId === "string" ? { meshMessageId } : {}),
    trackings: count(attributes["trackings"]) ?? 0,
    timesBegunAnew: count(attributes["timesBegunAnew"]) ?? 0,
    ...(isMessageRowId(resentAs) ? { resentAs } : {}),
    ...(isResendWanted === true ? { isResendWanted } : {}),
  };
}

/** The attributes of the file with this noted on it. */
export function noteProgress(message: StoredOutboundMessage, progress: Partial<SendingProgress>): MessageAttributes {
  const { division, ...rest } = progress;
  return { ...message.attributes, ...division, ...rest };
}

const progressNames: ReadonlySet<string> = new Set([
  "chunkBytes",
  "chunks",
  "isGzip",
  "sentChunks",
  "meshMessageId",
  "trackings",
  "resentAs",
  "isResendWanted",
  "refusal",
  "baseName",
  "stagedName",
]);

/** The attributes of a file that begins anew. */
export function withoutProgress(attributes: MessageAttributes, forgotten: readonly string[] = []): MessageAttributes {
  const isKept = (name: string): boolean => !progressNames.has(name) && !forgotten.includes(name);
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isKept(name)));
}
