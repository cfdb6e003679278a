// Reads the URL of a PostgreSQL database; never repeats any of it, since it holds a password.
import net from "node:net";
import { CpisError } from "../../lib/errors.js";
import type { DatabaseAddress } from "../adapter/stores/store-settings.js";
import type { Words } from "../adapter/runtime/words.js";

const defaultPort = 5432;
const knownParameters: ReadonlySet<string> = new Set(["sslmode", "sslrootcert"]);

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (net.isIPv4(host) && host.startsWith("127."));
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // Its error quotes the text.
    return undefined;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readTls(parameters: URLSearchParams, host: string, refuse: (key: string) => never): DatabaseAddress["tls"] {
  if ([...parameters.keys()].some((name) => !knownParameters.has(name))) refuse("error.databaseParameter");
  const mode = parameters.get("sslmode") ?? "verify-full";
  if (mode !== "disable" && mode !== "verify-full") refuse("error.databaseTls");
  if (mode === "disable" && !isLoopback(host)) refuse("error.databaseTls");
  if (mode === "disable") return false;
  const authorityFile = parameters.get("sslrootcert");
  return authorityFile === null ? {} : { authorityFile };
}

/** postgres://user:password@host:port/database, with sslmode and sslrootcert as libpq knows them. Throws CONFIG_INVALID. */
export function readDatabaseAddress(text: string, words: Words): DatabaseAddress {
  const refuse = (key: string): never => {
    throw new CpisError("CONFIG_INVALID", { detail: words(key) });
  };
  const url = parseUrl(text);
  if (url === undefined || !["postgres:", "postgresql:"].includes(url.protocol)) return refuse("error.databaseUrl");
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decode);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || !user || !database || password === undefined) return refuse("error.databaseUrl");
  return {
    host,
    port: url.port === "" ? defaultPort : Number(url.port),
    database,
    user,
    ...(password === "" ? {} : { password }),
    tls: readTls(url.searchParams, host, refuse),
  };
}
