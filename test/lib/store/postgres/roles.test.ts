// What a role with a worker's rights can do on a real PostgreSQL, and what it cannot.
import assert from "node:assert/strict";
import pg from "pg";
import { createPostgresMessageStore } from "../../../../lib/store/postgres/postgres-message-store.js";
import { workerRoleStatements } from "../../../../lib/store/postgres/roles.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";
import {
  acceptNew,
  acceptOne,
  claimIds,
  createTestProtection,
  inbound,
  outbound,
} from "../../../support/store/sample-messages.js";

describe("a role with the rights of a worker", () => {
  let server: PostgresServer;
  let schema: string;
  const role = 'Worker "one"';
  const password = "for a test";

  before(async () => {
    server = await startPostgres();
    schema = server.newSchema();
    await (await server.openStore(schema)).close();
    await server.query(`CREATE ROLE "Worker ""one""" LOGIN PASSWORD '${password}'`);
    for (const sql of workerRoleStatements(schema, role)) await server.query(sql);
  });

  after(() => server.close());

  const openAsWorker = () =>
    createPostgresMessageStore({
      host: "127.0.0.1",
      port: server.port,
      database: "messages",
      user: role,
      password,
      tls: false,
      schema,
      protection: createTestProtection(),
      now: () => Date.now(),
    });

  it("does all that a store does", async () => {
    const store = await openAsWorker();
    try {
      const at = Date.now() - 1000;
      const id = await acceptOne(store, outbound({ isOrdered: true, acceptedAt: at }));
      assert.deepEqual(await claimIds(store, { now: Date.now() }), [id]);
      await store.transition({ id, from: ["queued"], to: "awaiting-response", at });
      await acceptNew(store, inbound({ answers: { id }, acceptedAt: at, duplicateUntil: at }));
      assert.equal(await store.appendAudit({ at, event: "query-asked" }), 1);
      assert.equal(await store.appendAudit({ at, event: "query-ended" }), 2);
      assert.equal((await store.readAuditHead())?.isSealed, true);
      assert.equal(await store.nextNumber("RX1"), 1);
      assert.equal((await store.readProgress()).lastRowId, 2);
      assert.equal(await store.holdLease({ name: "x", owner: "y", milliseconds: 1000, now: at }), true);
      await store.endLease({ name: "x", owner: "y" });
      await store.noteClock({ owner: "y", skewMilliseconds: 0, withinMilliseconds: 1, now: at });
      await store.reseal(10);
      const { count } = await store.prune([{ state: "completed", keepMilliseconds: 0 }], Date.now(), 10);
      assert.equal(count, 2, "the message and the reply kept for repetitions");
      assert.equal(await store.beginGeneration({ numbers: { RX1: 4 }, at }), 0);
      assert.deepEqual(await store.health(), { kind: "ready" });
    } finally {
      await store.close();
    }
  });

  it("can neither change nor remove an entry of the audit, nor change the schema", async () => {
    const client = new pg.Client({ ...server.connection, user: role, password });
    await client.connect();
    try {
      for (const sql of [
        `UPDATE ${schema}.audit SET code = 'X'`,
        `DELETE FROM ${schema}.audit`,
        `TRUNCATE ${schema}.audit`,
        `DELETE FROM ${schema}.audit_head`,
        `DELETE FROM ${schema}.sequence`,
        `UPDATE ${schema}.history SET code = 'X'`,
        `DELETE FROM ${schema}.history`,
        `DROP TABLE ${schema}.audit`,
        `ALTER TABLE ${schema}.audit DISABLE TRIGGER ALL`,
        `DROP TRIGGER audit_append_only ON ${schema}.audit`,
        `CREATE TABLE ${schema}.mine (id INT)`,
        `INSERT INTO ${schema}.schema_version VALUES (99)`,
      ]) {
        await assert.rejects(client.query(sql), { code: "42501" }, sql);
      }
    } finally {
      await client.end();
    }
  });

  it("is refused a store that a newer version must bring up to date, which its owner does", async () => {
    const newest = await server.query(`DELETE FROM ${schema}.schema_version
      WHERE version = (SELECT max(version) FROM ${schema}.schema_version) RETURNING version`);
    await assert.rejects(openAsWorker(), { code: "STORE_ACCESS_DENIED", retryable: false });
    await server.query(`INSERT INTO ${schema}.schema_version VALUES ($1)`, [newest[0]?.["version"]]);
    await (await openAsWorker()).close();
  });

  it("is named in quotes, in a schema whose name is one", () => {
    assert.throws(() => workerRoleStatements("x; DROP SCHEMA y", "role"), RangeError);
    assert.ok(workerRoleStatements("cp_is", role).every((sql) => sql.endsWith('TO "Worker ""one"""')));
  });
});
