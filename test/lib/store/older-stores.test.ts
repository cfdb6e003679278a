// Stores that older versions wrote are opened, brought up to date and used; newer ones are refused.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { DatabaseSync } from "node:sqlite";
import { createContentProtection } from "../../../lib/crypto/content-protection.js";
import { parseKeyRing } from "../../../lib/crypto/key-ring.js";
import { verifyAudit } from "../../../lib/services/audit.js";
import type { MessageStore } from "../../../lib/store/message-store.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import { createSqliteMessageStore } from "../../../lib/store/sqlite/sqlite-message-store.js";
import { type PostgresServer, startPostgres } from "../../support/store/postgres-server.js";
import { acceptOne, outbound } from "../../support/store/sample-messages.js";
import { createFolder } from "../../support/store/sqlite-place.js";

const vectors = path.resolve(__dirname, "../../vectors/store");
const versions = fs.readdirSync(vectors).filter((name) => !name.endsWith(".md"));

interface DatabaseFixture {
  readonly statements: readonly string[];
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly rows: Readonly<Record<string, readonly unknown[]>>;
}

function protectionOf(version: string) {
  return createContentProtection(
    parseKeyRing(fs.readFileSync(path.join(vectors, version, "key.json"), "utf8")),
    randomBytes,
  );
}

const wroteAt = Date.UTC(2026, 0, 5, 9);

/** All that was written is there, can be read, found and worked on, and new work is taken. */
async function useStore(store: MessageStore): Promise<void> {
  const asked = await store.findByMessageId("outbound", "M-ASKED");
  const answer = await store.findByMessageId("inbound", "M-ANSWER");
  assert.ok(asked !== undefined && answer !== undefined);
  assert.deepEqual([asked.state, asked.answeredBy, answer.state], ["completed", answer.id, "delivered"]);
  const textOf = async (id: MessageRowId): Promise<string> => {
    const reading = await store.readContent(id);
    return reading.kind === "content" ? reading.bytes.toString() : reading.kind;
  };
  assert.deepEqual([await textOf(asked.id), await textOf(answer.id)], ["<question/>", "<answer/>"]);
  assert.equal((await store.readContext(asked.id))?.toString(), "context of the question");
  assert.deepEqual(
    (await store.list({ subject: "9990001014", direction: "outbound" }, 10)).messages.map(({ id }) => id),
    [asked.id],
  );
  const [first, second] = await Promise.all([1, 2].map((n) => store.findByMessageId("outbound", `M-FILE-${n}`)));
  assert.deepEqual([first?.state, first?.errorCode, first?.dealtWithAt], ["failed", "MESH_REFUSED", wroteAt + 3]);
  const due = { channel: "transport", direction: "outbound", states: ["queued"] } as const;
  const claimed = await store.claim({ ...due, owner: "new", leaseMilliseconds: 1000, limit: 5, now: wroteAt + 10 });
  assert.deepEqual(
    claimed.map(({ id }) => id),
    [second?.id],
    "the file behind the failed one is free",
  );
  assert.equal(await textOf(second?.id ?? assert.fail()), '<file n="2"/>');
  assert.equal(await store.nextNumber("cp-is upload RX1"), 3);
  const again = await store.acceptInbound({
    ...outbound({ messageId: "M-ANSWER", fromParty: "ZT7-900145", acceptedAt: wroteAt + 20 }),
    state: "received",
    bodyDigest: "digest",
    reply: { status: 200, contentType: "text/xml", body: Buffer.from("another") },
    duplicateUntil: wroteAt + 30,
  });
  assert.ok(again.kind === "duplicate" && again.reply.body.toString() === "<acknowledgment/>" && again.isSameBody);

  const verification = await verifyAudit(store);
  assert.ok(verification.kind === "intact" && verification.entries === 2, JSON.stringify(verification));
  assert.equal(await store.appendAudit({ at: wroteAt + 30, event: "query-asked" }), 3);
  assert.equal((await verifyAudit(store)).kind, "intact");
  assert.match((await store.readIdentity()).id, /^[0-9a-f]{12}$/);
  assert.equal((await store.readProgress()).auditHead.number, 3);
  const id = await acceptOne(store, outbound({ state: "completed", acceptedAt: wroteAt }));
  await store.prune([{ state: "completed", keepMilliseconds: 0 }], wroteAt + 1_000_000, 100);
  assert.equal(await store.findById(id), undefined);
  assert.equal((await store.findById(second?.id ?? assert.fail()))?.state, "queued", "what is not finished stays");
}

describe("a store that an older version wrote", () => {
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  it("is one of each version that there was, with the one of now among them", () => {
    assert.deepEqual(versions.sort(), ["0.1.0-schema-3", "schema-4", "schema-5"]);
  });

  for (const version of versions) {
    describe(`as ${version}`, () => {
      it("is opened, brought up to date and used, on SQLite", async () => {
        const folder = await createFolder();
        const bytes = fs.readFileSync(path.join(vectors, version, "messages.sqlite.gz"));
        fs.writeFileSync(path.join(folder, "messages.sqlite"), gunzipSync(bytes));
        const options = { folder, protection: protectionOf(version), now: () => wroteAt };
        const store = await createSqliteMessageStore(options);
        await useStore(store);
        await store.close();
        const again = await createSqliteMessageStore(options);
        assert.equal((await verifyAudit(again)).kind, "intact");
        await again.close();
        const database = new DatabaseSync(path.join(folder, "messages.sqlite"));
        assert.deepEqual(Object.values(database.prepare("PRAGMA integrity_check").get() ?? {}), ["ok"]);
        database.exec("PRAGMA user_version = 99");
        database.close();
        await assert.rejects(createSqliteMessageStore(options), { code: "STORE_SCHEMA_NEWER" });
        fs.rmSync(folder, { recursive: true });
      });

      it("is opened, brought up to date and used, on PostgreSQL", async () => {
        const packed = fs.readFileSync(path.join(vectors, version, "postgres.json.gz"));
        const fixture = JSON.parse(gunzipSync(packed).toString()) as DatabaseFixture;
        const schema = server.newSchema();
        const here = (sql: string): string => sql.replaceAll("cp_fixture", schema);
        for (const sql of fixture.statements.filter((text) => /^\s*(CREATE|ALTER)/.test(text)))
          await server.query(here(sql));
        const parentFirst = Object.keys(fixture.rows).sort((name) => (name === "message" ? -1 : 1));
        for (const table of parentFirst) {
          const columns = (fixture.columns[table] ?? []).join(", ");
          await server.query(
            `INSERT INTO ${schema}.${table} (${columns}) OVERRIDING SYSTEM VALUE
              SELECT ${columns} FROM jsonb_populate_recordset(NULL::${schema}.${table}, $1)`,
            [JSON.stringify(fixture.rows[table])],
          );
        }
        for (const table of ["message", "history"]) {
          await server.query(`SELECT setval('${schema}.${table}_id_seq', (SELECT max(id) FROM ${schema}.${table}))`);
        }
        const store = await server.openStore(schema, { protection: protectionOf(version) });
        try {
          await useStore(store);
        } finally {
          await store.close();
        }
        await server.query(`INSERT INTO ${schema}.schema_version VALUES (99)`);
        await assert.rejects(server.openStore(schema, { protection: protectionOf(version) }), {
          code: "STORE_SCHEMA_NEWER",
        });
      });
    });
  }
});
