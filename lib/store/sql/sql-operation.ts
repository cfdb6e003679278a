// Lets one text of each store operation run on a synchronous and on an asynchronous database.
import { CpisError } from "../../errors.js";
import type { ContentProtection, StorageMode, StoreEvent } from "../message-store.js";

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, unknown>>;

/** What an operation asks of the driver that runs it. */
export type Step =
  /** Parameters are written $1, $2 ... in the text. Gives the rows, of RETURNING as well. */
  | { readonly kind: "statement"; readonly sql: string; readonly parameters: readonly SqlValue[] }
  /** Lets transactions on the same key follow each other. A database with one writer has nothing to do. */
  | { readonly kind: "lock"; readonly key: string }
  /** Told to listeners once the transaction is committed, and only then. */
  | { readonly kind: "event"; readonly event: StoreEvent };

/** A generator yields its steps and is given the rows of each statement; other steps give none. */
export type Operation<Result> = Generator<Step, Result, readonly SqlRow[]>;

/**
 * "read" and "single" (one statement that writes) need no transaction of their own; "write" is all or nothing. The
 * operation is made anew for each try.
 */
export interface SqlRunner {
  run<Result>(mode: "read" | "single" | "write", operation: () => Operation<Result>): Promise<Result>;
}

/** Where the two databases' languages differ. */
export interface Dialect {
  /** A table's name as statements write it. */
  readonly table: (name: string) => string;
  /** Names the index that must be used, where the language can say so. */
  indexedBy(index: string): string;
  /** Comes after a selection of rows to be claimed. */
  readonly claimLock: string;
  /** A condition that a column holds one of the values that a subquery gives. */
  isOneOf(column: string, subquery: string): string;
  readonly countStatement: string;
  /** Gives `value`, the number of the message accepted last, also of one that is gone. */
  readonly lastRowId: string;
  /** An expression that gives twelve hexadecimal digits, other ones each time. */
  readonly randomId: string;
  /** The database's own clock in milliseconds since 1970; undefined where it is the program's. */
  readonly clock?: string;
  /** Whether a claim goes by the database's own clock, and not by the time that it is given. */
  readonly claimsByClock?: boolean;
}

export function statement(sql: string, ...parameters: readonly SqlValue[]): Step {
  return { kind: "statement", sql, parameters };
}

/** Rows that do not have the shape of the schema: the database was changed by another hand. */
export function corrupt(column: string): CpisError {
  return new CpisError("STORE_CORRUPT", { detail: `column ${column}` });
}

export function readText(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw corrupt(column);
  return value;
}

/** PostgreSQL gives its 64-bit integers as text. */
export function readNumber(row: SqlRow, column: string): number {
  const value = row[column];
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw corrupt(column);
  return number;
}

export function readBytes(row: SqlRow, column: string): Buffer {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw corrupt(column);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

export function isAbsent(row: SqlRow, column: string): boolean {
  return row[column] === null || row[column] === undefined;
}

/** What every operation works with. */
export interface StoreContext {
  readonly dialect: Dialect;
  readonly protection: ContentProtection;
  readonly mode: StorageMode;
}
