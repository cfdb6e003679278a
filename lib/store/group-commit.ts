// Runs operations on SQLite so that those of one turn of the event loop share one transaction and one sync to disk.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CpisError } from "../errors.js";
import type { StoreEvent } from "./message-store.js";
import type { Operation, SqlRow, SqlRunner } from "./sql-operation.js";
import { codedSqliteError, spoilsConnection } from "./sqlite-errors.js";

/** Bounds how long one transaction keeps the event loop. */
const maximumBatch = 256;

type Mode = Parameters<SqlRunner["run"]>[0];

interface Queued {
  readonly mode: Mode;
  /** Runs the operation and keeps its result; the events are told after the commit. */
  execute(session: Session): readonly StoreEvent[];
  settle(): void;
  fail(error: CpisError): void;
}

/** A connection with its prepared statements. */
interface Session {
  readonly database: DatabaseSync;
  rows(sql: string, parameters: readonly (string | number | null | Uint8Array)[]): readonly SqlRow[];
}

export interface GroupCommit extends SqlRunner {
  close(): Promise<void>;
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
        prepared = database.prepare(sql.replace(/\$(\d+)/g, "?$1"));
        statements.set(sql, prepared);
      }
      return prepared.all(...parameters);
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

  /** Gives the events of those that succeeded. Throws when the whole transaction is lost. */
  function runEach(batch: readonly Queued[], current: Session): { events: StoreEvent[]; failed: Map<Queued, unknown> } {
    const events: StoreEvent[] = [];
    const failed = new Map<Queued, unknown>();
    for (const entry of batch) {
      const isWrite = entry.mode !== "read";
      if (isWrite) current.rows("SAVEPOINT operation", []);
      try {
        events.push(...entry.execute(current));
      } catch (error) {
        failed.set(entry, error);
        // Throws when SQLite has undone the whole transaction, as it may when the disk is full.
        if (isWrite) current.rows("ROLLBACK TO operation", []);
      }
      if (isWrite) current.rows("RELEASE operation", []);
    }
    return { events, failed };
  }

  function abandon(current: Session): void {
    try {
      current.database.exec("ROLLBACK");
    } catch {
      // SQLite had undone it already, or cannot: a new connection is sound in either case.
      discardSession();
    }
  }

  function commit(batch: readonly Queued[]): void {
    let failure: unknown;
    try {
      session ??= createSession(open());
      const current = session;
      const isWrite = batch.some(({ mode }) => mode !== "read");
      try {
        if (isWrite) current.rows("BEGIN IMMEDIATE", []);
        const { events, failed } = runEach(batch, current);
        if (isWrite) current.rows("COMMIT", []);
        settle(batch, failed, events);
        failure = [...failed.values()].find(spoilsConnection);
      } catch (error) {
        abandon(current);
        throw error;
      }
    } catch (error) {
      failure = error;
      const coded = codedSqliteError(error);
      for (const entry of batch) entry.fail(coded);
    }
    if (spoilsConnection(failure)) discardSession();
  }

  function settle(batch: readonly Queued[], failed: ReadonlyMap<Queued, unknown>, events: readonly StoreEvent[]): void {
    for (const entry of batch) {
      if (failed.has(entry)) entry.fail(codedSqliteError(failed.get(entry)));
      else entry.settle();
    }
    if (events.length > 0) queueMicrotask(() => events.forEach(tell));
  }

  function flush(): void {
    isScheduled = false;
    if (queue.length > 0) commit(queue.splice(0, maximumBatch));
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  return {
    run<Result>(mode: Mode, operation: () => Operation<Result>): Promise<Result> {
      return new Promise<Result>((resolve, reject) => {
        let settle = (): void => reject(new CpisError("STORE_INTERNAL", { detail: "settled before it ran" }));
        queue.push({
          mode,
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
      discardSession();
      return Promise.resolve();
    },
  };
}
