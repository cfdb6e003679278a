// A process with folders on a disk of its own that it fills, empties and makes read-only, while a mailbox works there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { createFolderMailbox } from "../../../lib/mesh/folders/folder-mailbox.js";
import type { MeshMailbox } from "../../../lib/mesh/model.js";
import { until } from "../mhs/durable-exchange.js";
import { createSqlitePlace } from "../store/sqlite-place.js";
import { exampleScope, outboundFile } from "./sample-files.js";

function run(command: string, ...parameters: readonly string[]): void {
  assert.equal(spawnSync(command, parameters).status, 0, command);
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

async function untilPolled(mailbox: MeshMailbox, times: number): Promise<void> {
  let count = 0;
  mailbox.events.on("polled", () => void (count += 1));
  await until(() => count >= times);
}

async function main(root: string): Promise<void> {
  run("mount", "-t", "tmpfs", "-o", "size=256k", "none", root);
  for (const name of ["IN", "OUT", "SENT"]) await fs.mkdir(path.join(root, name));
  const place = await createSqlitePlace();
  const store = await place.open();
  const mailbox = createFolderMailbox({
    root,
    mailbox: "ZT7OT001",
    store,
    channel: "mesh",
    owner: "owner",
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
  const inOut = async (): Promise<number> => (await fs.readdir(path.join(root, "OUT"))).length;
  await mailbox.start();

  await fill(path.join(root, "filler"));
  await mailbox.send(outboundFile({}, "x".repeat(20_000)));
  await until(() => log.length === 1);
  // Told once, however often it is tried.
  await untilPolled(mailbox, 3);
  await until(async () => (await fs.readdir(path.join(root, "cpis-staging"))).length === 0);
  await fs.rm(path.join(root, "filler"));
  await until(async () => (await inOut()) === 2 && log.length === 2);

  run("mount", "-o", "remount,ro", root);
  await mailbox.send(outboundFile());
  await until(() => log.length === 3);
  run("mount", "-o", "remount,rw", root);
  await until(async () => (await inOut()) === 4 && log.length === 4);

  await mailbox.close();
  await store.close();
  await place.remove();
  process.stdout.write(JSON.stringify(log));
}

void main(process.argv[2] ?? "");
