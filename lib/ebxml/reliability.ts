// Which reliability elements a message carries in each messaging pattern.
import type { ReliabilityElements } from "./model.js";

/** The messaging patterns that travel as ebXML. */
export type EbxmlPattern = "express" | "reliable" | "forward-reliable";

const elementsByPattern: Readonly<Record<EbxmlPattern, ReliabilityElements>> = {
  express: { duplicateElimination: false, syncReply: true },
  reliable: { duplicateElimination: true, ackRequested: "toPartyMSH", syncReply: true },
  "forward-reliable": { duplicateElimination: true, ackRequested: "nextMSH", syncReply: false },
};

/** Spine refuses a message whose reliability elements are not exactly those of its pattern. */
export function reliabilityElements(pattern: EbxmlPattern): ReliabilityElements {
  return elementsByPattern[pattern];
}
