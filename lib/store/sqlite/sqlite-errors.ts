// Gives errors of SQLite their codes.
import { CpisError, isCpisError } from "../../errors.js";

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended code's low byte. */
const resultCode = {
  permission: 3,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

function errcodeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

export function isBusy(error: unknown): boolean {
  return ((errcodeOf(error) ?? 0) & 0xff) === resultCode.busy;
}

/** Whether the connection itself may be spoilt, so that a new one must be opened. */
export function spoilsConnection(error: unknown): boolean {
  const primary = (errcodeOf(error) ?? 0) & 0xff;
  return [resultCode.inputOutput, resultCode.corrupt, resultCode.cannotOpen, resultCode.readOnly].some(
    (code) => code === primary,
  );
}

function isOutboundIdTaken(error: unknown): boolean {
  return error instanceof Error && /UNIQUE constraint failed: message\.message_id$/.test(error.message);
}

/** SQLite's messages name tables and columns, never values, so they may stand as causes. */
export function codedSqliteError(error: unknown): CpisError {
  if (isCpisError(error)) return error;
  const errcode = errcodeOf(error);
  if (errcode === undefined) return new CpisError("STORE_INTERNAL", { cause: error });
  const options = { detail: `SQLite code ${errcode}`, cause: error };
  switch (errcode & 0xff) {
    case resultCode.full:
      return new CpisError("STORE_FULL", options);
    case resultCode.corrupt:
    case resultCode.notADatabase:
      return new CpisError("STORE_CORRUPT", options);
    case resultCode.permission:
    case resultCode.readOnly:
    case resultCode.cannotOpen:
    case resultCode.busy:
    case resultCode.locked:
    case resultCode.noMemory:
    case resultCode.inputOutput:
      return new CpisError("STORE_UNAVAILABLE", options);
    case resultCode.constraint:
      return new CpisError(isOutboundIdTaken(error) ? "STORE_MESSAGE_ID_TAKEN" : "STORE_INTERNAL", options);
    default:
      return new CpisError("STORE_INTERNAL", options);
  }
}
