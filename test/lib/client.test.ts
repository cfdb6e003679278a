// The client in front of the library, against the simulator over real TLS.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createCpisClient, type CpisClientOptions } from "../../lib/index.js";
import { createPki, createSpineSimulator, type SpineSimulator } from "../../lib/simulator/index.js";
import { createMemoryStore } from "../support/store/sqlite-place.js";

const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
const party = { partyKey: "ZT7-900145", asid: "990000000145", cpaId: "S9000145A9000201" };
const question = {
  author: {
    kind: "person",
    userId: "990000001001",
    role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
    name: { given: ["Ann"], family: "Example" },
    organisation: { code: "ZT7", name: "EXAMPLE HOSPITAL TRUST" },
  },
  activities: ["B0107"],
  accessType: "unscheduled",
} as const;

describe("the client in front of the library", () => {
  let simulator: SpineSimulator;
  let tls: CpisClientOptions["tls"];
  let folder: string;

  before(async () => {
    simulator = await createSpineSimulator({ pki: await createPki(effects), effects, mesh: false, smsp: false });
    const { keyPem: key, certPem: cert } = await simulator.issueClient("127.0.0.1");
    tls = { key, cert, ca: simulator.caPem };
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-client-"));
  });
  after(async () => {
    await simulator.close();
    await fs.rm(folder, { recursive: true });
  });

  function options(change: Partial<CpisClientOptions> = {}): CpisClientOptions {
    const listener = { host: "127.0.0.1", port: 0, clientNames: "any" } as const;
    return { party, tls, store: ":memory:", contract: simulator.contracts.express, listener, ...change };
  }

  for (const pattern of ["express", "reliable", "syncSoap"] as const) {
    it(`finds a child, and says that there is no record only on the word of CP-IS, ${pattern}`, async () => {
      await using client = await createCpisClient(
        options({ contract: simulator.contracts[pattern], timeoutMilliseconds: 120_000 }),
      );
      simulator.registerParty({ ...party, answerUrl: `https://127.0.0.1:${client.port}/mhs/ebxml` });
      const found = await client.ask({ ...question, nhsNumber: "999 000 1014" });
      assert.ok(found.result.outcome === "found");
      assert.equal(found.result.plans.length, 1);
      const none = await client.ask({ ...question, nhsNumber: "9990000077" });
      assert.equal(none.result.outcome, "not-found");
      const failed = await client.ask({ ...question, nhsNumber: "9990002029" });
      assert.equal(failed.result.outcome, "failed");
    });
  }

  it("sends nothing for a user without the activity, or for a number that is none", async () => {
    const client = await createCpisClient(options());
    for (const change of [{ activities: [] }, { nhsNumber: "9990001015" }]) {
      const { result, exchange } = await client.ask({ ...question, nhsNumber: "9990001014", ...change });
      assert.ok(result.outcome === "failed");
      assert.equal(exchange, undefined);
    }
    await client.close();
  });

  it("keeps messages and audit in a folder from one client to the next, sealed by a key beside it", async () => {
    const store = path.join(folder, "messages");
    const contract = simulator.contracts.syncSoap;
    for (let life = 0; life < 2; life += 1) {
      const client = await createCpisClient({ party, tls, store, contract });
      assert.equal(client.port, 0);
      assert.equal((await client.ask({ ...question, nhsNumber: "9990001014" })).result.outcome, "found");
      await client.close();
    }
    assert.deepEqual((await fs.readdir(folder)).sort(), ["messages", "messages.key"]);
    await fs.rm(path.join(folder, "messages.key"));
    await assert.rejects(createCpisClient(options({ store })), { code: "STORE_KEY_LOST" });
  });

  it("leaves a store of the caller's own open, with two entries of the audit for each query", async () => {
    const store = await createMemoryStore();
    const client = await createCpisClient(options({ store, contract: simulator.contracts.syncSoap }));
    await client.ask({ ...question, nhsNumber: "9990001014" });
    await client.close();
    const entries = await store.readAudit(0, 10);
    assert.deepEqual(
      entries.map(({ event }) => event),
      ["query-asked", "query-ended"],
    );
    await store.close();
  });

  it("asks for a listener where answers come to one, and refuses identifiers that are none", async () => {
    const without = { party, tls, store: ":memory:", contract: simulator.contracts.reliable };
    await assert.rejects(createCpisClient(without), { code: "CONFIG_MISSING" });
    await assert.rejects(createCpisClient(options({ party: { ...party, asid: "1" } })), { code: "CONFIG_INVALID" });
  });
});
