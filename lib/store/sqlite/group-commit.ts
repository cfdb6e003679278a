// Runs operations on SQLite so that those of one turn of the event loop share one transaction and one sync to disk.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CpisError } from "../../errors.js";
import type { StoreEvent } from "../message-store.js";
import type { Operation, SqlRow, SqlRunner, SqlValue } from "../sql/sql-operation.js";
import { codedSqliteError, isBusy, spoilsConnection } from "./sqlite-errors.js";

/** Bounds how long one transaction keeps the event loop. */
const maximumBatch = 256;

/** How long another program, as a backup or a person's tool, may hold the file before an operation fails. */
const busyMilliseconds = 2000;
/** SQLite itself would wait on the event loop, and hold up all else that this process does. */
const busyRetryMilliseconds = 25;

type Mode = Parameters<SqlRunner["run"]>[0];

interface Queued {
  readonly mode: Mode;
  /** Of the process's own clock, which is never set. */
  readonly askedAt: number;
  /** Runs the operation and keeps its result; the events are told after the commit. */
  execute(session: Session): readonly StoreEvent[];
  settle(): void;
  fail(error: CpisError): void;
}

/** A connection with its prepared statements. */
interface Session {
  readonly database: DatabaseSync;
  rows(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[];
}

/** What became of the operations of one transaction. */
interface Outcomes {
  readonly events: StoreEvent[];
  readonly failed: Map<Queued, unknown>;
}

export interface GroupCommit extends SqlRunner {
  close(): Promise<void>;
}

/** By name, "$1" and so on: Node.js 22.13 cannot bind numbered parameters by their place. */
export function numberedParameters(parameters: readonly SqlValue[]): Record<string, SqlValue> {
  const named: Record<string, SqlValue> = {};
  for (const [index, value] of parameters.entries()) named[`$${index + 1}`] = value;
  return named;
}

function createSession(database: DatabaseSync): Session {
  const statements = new Map<string, StatementSync>();
  return {
    database,
    rows(sql, parameters): readonly SqlRow[] {
      let prepared = statements.get(sql);
      if (prepared === undefined) {
        // Filters make many texts of one statement; beyond this number the oldest is prepared again when needed.
        if (statements.size >= 200) statements.delete(statements.keys().next().value ?? "");
        prepared = database.prepare(sql);
        statements.set(sql, prepared);
      }
      return prepared.all(numberedParameters(parameters));
    },
  };
}

function drive<Result>(session: Session, operation: Operation<Result>, events: StoreEvent[]): Result {
  let next = operation.next([]);
  while (next.done !== true) {
    const step = next.value;
    if (step.kind === "event") events.push(step.event);
    next = operation.next(step.kind === "statement" ? session.rows(step.sql, step.parameters) : []);
  }
  return next.value;
}

/**
 * `open` gives a configured connection, and is called again after an error that may have spoilt the last one. A caller
 * is answered only after the COMMIT; one that fails is undone alone, by its savepoint.
 */
export function createGroupCommit(open: () => DatabaseSync, tell: (event: StoreEvent) => void): GroupCommit {
  const queue: Queued[] = [];
  let session: Session | undefined = createSession(open());
  let isScheduled = false;
  let retry: NodeJS.Timeout | undefined;

  function discardSession(): void {
    const spoilt = session;
    session = undefined;
    try {
      spoilt?.database.close();
    } catch {
      // It was spoilt already; the operation that found it so has been answered.
      return;
    }
  }

  /**
   * Gives whether the transaction still stands: SQLite may undo all of it, as when the disk is full. In company each
   * operation has a savepoint, reads as well, since only its undoing tells whether the transaction stands.
   */
  function runOne(entry: Queued, current: Session, done: Outcomes, hasSavepoint: boolean): boolean {
    if (hasSavepoint) current.rows("SAVEPOINT operation", []);
    try {
      done.events.push(...entry.execute(current));
    } catch (error) {
      done.failed.set(entry, error);
      if (!hasSavepoint || !isDone(current, "ROLLBACK TO operation")) return false;
    }
    if (hasSavepoint) current.rows("RELEASE operation", []);
    return true;
  }

  function isDone(current: Session, sql: string): boolean {
    try {
      current.rows(sql, []);
      return true;
    } catch {
      // SQLite has ended the transaction itself; the error that did so is kept by the caller.
      return false;
    }
  }

  /** Puts back what another program is in the way of, and gives the rest: it has waited long enough, or failed otherwise. */
  function withoutBusy(batch: readonly Queued[], errorOf: (entry: Queued) => unknown): readonly Queued[] {
    const now = performance.now();
    const mayWait = (entry: Queued): boolean => isBusy(errorOf(entry)) && now - entry.askedAt < busyMilliseconds;
    const waiting = batch.filter(mayWait);
    if (waiting.length === 0) return batch;
    queue.unshift(...waiting);
    retry ??= setTimeout(() => {
      retry = undefined;
      schedule();
    }, busyRetryMilliseconds);
    return batch.filter((entry) => !waiting.includes(entry));
  }

  /** Gives what to do again, each in a transaction of its own: nothing, unless one operation undid its neighbours. */
  function runTogether(batch: readonly Queued[], current: Session): readonly Queued[] {
    const done: Outcomes = { events: [], failed: new Map() };
    if (batch.every(({ mode }) => mode === "read")) {
      for (const entry of batch) runOne(entry, current, done, false);
      settle(batch, done);
      return [];
    }
    current.rows("BEGIN IMMEDIATE", []);
    try {
      const stands = batch.every((entry) => runOne(entry, current, done, batch.length > 1));
      if (stands) current.rows("COMMIT", []);
      else isDone(current, "ROLLBACK");
      if (!stands && batch.length > 1) return batch;
    } catch (error) {
      if (!isDone(current, "ROLLBACK")) discardSession();
      throw error;
    }
    settle(batch, done);
    return [];
  }

  function commit(batch: readonly Queued[]): void {
    let again: readonly Queued[] = [];
    try {
      session ??= createSession(open());
      again = runTogether(batch, session);
    } catch (error) {
      const coded = codedSqliteError(error);
      for (const entry of withoutBusy(batch, () => error)) entry.fail(coded);
      if (spoilsConnection(error)) discardSession();
    }
    for (const entry of again) commit([entry]);
  }

  function settle(batch: readonly Queued[], { events, failed }: Outcomes): void {
    for (const entry of withoutBusy(batch, (entry) => failed.get(entry))) {
      if (failed.has(entry)) entry.fail(codedSqliteError(failed.get(entry)));
      else entry.settle();
    }
    if ([...failed.values()].some(spoilsConnection)) discardSession();
    if (events.length > 0) queueMicrotask(() => events.forEach(tell));
  }

  function flush(): void {
    isScheduled = false;
    if (queue.length > 0) commit(queue.splice(0, maximumBatch));
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    if (isScheduled || retry !== undefined) return;
    isScheduled = true;
    setImmediate(flush);
  }

  return {
    run<Result>(mode: Mode, operation: () => Operation<Result>): Promise<Result> {
      return new Promise<Result>((resolve, reject) => {
        let settle = (): void => reject(new CpisError("STORE_INTERNAL", { detail: "settled before it ran" }));
        queue.push({
          mode,
          askedAt: performance.now(),
          execute(current): readonly StoreEvent[] {
            const events: StoreEvent[] = [];
            const result = drive(current, operation(), events);
            settle = (): void => resolve(result);
            return events;
          },
          settle: () => settle(),
          fail: reject,
        });
        schedule();
      });
    },
    close(): Promise<void> {
      clearTimeout(retry);
      discardSession();
      return Promise.resolve();
    },
  };
}
