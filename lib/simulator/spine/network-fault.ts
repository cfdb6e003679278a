// What can happen to one HTTP exchange on its way, in either direction.

/** One thing that the network or the other end does to an exchange. Times in milliseconds. */
export type TransmissionFault =
  /** The message never arrives, and nobody replies. */
  | { readonly kind: "dropMessage" }
  | { readonly kind: "delayMessage"; readonly milliseconds: number }
  /** The very bytes arrive twice. */
  | { readonly kind: "duplicateMessage" }
  /** The message arrives after the next one of its direction; alone when none comes in this time. */
  | { readonly kind: "reorderMessage"; readonly milliseconds: number }
  /** The connection is cut when so many bytes of the body have been read or written. */
  | { readonly kind: "resetInRequest"; readonly afterBytes: number }
  /** The message takes effect; the connection is cut after so many bytes of the body of the reply. */
  | { readonly kind: "resetInReply"; readonly afterBytes: number }
  /** The message takes effect; its acknowledgment never reaches the sender. */
  | { readonly kind: "lostAcknowledgment" }
  /** Who reads, be it a request or a reply, takes no more than this. */
  | { readonly kind: "slowReader"; readonly bytesPerSecond: number };

/** All that happens to one exchange together. */
export interface Disturbance {
  readonly isDropped: boolean;
  readonly isDuplicated: boolean;
  readonly isAcknowledgmentLost: boolean;
  readonly delayMilliseconds: number;
  readonly reorderMilliseconds?: number;
  readonly requestCutAfterBytes?: number;
  readonly replyCutAfterBytes?: number;
  readonly bytesPerSecond?: number;
}

/** Nothing happens. */
export const undisturbed: Disturbance = {
  isDropped: false,
  isDuplicated: false,
  isAcknowledgmentLost: false,
  delayMilliseconds: 0,
};

function add(disturbance: Disturbance, fault: TransmissionFault): Disturbance {
  switch (fault.kind) {
    case "dropMessage":
      return { ...disturbance, isDropped: true };
    case "duplicateMessage":
      return { ...disturbance, isDuplicated: true };
    case "lostAcknowledgment":
      return { ...disturbance, isAcknowledgmentLost: true };
    case "delayMessage":
      return { ...disturbance, delayMilliseconds: disturbance.delayMilliseconds + fault.milliseconds };
    case "reorderMessage":
      return { ...disturbance, reorderMilliseconds: fault.milliseconds };
    case "resetInRequest":
      return { ...disturbance, requestCutAfterBytes: fault.afterBytes };
    case "resetInReply":
      return { ...disturbance, replyCutAfterBytes: fault.afterBytes };
    case "slowReader":
      return { ...disturbance, bytesPerSecond: fault.bytesPerSecond };
  }
}

/** Of two faults of one kind the later counts, except that delays add up. */
export function disturbanceOf(faults: readonly TransmissionFault[]): Disturbance {
  return faults.reduce(add, undisturbed);
}
