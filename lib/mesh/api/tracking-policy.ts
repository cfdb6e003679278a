// Decides what becomes of a file of which it is not known whether MESH has it: pure, by what MESH says of it.
import type { MeshClient } from "./mesh-client.js";

/** "hold": a person decides. "resend-after-tracking": sent under a new local id once MESH said often enough no. */
export type UnknownOutcomeSetting = "hold" | "resend-after-tracking";

export type TrackingAnswer = Awaited<ReturnType<MeshClient["track"]>>;

export interface TrackingState {
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

export function decideTracking(answer: TrackingAnswer, state: TrackingState): TrackingDecision {
  const { trackings, chunks, unknownOutcome, waits } = state;
  switch (answer.kind) {
    case "found": {
      const { messageId: meshMessageId, status } = answer.tracking;
      const isPartial = chunks > 1 && status === "uploading";
      return { kind: isPartial ? "continue" : "accept", meshMessageId };
    }
    case "several":
      // Which of them lacks chunks cannot be told.
      return chunks > 1 ? { kind: "hold" } : { kind: "accept" };
    case "none":
    case "invalid": {
      const waitMilliseconds = waits[trackings];
      if (waitMilliseconds !== undefined) return { kind: "ask-again", waitMilliseconds, trackings: trackings + 1 };
      // An answer that is not understood proves nothing: this call of the API may be gone.
      const isAbsent = answer.kind === "none" && unknownOutcome === "resend-after-tracking";
      return { kind: isAbsent ? "resend" : "hold" };
    }
    case "not-sent":
    case "unauthorised":
    case "unavailable":
    case "broken":
      return { kind: "ask-when-reachable" };
  }
}
