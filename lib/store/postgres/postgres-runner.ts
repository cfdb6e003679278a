// Runs store operations on a pool of PostgreSQL connections.
import type { Pool, PoolClient } from "pg";
import { CpisError, isCpisError } from "../../errors.js";
import { breaksConnection, codedPostgresError, isWorthAnotherTry } from "./postgres-errors.js";
import type { Operation, SqlRow, SqlRunner } from "../sql/sql-operation.js";

/** Collisions of whole transactions are rare here; more than this many in a row are a fault elsewhere. */
const maximumTries = 5;

type Mode = Parameters<SqlRunner["run"]>[0];

export interface PostgresRunnerOptions {
  /** Its connections may break between two queries, unheard: the next query says so. */
  readonly pool: Pool;
  /** The NOTIFY channel, and what keeps advisory locks apart from those of other schemas. */
  readonly channel: string;
  /** Brings the schema up to date on a connection; run again until it has succeeded once. */
  readonly prepare: (client: PoolClient) => Promise<void>;
}

/**
 * The server or role may have been set to answer before the commit is on disk; this store promises otherwise. Settings
 * that wait for more, for replicas, are left as they are.
 */
const ensureDurable = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

export function createPostgresRunner({ pool, channel, prepare }: PostgresRunnerOptions): SqlRunner {
  const durable = new WeakSet<PoolClient>();
  let preparation: Promise<void> | undefined;

  async function withClient<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    let broken = false;
    try {
      if (!durable.has(client)) await client.query(ensureDurable);
      durable.add(client);
      return await work(client);
    } catch (error) {
      broken = breaksConnection(error) || (isCpisError(error) && error.code === "STORE_OUTCOME_UNKNOWN");
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async function drive<Result>(client: PoolClient, operation: Operation<Result>, events: Set<string>): Promise<Result> {
    let next = operation.next([]);
    while (next.done !== true) {
      const step = next.value;
      let rows: readonly SqlRow[] = [];
      if (step.kind === "event") events.add(JSON.stringify(step.event));
      else if (step.kind === "lock") {
        const key = `${channel}:${step.key}`;
        await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [key]);
      } else rows = (await client.query<SqlRow>(step.sql, [...step.parameters])).rows;
      next = operation.next(rows);
    }
    return next.value;
  }

  async function commit(client: PoolClient): Promise<void> {
    try {
      await client.query("COMMIT");
    } catch (error) {
      if (breaksConnection(error)) throw new CpisError("STORE_OUTCOME_UNKNOWN");
      throw error;
    }
  }

  async function transact<Result>(client: PoolClient, operation: () => Operation<Result>): Promise<Result> {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    let result: Result;
    try {
      const events = new Set<string>();
      result = await drive(client, operation(), events);
      if (events.size > 0) {
        await client.query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", [channel, [...events]]);
      }
    } catch (error) {
      if (!breaksConnection(error)) await client.query("ROLLBACK");
      throw error;
    }
    await commit(client);
    return result;
  }

  async function ensurePrepared(): Promise<void> {
    preparation ??= withClient(prepare);
    try {
      await preparation;
    } catch (error) {
      preparation = undefined;
      throw error;
    }
  }

  async function runOnce<Result>(mode: Mode, operation: () => Operation<Result>): Promise<Result> {
    await ensurePrepared();
    return withClient((client) =>
      mode === "write" ? transact(client, operation) : drive(client, operation(), new Set()),
    );
  }

  return {
    async run(mode, operation) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await runOnce(mode, operation);
        } catch (error) {
          if (!isWorthAnotherTry(error) || tries === maximumTries) throw codedPostgresError(error);
        }
      }
    },
  };
}
