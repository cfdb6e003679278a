// Where the store of a crash test lies: a folder for one process, a PostgreSQL for several.
import path from "node:path";
import { startPostgres, type PostgresServer } from "../lib/store/postgres-server.js";
import type { ChildStore } from "./child-messages.js";

export interface StorePlace {
  readonly store: ChildStore;
  close(): Promise<void>;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new Error("the connection to PostgreSQL is not given as text");
  return value;
}

/** A new schema on a server that is running. */
export function postgresStore(server: PostgresServer): ChildStore {
  const { database, user, password } = server.connection;
  return {
    kind: "postgres",
    host: "127.0.0.1",
    port: server.port,
    database: textOf(database),
    user: textOf(user),
    password: textOf(password),
    schema: server.newSchema(),
  };
}

export async function openStorePlace(instances: number, folder: string): Promise<StorePlace> {
  if (instances === 1) {
    return { store: { kind: "sqlite", folder: path.join(folder, "store") }, close: () => Promise.resolve() };
  }
  const server = await startPostgres();
  return { store: postgresStore(server), close: () => server.close() };
}
