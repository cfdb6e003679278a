// Where the store of a crash test lies: a folder for one process, a PostgreSQL for several.
import path from "node:path";
import type { PostgresServer } from "../store/postgres-server.js";
import type { ChildStore } from "./child-messages.js";

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

/** For one process at a time. */
export function sqliteStore(folder: string): ChildStore {
  return { kind: "sqlite", folder: path.join(folder, "store") };
}
