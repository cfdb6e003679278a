// The long form of the crash test, by hand: node --import tsx test/bench/crash.ts [seed] [messages] [kills] [instances]
import { startPostgres } from "../support/store/postgres-server.js";
import { compareRun } from "../support/crash/compare-run.js";
import { runCrashes, type CrashPlan } from "../support/crash/crash-run.js";
import { withScene, type CrashScene } from "../support/crash/crash-scene.js";
import { postgresStore, sqliteStore } from "../support/crash/store-place.js";

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function run(plan: CrashPlan, scene: CrashScene): Promise<void> {
  const startedAt = Date.now();
  const journal = await runCrashes(plan, scene);
  const seconds = (Date.now() - startedAt) / 1000;
  const { problems, ...figures } = await compareRun(journal, scene);
  const sends = [...journal.acknowledged.values()].reduce((sum, attempts) => sum + attempts, 0);
  say(JSON.stringify({ kills: journal.kills, killsAtStart: journal.killsAtStart, ...figures, inboundSends: sends }));
  say(`${seconds.toFixed(0)} s, complaints ${journal.complaints.length}`);
  for (const complaint of new Set(journal.complaints)) say(complaint);
  say(problems.length === 0 ? "none lost, none twice" : problems.slice(0, 50).join("\n"));
  process.exitCode = problems.length === 0 ? 0 : 1;
}

/** One process works on an embedded store, several share a PostgreSQL. */
async function main(): Promise<void> {
  const [seed = Date.now() % 1_000_000, messages = 10_000, kills = 200, instances = 1] = process.argv
    .slice(2)
    .map(Number);
  say(`seed ${seed}: ${messages} outbound and ${messages} inbound messages, ${kills} kills, ${instances} processes`);
  const plan: CrashPlan = { seed, outbound: messages, inbound: messages, kills, instances };
  if (instances === 1) return withScene({ seed, store: sqliteStore }, (scene) => run(plan, scene));
  const server = await startPostgres();
  try {
    await withScene({ seed, store: () => postgresStore(server) }, (scene) => run(plan, scene));
  } finally {
    await server.close();
  }
}

void main();
