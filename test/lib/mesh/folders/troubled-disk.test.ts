// Tests of a mailbox over folders on a disk that is full, or that may not be written.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import type { Trouble, TroubledDisk } from "../../../support/mesh/troubled-disk-process.js";
import { lesserAccount, makeFolderFor } from "../../../support/store/lesser-account.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";

const program = path.join(__dirname, "../../../support/mesh/troubled-disk-process.ts");
/** A disk of one's own needs a namespace for mounts, which only root has, and not in every container. */
const ownMounts = ["unshare", "--mount"];
/** In blocks of 512 or 1,024 bytes, as the shell has it. */
const limitedFiles = ["sh", "-c", 'ulimit -f 2048; exec "$0" "$@"'];

describe("a mailbox over folders on a troubled disk", () => {
  const account = lesserAccount();
  let postgres: PostgresServer | undefined;
  let schema: string;
  let root: string;

  before(async function () {
    if (process.platform === "win32") this.skip();
    postgres = await startPostgres();
  });
  after(async () => postgres?.close());
  beforeEach(async () => {
    schema = postgres!.newSchema();
    root = await makeFolderFor(account, "cp-is-disk-");
  });
  afterEach(async () => fs.rm(root, { recursive: true }));

  async function live(trouble: Trouble, under: readonly string[], asRoot = false): Promise<unknown> {
    const { host, port, database, user, password } = postgres!.connection;
    const store = { host, port, database, user, password, tls: false, schema, maximumConnections: 4 };
    const disk = { trouble, root, store, ...(account === undefined || asRoot ? {} : { account }) };
    const settings = JSON.stringify(disk satisfies Partial<Record<keyof TroubledDisk, unknown>>);
    const node = [process.execPath, "--require", "tsx/cjs", program, settings];
    const [command = "", ...rest] = [...under, ...node];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const said = { out: "", error: "" };
    child.stdout.on("data", (text) => (said.out += String(text)));
    child.stderr.on("data", (text) => (said.error += String(text)));
    await once(child, "close");
    assert.equal(child.exitCode, 0, `${child.signalCode ?? ""} ${said.error}`);
    return JSON.parse(said.out);
  }

  it("keeps what is too large for it while no room is left, and sends it afterwards", async () => {
    assert.deepEqual(await live("limited", limitedFiles), ["MESH_FOLDER_FULL"]);
    assert.deepEqual(await live("after-limit", []), []);
  });

  it("keeps what is to be sent while it may not be written, and sends it afterwards", async () => {
    assert.deepEqual(await live("read-only", []), ["MESH_FOLDER_DENIED", "reachable"]);
  });

  it("does both on a small disk of its own, where root may mount one", async function () {
    if (account === undefined || spawnSync("unshare", ["--mount", "true"]).status !== 0) this.skip();
    const expected = ["MESH_FOLDER_FULL", "reachable", "MESH_FOLDER_DENIED", "reachable"];
    assert.deepEqual(await live("small-disk", ownMounts, true), expected);
  });
});
