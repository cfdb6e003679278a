// Pages of the message log with a million stored messages, beside the same question put to bare SQLite.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createContentProtection } from "../../lib/crypto/content-protection.js";
import { createKeyRing } from "../../lib/crypto/key-ring.js";
import type { LogFilter } from "../../lib/services/message-log/message-log-model.js";
import { createMessageLog, type MessageLog } from "../../lib/services/message-log/message-log.js";
import { readOverview } from "../../lib/services/overview.js";
import type { MessageStore } from "../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../lib/store/sqlite/sqlite-message-store.js";
import { median, row, type Row } from "./measure.js";

const count = 1_000_000;
const pageSize = 50;
const turns = 1000;
/** The newest message; the oldest is a day older. */
const now = 1_800_000_000_000;
const dayMilliseconds = 86_400_000;
const subject = "9449305552";
const protection = createContentProtection(createKeyRing(randomBytes), randomBytes);

interface Question {
  readonly name: string;
  readonly filter: LogFilter;
  /** What a person would type into a shell. */
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

const newest = `ORDER BY created_at DESC, id DESC LIMIT ${pageSize + 1}`;
const questions: readonly Question[] = [
  {
    name: "first page of today",
    filter: { from: now - dayMilliseconds / 2 },
    sql: `SELECT * FROM message WHERE created_at >= ? ${newest}`,
    parameters: [now - dayMilliseconds / 2],
  },
  {
    name: "page of failed messages",
    filter: { states: ["failed"] },
    sql: `SELECT * FROM message WHERE state = ? ${newest}`,
    parameters: ["failed"],
  },
  {
    name: "page of one error code of today",
    filter: { errorCode: "EBXML_REFUSED", from: now - dayMilliseconds / 2 },
    sql: `SELECT * FROM message WHERE error_code = ? AND created_at >= ? ${newest}`,
    parameters: ["EBXML_REFUSED", now - dayMilliseconds / 2],
  },
  {
    name: "page of one NHS number",
    filter: { nhsNumber: subject },
    sql: `SELECT * FROM message WHERE subject_hash = ? ${newest}`,
    parameters: [protection.hash(subject)],
  },
];

/** One message in a hundred has failed, one in five hundred is about the child that is looked for. */
async function fill(folder: string): Promise<void> {
  const store = await createSqliteMessageStore({ folder, protection, now: () => 0 });
  await store.close();
  const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
  const numbers = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})`;
  const at = `${now - dayMilliseconds} + n * ${dayMilliseconds / count}`;
  database.exec(`PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN;
    INSERT INTO message (direction, state, channel, destination, is_ordered, is_blocked, interaction, service,
      message_id, conversation_id, from_party, to_party, subject_hash, created_at, updated_at, attempts,
      acknowledged_at, error_code, attributes, content_bytes)
    ${numbers} SELECT CASE n % 2 WHEN 0 THEN 'outbound' ELSE 'inbound' END,
      CASE WHEN n % 100 = 0 THEN 'failed' WHEN n % 2 = 0 THEN 'completed' ELSE 'confirmed' END, 'transport', 'spine',
      0, 0, CASE n % 2 WHEN 0 THEN 'QUPC_IN000006GB01' ELSE 'REPC_IN000007GB01' END,
      'urn:nhs:names:services:cpisquery', printf('%08X-STORED', (n * 2654435761) % 4294967296) || n,
      printf('C%08X', (n * 40503) % 4294967296), 'ZT7-900145', 'ZSP-0000001',
      CASE n % 500 WHEN 0 THEN '${protection.hash(subject)}' ELSE printf('%064X', (n * 2654435761) % 4294967296) END,
      CAST(${at} AS INTEGER), CAST(${at} AS INTEGER) + 500, 1, CAST(${at} AS INTEGER) + n % 900,
      CASE WHEN n % 100 = 0 THEN CASE n % 300 WHEN 0 THEN 'EBXML_REFUSED' ELSE 'CPIS_TIMEOUT' END END, '{}', 200 FROM n;
    COMMIT;`);
  database.close();
}

async function duration(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measureQuestion(log: MessageLog, bare: DatabaseSync, question: Question): Promise<Row> {
  const statement = bare.prepare(question.sql);
  const ours = (): Promise<unknown> => log.list(question.filter, pageSize);
  const theirs = (): unknown => statement.all(...question.parameters);
  const { messages } = await log.list(question.filter, pageSize);
  if (messages.length !== pageSize) throw new Error(`${question.name}: ${messages.length} messages`);
  for (let turn = 0; turn < turns; turn += 1) {
    await ours();
    theirs();
  }
  const times: readonly [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    times[0].push(await duration(ours));
    times[1].push(await duration(theirs));
  }
  const name = `message log: ${question.name}, 1,000,000 stored`;
  return row(name, "milliseconds", median(times[0]), median(times[1]), "at most 1.5");
}

async function measureOverview(store: MessageStore): Promise<Row> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) times.push(await duration(() => readOverview(store, now)));
  const name = "message log: overview of a day with 1,000,000 / the limit";
  return row(name, "milliseconds", median(times), 1000, "below 1");
}

export async function measureMessageLog(): Promise<readonly Row[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-bench-log-"));
  try {
    await fill(folder);
    const bare = new DatabaseSync(path.join(folder, "messages.sqlite"), { readOnly: true });
    bare.exec("PRAGMA cache_size = -16000");
    const store = await createSqliteMessageStore({ folder, protection, now: () => 0 });
    const log = createMessageLog({ store, now: () => now });
    const rows: Row[] = [];
    for (const question of questions) rows.push(await measureQuestion(log, bare, question));
    rows.push(await measureOverview(store));
    await store.close();
    bare.close();
    return rows;
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}
