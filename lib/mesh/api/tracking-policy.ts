// Decides what becomes of a file of which it is not known whether MESH has it: pure, by what MESH says of it.
import type { MeshClient } from "./mesh-client.js";
import type { Tracking } from "./read-answer.js";

/** "hold": a person decides. "resend-after-tracking": sent under a new local id once MESH said often enough no. */
export type UnknownOutcomeSetting = "hold" | "resend-after-tracking";

export type TrackingAnswer = Awaited<ReturnType<MeshClient["track"]>>;

/** What must hold of a file that MESH names, for it to be the one that was asked for. */
export interface TrackedFile {
  readonly recipient: string;
  readonly workflowId: string;
  /** When it was accepted here, milliseconds since 1970. */
  readonly acceptedAt: number;
  /** As it may have been sent, plain or compressed. */
  readonly sizes: readonly number[];
}

export interface TrackingState {
  readonly file: TrackedFile;
  /** Answers before this one that settled nothing. */
  readonly trackings: number;
  /** Into how many the file is divided. */
  readonly chunks: number;
  readonly unknownOutcome: UnknownOutcomeSetting;
  /** In milliseconds, after the first answer that settles nothing, the second, and so on; then MESH is not asked again. */
  readonly waits: readonly number[];
}

export type TrackingDecision =
  /** MESH has the whole file; without an id it has it more than once. */
  | { readonly kind: "accept"; readonly meshMessageId?: string }
  /** MESH has the first chunk. */
  | { readonly kind: "continue"; readonly meshMessageId: string }
  | { readonly kind: "ask-again"; readonly waitMilliseconds: number; readonly trackings: number }
  /** MESH could not be asked. */
  | { readonly kind: "ask-when-reachable" }
  | { readonly kind: "hold" }
  | { readonly kind: "resend" };

/** The clocks of MESH and of this machine may differ by so much. */
const clockToleranceMilliseconds = 10 * 60 * 1000;

/** A local id that was used before, as by a store that is an older copy, names an older file. What MESH does not say contradicts nothing. */
export function isThisFile(found: Tracking, file: TrackedFile): boolean {
  const { recipient, workflowId, uploadedAt, bytes } = found;
  if (recipient !== undefined && recipient !== file.recipient.toUpperCase()) return false;
  if (workflowId !== undefined && workflowId !== file.workflowId) return false;
  if (uploadedAt !== undefined && uploadedAt < file.acceptedAt - clockToleranceMilliseconds) return false;
  return bytes === undefined || file.sizes.includes(bytes);
}

/** `isUnderstood`: an answer that is not proves nothing, for this call of the API may be gone. */
function decideAbsence(isUnderstood: boolean, { trackings, unknownOutcome, waits }: TrackingState): TrackingDecision {
  const waitMilliseconds = waits[trackings];
  if (waitMilliseconds !== undefined) return { kind: "ask-again", waitMilliseconds, trackings: trackings + 1 };
  return { kind: isUnderstood && unknownOutcome === "resend-after-tracking" ? "resend" : "hold" };
}

export function decideTracking(answer: TrackingAnswer, state: TrackingState): TrackingDecision {
  const { chunks } = state;
  switch (answer.kind) {
    case "found": {
      const { messageId: meshMessageId, status } = answer.tracking;
      // MESH has another file under this id, and not this one as well: that would be "several".
      if (!isThisFile(answer.tracking, state.file)) return decideAbsence(true, state);
      const isPartial = chunks > 1 && status === "uploading";
      return { kind: isPartial ? "continue" : "accept", meshMessageId };
    }
    case "several":
      // Which of them lacks chunks cannot be told.
      return chunks > 1 ? { kind: "hold" } : { kind: "accept" };
    case "none":
      return decideAbsence(true, state);
    case "invalid":
      return decideAbsence(false, state);
    case "not-sent":
    case "unauthorised":
    case "unavailable":
    case "broken":
      return { kind: "ask-when-reachable" };
  }
}
