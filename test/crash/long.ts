// The long form of the crash test, by hand: node --import tsx test/crash/long.ts [seed] [messages] [kills] [instances]
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { compareRun } from "./compare-run.js";
import { runCrashes } from "./crash-run.js";
import { openScene } from "./crash-scene.js";
import { openStorePlace } from "./store-place.js";

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  const [seed = Date.now() % 1_000_000, messages = 10_000, kills = 200, instances = 1] = process.argv
    .slice(2)
    .map(Number);
  say(`seed ${seed}: ${messages} outbound and ${messages} inbound messages, ${kills} kills, ${instances} processes`);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-crash-"));
  const place = await openStorePlace(instances, folder);
  const scene = await openScene({
    folder,
    seed,
    store: place.store,
    leaseMilliseconds: 1000,
    outbound: messages,
  });
  const startedAt = Date.now();
  try {
    const journal = await runCrashes({ seed, outbound: messages, inbound: messages, kills, instances }, scene);
    const seconds = (Date.now() - startedAt) / 1000;
    const { problems, ...figures } = await compareRun(journal, scene);
    const sends = [...journal.acknowledged.values()].reduce((sum, attempts) => sum + attempts, 0);
    say(JSON.stringify({ kills: journal.kills, killsAtStart: journal.killsAtStart, ...figures, inboundSends: sends }));
    say(`${seconds.toFixed(0)} s, complaints ${journal.complaints.length}`);
    for (const complaint of new Set(journal.complaints)) say(complaint);
    say(problems.length === 0 ? "none lost, none twice" : problems.slice(0, 50).join("\n"));
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await scene.close();
    await place.close();
    await fs.rm(folder, { recursive: true });
  }
}

void main();
