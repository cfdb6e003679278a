// Gives errors of PostgreSQL and of its connection their codes.
import { CpisError, isCpisError } from "../../errors.js";

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code);
}

/**
 * Whether the connection must not be used again. Errors without an SQLSTATE come from the socket or the client; class
 * 08 is a broken connection, 57P the server going down (PostgreSQL, Appendix A).
 */
export function breaksConnection(error: unknown): boolean {
  if (isCpisError(error)) return false;
  const code = codeOf(error);
  return !isSqlState(code) || /^(08|57P)/.test(code);
}

/** Serialization failure or deadlock: the whole transaction may simply be run again. */
export function isWorthAnotherTry(error: unknown): boolean {
  return ["40001", "40P01"].includes(codeOf(error));
}

/**
 * Server messages can quote values ("Key (message_id)=(...)"), so they are not kept as a cause: the SQLSTATE says what
 * an operator needs.
 */
export function codedPostgresError(error: unknown): CpisError {
  if (isCpisError(error)) return error;
  const code = codeOf(error);
  const options = code === "" ? { detail: "the connection ended" } : { detail: `PostgreSQL code ${code}` };
  if (isMessageIdTaken(error)) return new CpisError("STORE_MESSAGE_ID_TAKEN");
  if (code === "53100") return new CpisError("STORE_FULL", options);
  // Authorization, no such database, no right.
  if (/^28/.test(code) || ["3D000", "42501"].includes(code)) return new CpisError("STORE_ACCESS_DENIED", options);
  // Damaged data or index.
  if (/^XX00[12]$/.test(code)) return new CpisError("STORE_CORRUPT", options);
  // Resources, time-outs, a standby that cannot write yet, collisions that did not end.
  if (breaksConnection(error) || /^(53|57|25|40|55)/.test(code)) return new CpisError("STORE_UNAVAILABLE", options);
  return new CpisError("STORE_INTERNAL", options);
}

function isMessageIdTaken(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("constraint" in error)) return false;
  return codeOf(error) === "23505" && error.constraint === "message_outbound_id";
}
