// What the operator has set of a contract by hand: checked, and whether it is all that is needed.
import { CpisError } from "../errors.js";
import { isAsid } from "../identifiers.js";
import type { ManualContract } from "./choose-endpoint.js";
import type { MessagingContract } from "./contract.js";

const texts = ["endpointUrl", "cpaId", "toPartyKey", "toAsid", "syncReplyMode"] as const;
const optionalTexts = ["ackRequested", "duplicateElimination", "actor"] as const;
const numbers = ["retries", "retryIntervalMilliseconds", "persistDurationMilliseconds"] as const;

function invalidField(field: string): CpisError {
  return new CpisError("CONFIG_INVALID", { detail: `${field} of the contract by hand` });
}

/** Gives the names of the fields that are set. Throws CONFIG_INVALID. */
export function checkManualContract(manual: ManualContract): readonly string[] {
  for (const field of texts) if (manual[field]?.trim() === "") throw invalidField(field);
  for (const field of numbers) {
    const value = manual[field];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) throw invalidField(field);
  }
  const { endpointUrl, toAsid } = manual;
  if (toAsid !== undefined && !isAsid(toAsid)) throw invalidField("toAsid");
  if (endpointUrl !== undefined && (!URL.canParse(endpointUrl) || new URL(endpointUrl).protocol !== "https:")) {
    throw invalidField("endpointUrl");
  }
  return [...texts, ...optionalTexts, ...numbers].filter((field) => manual[field] !== undefined);
}

/** The contract without the directory's help; undefined if a field has not been set that decides how a message goes. */
export function completeContract(manual: ManualContract): MessagingContract | undefined {
  const { endpointUrl, cpaId, toPartyKey, toAsid, syncReplyMode, ackRequested, duplicateElimination } = manual;
  if (endpointUrl === undefined || cpaId === undefined || toPartyKey === undefined || toAsid === undefined) {
    return undefined;
  }
  if (syncReplyMode === undefined || ackRequested === undefined || duplicateElimination === undefined) return undefined;
  return {
    ...{ endpointUrl, cpaId, toPartyKey, toAsid, syncReplyMode, ackRequested, duplicateElimination },
    actor: manual.actor ?? "",
    retries: manual.retries ?? 0,
    retryIntervalMilliseconds: manual.retryIntervalMilliseconds ?? 0,
    persistDurationMilliseconds: manual.persistDurationMilliseconds ?? 0,
  };
}
