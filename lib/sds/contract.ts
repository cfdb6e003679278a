// The messaging contract of one service and interaction at one endpoint, and the pattern that follows from it.
import type { CpaId, PartyKey } from "../identifiers.js";
import { CpisError } from "../errors.js";

/** Property values as the directory or the operator gives them, compared without case. */
export interface ContractProperties {
  readonly syncReplyMode: string;
  readonly ackRequested: string;
  readonly duplicateElimination: string;
  /** "toPartyMSH", "nextMSH", or empty for the default of the pattern. */
  readonly actor: string;
  /** Sends after the first. */
  readonly retries: number;
  readonly retryIntervalMilliseconds: number;
  readonly persistDurationMilliseconds: number;
}

export interface MessagingContract extends ContractProperties {
  readonly endpointUrl: string;
  readonly cpaId: CpaId;
  readonly toPartyKey: PartyKey;
  readonly toAsid: string;
}

export type MessagingPattern = "express" | "reliable" | "forward-reliable" | "sync-soap";

type Always = "always" | "never" | "unset";

function readAlways(value: string, property: string): Always {
  const lower = value.trim().toLowerCase();
  if (lower === "always" || lower === "never") return lower;
  if (lower === "") return "unset";
  throw new CpisError("CONFIG_CONTRACT", { detail: `${property} is neither always nor never` });
}

/**
 * Chooses the messaging pattern from the contract properties.
 * Throws CONFIG_CONTRACT for a combination that no pattern has: a guess could ask Spine twice.
 */
export function selectPattern(contract: ContractProperties): MessagingPattern {
  const mode = contract.syncReplyMode.trim().toLowerCase();
  const ack = readAlways(contract.ackRequested, "ack requested");
  const elimination = readAlways(contract.duplicateElimination, "duplicate elimination");
  if (mode === "mshsignalsonly") {
    if (ack === "always" && elimination === "always") return "reliable";
    if (ack !== "always" && elimination !== "always") return "express";
    throw new CpisError("CONFIG_CONTRACT", { detail: "ack requested and duplicate elimination must agree" });
  }
  if (mode === "none" || mode === "never") {
    if (ack === "always" && elimination === "always") return "forward-reliable";
    if (ack === "never" && elimination === "never") return "sync-soap";
    throw new CpisError("CONFIG_CONTRACT", { detail: "without signals, both properties must be always or never" });
  }
  throw new CpisError("CONFIG_CONTRACT", { detail: "the sync reply mode is not one that can be used" });
}
