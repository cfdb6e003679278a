// Tells what is damaged for good from what waiting or a person can mend, such as a store that is away or a lost key.
import { isCpisError, type CpisError, type ErrorCode } from "../../errors.js";

const codes: readonly ErrorCode[] = ["STORE_CORRUPT", "STORE_CONTENT_TAMPERED", "CPIS_MESSAGE_INVALID"];

/** Of one message, and not of the store. */
export function isDamage(error: unknown): error is CpisError {
  return isCpisError(error) && (codes.includes(error.code) || error.code.startsWith("XML_"));
}

/** Undefined for what is there and nobody can read any more. Throws what else goes wrong. */
export async function unlessDamaged<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}
