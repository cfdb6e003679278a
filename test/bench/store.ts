// Storing and claiming messages, beside the bare databases with content of the same size.
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Client } from "pg";
import { createContentProtection } from "../../lib/crypto/content-protection.js";
import { createKeyRing } from "../../lib/crypto/key-ring.js";
import type { NewOutboundMessage } from "../../lib/store/message-model.js";
import type { MessageStore } from "../../lib/store/message-store.js";
import { createSqliteMessageStore } from "../../lib/store/sqlite/sqlite-message-store.js";
import { startPostgres } from "../support/store/postgres-server.js";
import { median, row, type Row } from "./measure.js";

/** Many and short, in turns: the pace of a disk changes from second to second. */
const rounds = 15;
/** About the size of a query in its ebXML wrapper. */
const content = randomBytes(8000);
const protection = createContentProtection(createKeyRing(randomBytes), randomBytes);
let lastMessage = 0;

function message(): NewOutboundMessage {
  lastMessage += 1;
  return {
    channel: "transport",
    destination: "spine",
    isOrdered: false,
    interaction: "QUPC_IN000006GB01",
    service: "urn:nhs:names:services:cpisquery",
    messageId: `BENCH-${lastMessage}`,
    conversationId: `BENCH-${lastMessage}`,
    fromParty: "ZT7-900145",
    toParty: "ZSP-0000001",
    content,
    acceptedAt: 2_000_000_000_000 + lastMessage,
    subject: "9449305552",
  };
}

/** Milliseconds that the work takes. */
async function duration(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Medians of both, run in turns. */
async function inTurns(one: () => unknown, other: () => unknown): Promise<readonly [number, number]> {
  const times: readonly [number[], number[]] = [[], []];
  await one();
  await other();
  for (let round = 0; round < rounds; round += 1) {
    times[0].push(await duration(one));
    times[1].push(await duration(other));
  }
  return [median(times[0]), median(times[1])];
}

async function rates(
  measure: string,
  aim: string,
  count: number,
  ours: () => unknown,
  bare: () => unknown,
): Promise<Row> {
  const [oursTime, bareTime] = await inTurns(ours, bare);
  return row(measure, "per second", (count * 1000) / oursTime, (count * 1000) / bareTime, aim);
}

async function repeat(count: number, work: () => unknown): Promise<void> {
  for (let done = 0; done < count; done += 1) await work();
}

async function together(count: number, work: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

async function openSqlite(folder: string): Promise<MessageStore> {
  return createSqliteMessageStore({ folder, protection, now: () => 0 });
}

/** The same rows in the same tables, unsealed, by plain statements: one transaction and one sync for each message. */
async function createBareAccept(folder: string): Promise<{ accept(): void; close(): void }> {
  await (await openSqlite(folder)).close();
  const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
  database.exec("PRAGMA synchronous = FULL");
  const insertMessage = database.prepare(`INSERT INTO message (direction, state, channel, destination, is_ordered,
      is_blocked, interaction, service, message_id, conversation_id, from_party, to_party, subject_hash, created_at,
      updated_at, attempts, attributes, content_bytes)
    VALUES ('outbound', 'queued', 'transport', 'spine', 0, 0, 'QUPC_IN000006GB01', 'urn:nhs:names:services:cpisquery',
      ?1, ?1, 'ZT7-900145', 'ZSP-0000001', ?2, ?3, ?3, 0, '{}', 8000)`);
  const insertContent = database.prepare("INSERT INTO content (message_id, key_id, sealed) VALUES (?, 'bare', ?)");
  const insertHistory = database.prepare("INSERT INTO history (message_id, at, state) VALUES (?, ?, 'queued')");
  const subjectHash = "0".repeat(64);
  return {
    accept(): void {
      const { messageId, acceptedAt } = message();
      database.exec("BEGIN IMMEDIATE");
      const id = insertMessage.run(messageId, subjectHash, acceptedAt).lastInsertRowid;
      insertContent.run(id, content);
      insertHistory.run(id, acceptedAt);
      database.exec("COMMIT");
    },
    close: () => database.close(),
  };
}

async function measureAccepts(folder: string): Promise<readonly Row[]> {
  const store = await openSqlite(path.join(folder, "accepts"));
  const bare = await createBareAccept(path.join(folder, "bare"));
  const blobs = new DatabaseSync(path.join(folder, "blobs.sqlite"));
  blobs.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  blobs.exec("CREATE TABLE kept (id INTEGER PRIMARY KEY, body BLOB)");
  const insertBlob = blobs.prepare("INSERT INTO kept (body) VALUES (?)");
  const accept = (): Promise<unknown> => store.acceptOutbound([message()]);
  const atOnce = (): Promise<void> => repeat(2, () => together(50, accept));
  const oneByOne = (): Promise<void> => repeat(100, accept);
  const bareRows = (): Promise<void> => repeat(100, () => bare.accept());
  const bareBlobs = (): Promise<void> => repeat(100, () => insertBlob.run(content));
  const found = [
    await rates("SQLite: accept 8 kB, 50 at once / the same rows, a bare commit each", "0.8", 100, atOnce, bareRows),
    await rates(
      "SQLite: accept 8 kB, one by one / the same rows, a bare commit each",
      "none set",
      100,
      oneByOne,
      bareRows,
    ),
    await rates("SQLite: accept 8 kB, 50 at once / a bare commit of 8 kB each", "none set", 100, atOnce, bareBlobs),
  ];
  await store.close();
  bare.close();
  blobs.close();
  return found;
}

/** Finished messages with their side rows, written straight into the tables. */
async function fill(folder: string, count: number): Promise<void> {
  await (await openSqlite(folder)).close();
  const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
  const numbers = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})`;
  database.exec(`PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN;
    INSERT INTO message (direction, state, channel, destination, is_ordered, is_blocked, interaction, service,
      message_id, conversation_id, from_party, to_party, created_at, updated_at, attempts, attributes, content_bytes)
    ${numbers} SELECT CASE n % 2 WHEN 0 THEN 'outbound' ELSE 'inbound' END,
      CASE n % 2 WHEN 0 THEN 'completed' ELSE 'confirmed' END, 'transport', 'spine', 0, 0, 'QUPC_IN000006GB01',
      'urn:nhs:names:services:cpisquery', printf('%08X-STORED', (n * 2654435761) % 4294967296) || n,
      printf('C%08X', (n * 40503) % 4294967296), 'ZT7-900145', 'ZSP-0000001', 1000000000000 + n, 1000000000000 + n, 1,
      '{}', 200 FROM n;
    INSERT INTO content (message_id, key_id, sealed) SELECT id, '${protection.keyId}', randomblob(200) FROM message;
    INSERT INTO history (message_id, at, state) SELECT id, created_at, state FROM message;
    COMMIT;`);
  database.close();
}

/** Milliseconds of one claim of ten, which are given back after. */
async function claimTime(store: MessageStore): Promise<number> {
  const claim = { channel: "transport", direction: "outbound", states: ["queued", "sending"], owner: "bench" } as const;
  const start = performance.now();
  const claimed = await store.claim({ ...claim, leaseMilliseconds: 30_000, limit: 10, now: 3_000_000_000_000 });
  const time = performance.now() - start;
  if (claimed.length < 10) throw new Error("there is too little work to claim");
  await Promise.all(claimed.map(({ id }) => store.releaseLease({ id, owner: "bench" })));
  return time;
}

async function measureMany(folder: string): Promise<readonly Row[]> {
  const [few, many] = [path.join(folder, "few"), path.join(folder, "many")];
  await fill(few, 1000);
  await fill(many, 1_000_000);
  const starts: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    let opened: MessageStore | undefined;
    starts.push(
      await duration(async () => {
        opened = await openSqlite(many);
        await opened.health();
      }),
    );
    await opened?.close();
  }
  const stores = [await openSqlite(many), await openSqlite(few)] as const;
  for (const store of stores) await store.acceptOutbound(Array.from({ length: 500 }, message));
  const times: readonly [number[], number[]] = [[], []];
  for (let turn = 0; turn < 1000; turn += 1) {
    times[0].push(await claimTime(stores[0]));
    times[1].push(await claimTime(stores[1]));
  }
  for (const store of stores) await store.close();
  const milliseconds = "milliseconds";
  return [
    row(
      "SQLite: claim 10 with 1,000,000 stored / with 1,000",
      milliseconds,
      median(times[0]),
      median(times[1]),
      "at most 1.2",
    ),
    row("SQLite: start with 1,000,000 stored / the limit", milliseconds, median(starts), 2000, "below 1"),
  ];
}

/** The statements that accepting makes, typed out, with a table of the same shape and the same sealing left out. */
async function bareAccept(client: Client, schema: string): Promise<void> {
  lastMessage += 1;
  await client.query("BEGIN");
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO ${schema}.message (direction, state, channel, destination, is_ordered, is_blocked, interaction,
      service, message_id, conversation_id, from_party, to_party, subject_hash, created_at, updated_at, attempts,
      attributes, content_bytes) VALUES ('outbound', 'queued', 'bare', 'spine', 0, 0, 'QUPC_IN000006GB01', 'service',
      $1, $1, 'ZT7-900145', 'ZSP-0000001', $2, 1, 1, 0, '{}', 8000) RETURNING id`,
    [`BARE-${lastMessage}`, "0".repeat(64)],
  );
  const id = rows[0]?.id;
  await client.query(`INSERT INTO ${schema}.content (message_id, key_id, sealed) VALUES ($1, 'bare', $2)`, [
    id,
    content,
  ]);
  await client.query(`INSERT INTO ${schema}.history (message_id, at, state) VALUES ($1, 1, 'queued')`, [id]);
  await client.query("SELECT pg_notify($1, $2)", [`${schema}_bare`, "{}"]);
  await client.query("COMMIT");
}

async function bareClaimAndFinish(client: Client, schema: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += 10) {
    const { rows } = await client.query<{ id: string }>(
      `WITH due AS (SELECT id FROM ${schema}.message WHERE channel = 'bare' AND direction = 'outbound'
          AND state = 'queued' AND due_at <= $1 AND is_finished = 0 AND is_blocked = 0
          ORDER BY due_at, id LIMIT 10 FOR UPDATE SKIP LOCKED)
        UPDATE ${schema}.message SET lease_owner = 'bench', lease_until = $2
        WHERE id = ANY (ARRAY(SELECT id FROM due)) RETURNING *`,
      [3_000_000_000_000, 3_000_000_030_000],
    );
    for (const { id } of rows) {
      await client.query("BEGIN");
      await client.query(`SELECT state FROM ${schema}.message WHERE id = $1`, [id]);
      await client.query(
        `UPDATE ${schema}.message SET state = 'completed', lease_owner = NULL, lease_until = NULL
        WHERE id = $1 AND state IN ('queued') RETURNING id`,
        [id],
      );
      await client.query(`INSERT INTO ${schema}.history (message_id, at, state) VALUES ($1, 1, 'completed')`, [id]);
      await client.query("COMMIT");
    }
  }
}

async function claimAndFinishOneByOne(store: MessageStore, count: number): Promise<void> {
  const claim = { channel: "transport", direction: "outbound", states: ["queued"], owner: "bench", limit: 10 } as const;
  for (let done = 0; done < count; done += 10) {
    for (const { id } of await store.claim({ ...claim, leaseMilliseconds: 30_000, now: 3_000_000_000_000 })) {
      await store.transition({ id, from: ["queued"], to: "completed", at: 3_000_000_000_000 });
    }
  }
}

async function measurePostgres(): Promise<readonly Row[]> {
  const { Client: PostgresClient } = await import("pg");
  const server = await startPostgres();
  const schema = server.newSchema();
  const store = await server.openStore(schema, { protection });
  const client = new PostgresClient(server.connection);
  await client.connect();
  const count = 100;
  const accepts = await rates(
    "PostgreSQL: accept 8 kB, sealed / the same statements by bare pg",
    "none set",
    count,
    () => repeat(count, () => store.acceptOutbound([message()])),
    () => repeat(count, () => bareAccept(client, schema)),
  );
  const work = await rates(
    "PostgreSQL: claim by ten and finish / the same statements by bare pg",
    "none set",
    count,
    () => claimAndFinishOneByOne(store, count),
    () => bareClaimAndFinish(client, schema, count),
  );
  await store.close();
  await client.end();
  await server.close();
  return [accepts, work];
}

export async function measureStore(): Promise<readonly Row[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-bench-"));
  try {
    return [...(await measureAccepts(folder)), ...(await measureMany(folder)), ...(await measurePostgres())];
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}
