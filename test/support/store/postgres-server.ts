// A real PostgreSQL on loopback for the tests of one file, with a schema of its own for each test.
import type { Client, ClientConfig } from "pg";
import {
  createPostgresMessageStore,
  type PostgresMessageStoreOptions,
} from "../../../lib/store/postgres/postgres-message-store.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { startPostgresProcess } from "./postgres-process.js";
import { createTestProtection, type StorePlace, type StoreSettings } from "./sample-messages.js";

type PostgresSettings = StoreSettings & Partial<Pick<PostgresMessageStoreOptions, "now" | "owner" | "clockMeasured">>;

export interface PostgresServer {
  readonly port: number;
  /** For a client of the test's own. */
  readonly connection: ClientConfig;
  /** A schema that no other test uses. */
  newSchema(): string;
  openStore(schema: string, settings?: PostgresSettings): Promise<MessageStore>;
  createPlace(): Promise<StorePlace>;
  /** For the test's own statements. */
  query(sql: string, values?: unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  halt(): Promise<void>;
  resume(): Promise<void>;
  /** Stops it for good and removes its data. */
  close(): Promise<void>;
}

const user = "postgres";
const password = "for tests on loopback only";
const database = "messages";

export async function startPostgres(): Promise<PostgresServer> {
  const server = await startPostgresProcess(user, password);
  const { port } = server;
  const { Client } = await import("pg");

  async function withClient<Result>(work: (client: Client) => Promise<Result>, on = database): Promise<Result> {
    const client = new Client({ host: "127.0.0.1", port, database: on, user, password });
    // The end of a query tells its failure; without a listener the same failure would end the process.
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  await withClient((client) => client.query(`CREATE DATABASE ${database}`), "postgres");
  let schemas = 0;

  const openStore: PostgresServer["openStore"] = (schema, settings = {}) =>
    createPostgresMessageStore({
      host: "127.0.0.1",
      port,
      database,
      user,
      password,
      tls: false,
      schema,
      maximumConnections: 4,
      protection: createTestProtection(),
      ...settings,
    });

  const newSchema = (): string => `test_${(schemas += 1)}`;

  return {
    port,
    connection: { host: "127.0.0.1", port, database, user, password },
    newSchema,
    openStore,
    createPlace(): Promise<StorePlace> {
      const schema = newSchema();
      return Promise.resolve({
        open: (settings) => openStore(schema, settings),
        remove: () => withClient((client) => client.query(`DROP SCHEMA ${schema} CASCADE`)).then(() => undefined),
      });
    },
    query: (sql, values = []) =>
      withClient(async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows),
    halt: () => server.stop(),
    resume: () => server.start(),
    close: () => server.remove(),
  };
}
