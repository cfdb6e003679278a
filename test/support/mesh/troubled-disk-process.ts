// A process whose mailbox works over folders on a disk that is full or may not be written; it tells what the mailbox said.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { createFolderMailbox } from "../../../lib/mesh/folders/folder-mailbox.js";
import type { MeshMailbox } from "../../../lib/mesh/model.js";
import { createPostgresMessageStore } from "../../../lib/store/postgres/postgres-message-store.js";
import { until } from "../mhs/durable-exchange.js";
import type { Account } from "../store/lesser-account.js";
import { createTestProtection } from "../store/sample-messages.js";
import { exampleScope, largeContent, outboundFile } from "./sample-files.js";

/** Each is one process. The disk of the first three is full only for it: no file of it may become large. */
export type Trouble = "limited" | "after-limit" | "read-only" | "small-disk";

export interface TroubledDisk {
  readonly trouble: Trouble;
  readonly root: string;
  /** A user to whom permissions apply, when the process is root's. */
  readonly account?: Account;
  /** The store is in another process: neither the limit nor the permissions are its own. */
  readonly store: Omit<Parameters<typeof createPostgresMessageStore>[0], "protection">;
}

/** Its pair of files is larger than the limit that `limited` is run with. */
const largeFile = (): ReturnType<typeof outboundFile> => outboundFile({}, largeContent(8_000_000));

interface Scene {
  readonly root: string;
  readonly mailbox: MeshMailbox;
  readonly log: readonly string[];
  readonly list: (folder: string) => Promise<readonly string[]>;
}

function run(command: string, ...parameters: readonly string[]): void {
  assert.equal(spawnSync(command, parameters).status, 0, command);
}

async function untilPolled(mailbox: MeshMailbox, times: number): Promise<void> {
  let count = 0;
  mailbox.events.on("polled", () => void (count += 1));
  await until(() => count >= times);
}

async function fill(file: string): Promise<void> {
  for (;;) {
    try {
      await fs.appendFile(file, Buffer.alloc(4096));
    } catch {
      return;
    }
  }
}

/** Told once, however often it is tried; and nothing stays of the tries that would keep the disk full. */
async function untilFull({ mailbox, log, list }: Scene): Promise<void> {
  await until(() => log.length === 1);
  await untilPolled(mailbox, 3);
  await until(async () => (await list("cpis-staging")).length === 0);
}

const acts: Readonly<Record<Trouble, (scene: Scene) => Promise<void>>> = {
  async limited(scene) {
    await scene.mailbox.send(largeFile());
    await untilFull(scene);
  },
  async "after-limit"({ list }) {
    await until(async () => (await list("OUT")).length === 2);
  },
  async "read-only"({ root, mailbox, log, list }) {
    const folders = ["OUT", "cpis-staging"].map((name) => path.join(root, name));
    for (const folder of folders) await fs.chmod(folder, 0o500);
    await mailbox.send(outboundFile());
    await until(() => log.length === 1);
    for (const folder of folders) await fs.chmod(folder, 0o700);
    await until(async () => (await list("OUT")).length === 2 && log.length === 2);
  },
  async "small-disk"(scene) {
    const { root, mailbox, log, list } = scene;
    const filler = path.join(root, "filler");
    await fill(filler);
    await mailbox.send(outboundFile({}, "x".repeat(20_000)));
    await untilFull(scene);
    await fs.rm(filler);
    await until(async () => (await list("OUT")).length === 2 && log.length === 2);
    run("mount", "-o", "remount,ro", root);
    await mailbox.send(outboundFile());
    await until(() => log.length === 3);
    run("mount", "-o", "remount,rw", root);
    await until(async () => (await list("OUT")).length === 4 && log.length === 4);
  },
};

async function main({ trouble, root, account, store: place }: TroubledDisk): Promise<void> {
  if (trouble === "small-disk") run("mount", "-t", "tmpfs", "-o", "size=256k", "none", root);
  const store = await createPostgresMessageStore({ ...place, protection: createTestProtection() });
  if (account !== undefined) {
    process.setegid?.(account.gid);
    process.seteuid?.(account.uid);
  }
  // Without this the system ends a process that writes past its limit, and no error is seen.
  if (trouble === "limited") process.on("SIGXFSZ", () => undefined);
  for (const name of ["IN", "OUT", "SENT"]) await fs.mkdir(path.join(root, name), { recursive: true });
  const mailbox = createFolderMailbox({
    root,
    mailbox: "ZT7OT001",
    store,
    channel: "mesh",
    owner: `owner ${trouble}`,
    scope: exampleScope,
    knownRoots: [],
    effects: { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() },
    scanMilliseconds: 30,
    stableMilliseconds: 5,
  });
  const log: string[] = [];
  mailbox.events.on("unreachable", ({ code }) => log.push(code));
  mailbox.events.on("reachable", () => log.push("reachable"));
  mailbox.events.on("warning", ({ message }) => log.push(message));
  await mailbox.start();
  await acts[trouble]({ root, mailbox, log, list: (folder) => fs.readdir(path.join(root, folder)) });
  await mailbox.close();
  await store.close();
  process.stdout.write(JSON.stringify(log));
}

void main(JSON.parse(process.argv[2] ?? "") as TroubledDisk);
