// Holds what several instances on one PostgreSQL rely on: shared work, take-over, wake-ups, and a server that goes.
import assert from "node:assert/strict";
import {
  createPostgresDialect,
  createPostgresMessageStore,
} from "../../../../lib/store/postgres/postgres-message-store.js";
import type { MessageStore, StoreEvent } from "../../../../lib/store/message-store.js";
import { askedStatements } from "../../../support/store/explained.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";
import {
  acceptNew,
  acceptOne,
  claimIds,
  createTestProtection,
  inbound,
  outbound,
} from "../../../support/store/sample-messages.js";

describe("instances on one PostgreSQL", () => {
  let server: PostgresServer;
  let schema: string;
  let stores: MessageStore[];

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  beforeEach(() => {
    schema = server.newSchema();
    stores = [];
  });

  afterEach(() => Promise.all(stores.map((store) => store.close())));

  async function open(): Promise<MessageStore> {
    const store = await server.openStore(schema);
    stores.push(store);
    return store;
  }

  async function openThree(): Promise<readonly [MessageStore, MessageStore, MessageStore]> {
    return Promise.all([open(), open(), open()]);
  }

  /** Fulfilled by the first event of the kind; later ones are not looked at. */
  function heard(store: MessageStore, kind: StoreEvent["kind"]): Promise<StoreEvent> {
    return new Promise((resolve) => {
      const end = store.subscribe((event) => {
        if (event.kind !== kind) return;
        end();
        resolve(event);
      });
    });
  }

  it("may all start at once on an empty database: one makes the schema", async () => {
    const [one, two] = await openThree();
    const id = await acceptOne(one, outbound());
    assert.equal((await two.findById(id))?.id, id);
  });

  it("never get the same message, however they claim, and miss none", async () => {
    const all = await openThree();
    const ids = await all[0].acceptOutbound(Array.from({ length: 90 }, () => outbound()));
    const drain = async (store: MessageStore, owner: string): Promise<readonly number[]> => {
      const taken: number[] = [];
      for (let empty = 0; empty < 3;) {
        const claimed = await claimIds(store, { owner, limit: 4 });
        taken.push(...claimed);
        empty = claimed.length === 0 ? empty + 1 : 0;
      }
      return taken;
    };
    const drained = await Promise.all(
      all.flatMap((store, index) => [drain(store, `a${index}`), drain(store, `b${index}`)]),
    );
    assert.deepEqual(
      drained.flat().sort((one, other) => one - other),
      ids,
    );
  });

  it("write one audit, whose chain never forks, and no other hand can change it", async () => {
    const all = await openThree();
    await Promise.all(
      all.flatMap((store) => Array.from({ length: 10 }, (_, at) => store.appendAudit({ at, event: "query-asked" }))),
    );
    const entries = await all[0].readAudit(0, 100);
    assert.deepEqual(
      entries.map(({ number }) => number),
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
    const previous = [undefined, ...entries.map(({ hash }) => hash)];
    entries.slice(1).forEach((entry, index) => assert.equal(entry.previousHash, previous[index + 1]));
    for (const change of [`UPDATE ${schema}.audit SET code = 'X'`, `DELETE FROM ${schema}.audit`]) {
      await assert.rejects(server.query(change), /append-only/);
    }
    await assert.rejects(server.query(`TRUNCATE ${schema}.audit`), /append-only/);
  });

  it("take over the work of one that is gone when its lease ends, and its late word counts no more", async () => {
    const [dead, alive] = await openThree();
    const id = await acceptOne(dead, outbound());
    await claimIds(dead, { owner: "dead", now: 2000 });
    assert.deepEqual(await claimIds(alive, { owner: "alive", now: 2999 }), []);
    assert.deepEqual(await claimIds(alive, { owner: "alive", now: 3000 }), [id]);
    const late = await dead.transition({ id, from: ["queued"], to: "completed", at: 3100, owner: "dead" });
    assert.equal(late, "lease-lost");
    assert.equal(await dead.renewLease({ id, owner: "dead", until: 9000 }), "lease-lost");
  });

  it("keep the order of a destination that all of them fill and empty", async () => {
    const all = await openThree();
    const accepted = all.flatMap((store) =>
      Array.from({ length: 8 }, () => acceptOne(store, outbound({ isOrdered: true }))),
    );
    const done: number[] = [];
    const drain = async (store: MessageStore, owner: string): Promise<void> => {
      for (let rounds = 0; done.length < accepted.length && rounds < 500; rounds += 1) {
        for (const id of await claimIds(store, { owner })) {
          done.push(id);
          assert.equal(await store.transition({ id, from: ["queued"], to: "completed", at: 1, owner }), "done");
        }
      }
    };
    await Promise.all(all.map((store, index) => drain(store, `owner ${index}`)));
    const ids = await Promise.all(accepted);
    assert.deepEqual(
      done,
      ids.sort((one, other) => one - other),
    );
  });

  it("accept one of the copies that reach them at once, and answer all alike", async () => {
    const all = await openThree();
    const message = inbound();
    const copies = all.map((store, index) =>
      store.acceptInbound({ ...message, reply: { ...message.reply, body: Buffer.from(`instance ${index}`) } }),
    );
    const outcomes = await Promise.all(copies);
    const winner = outcomes.findIndex(({ kind }) => kind === "accepted");
    const replies = outcomes.flatMap((outcome) =>
      outcome.kind === "duplicate" ? [outcome.reply.body.toString()] : [],
    );
    assert.deepEqual(replies, Array(2).fill(`instance ${winner}`));
  });

  it("let only one answer finish a message, whichever instance it reaches", async () => {
    const all = await openThree();
    const id = await acceptOne(all[0], outbound({ state: "awaiting-response" }));
    const answers = await Promise.all(all.map((store) => store.acceptInbound(inbound({ answers: { id } }))));
    const outcomes = answers.map((acceptance) => acceptance.kind === "accepted" && acceptance.answer);
    assert.deepEqual(outcomes.sort(), ["answered", "conflicting", "conflicting"]);
  });

  it("wake the one that waits when the answer reaches another", async () => {
    const [asking, answering] = await openThree();
    const message = outbound({ state: "awaiting-response" });
    const id = await acceptOne(asking, message);
    const wakeUp = heard(asking, "answered");
    await acceptNew(answering, inbound({ answers: { id } }));
    const { channel, messageId } = message;
    assert.deepEqual(await wakeUp, { kind: "answered", channel, messageId, id });
  });

  it("do not stumble over a notification that is not theirs", async () => {
    const [one] = await openThree();
    for (const payload of ["not json", "{}", "[]", '{"kind":"work"}']) {
      await server.query("SELECT pg_notify($1, $2)", [`${schema}_events`, payload]);
    }
    const event = heard(one, "work");
    await acceptOne(one, outbound());
    assert.deepEqual(await event, { kind: "work", channel: "transport", direction: "outbound" });
  });

  it("refuse a schema of a newer version", async () => {
    await (await open()).close();
    await server.query(`INSERT INTO ${schema}.schema_version (version) VALUES (99)`);
    await assert.rejects(server.openStore(schema), { code: "STORE_SCHEMA_NEWER", detail: "version 99, known 5" });
  });

  it("say at once what waiting cannot mend: a wrong password, a name that is no schema's", async () => {
    const options = {
      host: "127.0.0.1",
      port: server.port,
      database: "messages",
      user: "postgres",
      tls: false as const,
    };
    const wrong = { ...options, password: "wrong", protection: createTestProtection() };
    await assert.rejects(createPostgresMessageStore(wrong), { code: "STORE_ACCESS_DENIED", retryable: false });
    await assert.rejects(createPostgresMessageStore({ ...wrong, schema: "x; DROP" }), { code: "CONFIG_INVALID" });
  });

  it("commit to disk even where the server was set not to wait for it", async () => {
    await server.query("ALTER DATABASE messages SET synchronous_commit = off");
    try {
      const store = await open();
      const seen: unknown[] = [];
      const protection = createTestProtection();
      await acceptOne(store, outbound());
      await server.query(`CREATE FUNCTION ${schema}.note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE ${schema}.sequence SET name = current_setting('synchronous_commit'); RETURN NEW; END $$`);
      await server.query(
        `CREATE TRIGGER note AFTER INSERT ON ${schema}.message FOR EACH ROW EXECUTE FUNCTION ${schema}.note()`,
      );
      await store.nextNumber("unset");
      await acceptOne(store, outbound({ subject: protection.keyId }));
      seen.push(...(await server.query(`SELECT name FROM ${schema}.sequence`)));
      assert.deepEqual(seen, [{ name: "on" }]);
    } finally {
      await server.query("ALTER DATABASE messages RESET synchronous_commit");
    }
  });

  it("find every row by an index once there are many", async () => {
    await open();
    await server.query(`INSERT INTO ${schema}.message (direction, state, channel, destination, is_ordered, is_blocked,
        interaction, service, message_id, conversation_id, from_party, to_party, subject_hash, created_at, updated_at,
        attempts, error_code, attributes, content_bytes)
      SELECT CASE WHEN n % 2 = 0 THEN 'outbound' ELSE 'inbound' END,
        CASE WHEN n % 100 = 0 THEN 'queued' WHEN n % 2 = 0 THEN 'completed' ELSE 'confirmed' END,
        'transport', 'spine', 0, 0, 'interaction ' || n % 7, 'service', 'M' || n, 'C' || n, 'A', 'B', md5(n::text),
        n, n, 0, CASE WHEN n % 500 = 0 THEN 'X' END, '{}', 1 FROM generate_series(1, 20000) AS n`);
    await server.query(`INSERT INTO ${schema}.history (message_id, at, state)
      SELECT id, 1, state FROM ${schema}.message`);
    await server.query(`INSERT INTO ${schema}.content (message_id, key_id, sealed)
      SELECT id, 'k1', 'x'::bytea FROM ${schema}.message`);
    await server.query(`INSERT INTO ${schema}.inbound_reply (from_party, message_id, accepted_id, body_digest, status,
        content_type, key_id, sealed, duplicate_until)
      SELECT 'A', message_id, id, 'd', 200, 't', 'k1', 'x'::bytea, 90000 + id FROM ${schema}.message`);
    for (const table of ["message", "history", "content", "inbound_reply"]) {
      await server.query(`ANALYZE ${schema}.${table}`);
    }
    for (const { operation, sql, parameters } of askedStatements(createPostgresDialect(schema))) {
      const rows = await server.query(`EXPLAIN ${sql}`, [...parameters]);
      const plan = rows.map((row) => String(row["QUERY PLAN"])).join("\n");
      assert.doesNotMatch(plan, /Seq Scan on (message|history|content|inbound_reply)\b/, `${operation}\n${plan}`);
    }
  });

  it("refuse work with a code while the server is gone, and recover by themselves", async () => {
    const store = await open();
    const before = await acceptOne(store, outbound());
    await server.halt();
    const refused = { code: "STORE_UNAVAILABLE", retryable: true };
    await assert.rejects(acceptOne(store, outbound()), refused);
    await assert.rejects(claimIds(store), refused);
    assert.equal((await store.health()).kind, "unavailable");
    const late = await open();
    await assert.rejects(late.findById(before), refused);

    const resumed = [heard(store, "resumed"), heard(late, "resumed")];
    await server.resume();
    await Promise.all(resumed);
    const event = heard(store, "work");
    await acceptOne(late, outbound());
    await event;
    assert.equal((await claimIds(store)).length, 2);
    assert.deepEqual(await store.health(), { kind: "ready" });
  });

  it("lose nothing that was accepted when the server is stopped in the middle of work", async () => {
    const store = await open();
    const accepted: string[] = [];
    const refusals: string[] = [];
    const work = async (): Promise<void> => {
      for (let count = 0; count < 400 && refusals.length < 4; count += 1) {
        const message = outbound();
        try {
          await acceptOne(store, message);
          accepted.push(message.messageId);
        } catch (error) {
          refusals.push(error instanceof Error && "code" in error ? String(error.code) : "none");
        }
      }
    };
    const workers = Array.from({ length: 4 }, work);
    const started = heard(store, "work");
    await started;
    await server.halt();
    await Promise.all(workers);
    await server.resume();
    const known = new Set(["STORE_UNAVAILABLE", "STORE_OUTCOME_UNKNOWN"]);
    assert.deepEqual(
      refusals.filter((code) => !known.has(code)),
      [],
    );
    assert.ok(refusals.length > 0 && accepted.length > 0);
    for (const messageId of accepted) {
      assert.ok((await store.findByMessageId("outbound", messageId)) !== undefined, messageId);
    }
  });
});
