// The Authorization header at the simulated MESH: worked example, refusals, replay, time window.
import assert from "node:assert/strict";
import { createMeshAuthorization, meshTokenHash } from "../../../../lib/simulator/mesh/mesh-authorization.js";
import {
  minute,
  openMesh,
  request,
  startTime,
  timestampAt,
  v2,
  type MeshFixture,
  type Reply,
} from "../../../support/simulator/mesh-client.js";
import { testPki } from "../../../support/simulator/simulator-client.js";

const nonce = "3f0c2b7e-6d1a-4c58-9e44-0a7b5d2c9f10";
const password = "pa55-Word!";
const key = "example-shared-key-0001";
const hashOfCount0 = "eb17c5a12debb885e9bb1fb36fbcb2ebaee2b3d41f7b86beec3e771adc35e6e0";
const hashOfCount1 = "4c53121fad9a887f140aedf9f4018ce25f76c47054db3af2e2629343dd9c6235";
const workedExample = `NHSMESH ZT7OT001:${nonce}:0:202611221015:${hashOfCount0}`;

function createWorkedAuthorization(now: () => number) {
  const mailbox = { mailbox: "ZT7OT001", password, odsCode: "ZT7" };
  return createMeshAuthorization({
    sharedKey: key,
    now,
    findMailbox: (name) => (name === mailbox.mailbox ? mailbox : undefined),
  });
}

describe("The hash of a MESH token", () => {
  it("is that of the worked example", () => {
    const token = { mailbox: "ZT7OT001", nonce, nonceCount: "0", timestamp: "202611221015" };
    assert.equal(meshTokenHash(token, password, key), hashOfCount0);
    assert.equal(meshTokenHash({ ...token, nonceCount: "1" }, password, key), hashOfCount1);
  });

  it("opens the mailbox once, and again with a higher count", () => {
    const authorization = createWorkedAuthorization(() => startTime);
    assert.equal(authorization.check(workedExample, "ZT7OT001").kind, "granted");
    assert.equal(authorization.check(workedExample, "ZT7OT001").kind, "refused");
    const next = `NHSMESH ZT7OT001:${nonce}:1:202611221015:${hashOfCount1}`;
    assert.equal(authorization.check(next, "zt7ot001").kind, "granted");
  });

  it("is remembered for as long as its time would be accepted", () => {
    let now = startTime - 120 * minute;
    const authorization = createWorkedAuthorization(() => now);
    assert.equal(authorization.check(workedExample, "ZT7OT001").kind, "granted");
    now = startTime + 120 * minute - 1;
    const outcome = authorization.check(workedExample, "ZT7OT001");
    assert.equal(outcome.kind === "refused" && outcome.problem.message, "Authentication Token was used before");
  });
});

describe("The simulated MESH, asked with an Authorization header", () => {
  let fixture: MeshFixture;
  const listWith = (authorization: string | null): Promise<Reply> =>
    fixture.call({ path: "/ZT7OT001/inbox", authorization });
  const messageOf = ({ json }: Reply): unknown => (json as { detail: { msg: string }[] }).detail[0]?.msg;

  before(async () => {
    fixture = await openMesh({ sharedKey: key });
  });
  after(() => fixture.close());

  it("refuses a missing or garbled one", async () => {
    const garbled = [
      null,
      "NHSMESH",
      "NHSMESH ",
      "Basic YTpi",
      workedExample.replace("NHSMESH ", "NHSMESH"),
      workedExample.replace("NHSMESH ", "NHSMESH  "),
      workedExample.replace("NHSMESH", "nhsmesh"),
      workedExample.replace(nonce, "not-a-guid"),
      workedExample.replace(":0:", ":zero:"),
      workedExample.replace(":0:", "::"),
      workedExample.replace("202611221015", "20261122101500"),
      workedExample.replace("202611221015", "202613221015"),
      workedExample.replace("202611221015", "202602301015"),
      `${workedExample}:more`,
    ];
    for (const authorization of garbled) {
      const reply = await listWith(authorization);
      assert.equal(reply.status, 403);
      assert.equal(messageOf(reply), "Error reading from Authorization header");
    }
  });

  it("refuses the token of another mailbox, and one in lower case", async () => {
    const other = fixture.mesh.openMailbox({ odsCode: "ZT8" });
    for (const authorization of [fixture.token(other), fixture.token(fixture.authority, { mailbox: "zt7ot001" })]) {
      const reply = await listWith(authorization);
      assert.equal(reply.status, 403);
      assert.equal(messageOf(reply), "Mailbox id does not match token");
    }
  });

  it("takes the mailbox of the path in lower case", async () => {
    const reply = await fixture.call({ path: "/zt7ot001/inbox" });
    assert.equal(reply.status, 200);
  });

  it("knows no mailbox but those that were opened", async () => {
    const stranger = { mailbox: "NOBODY01", password, odsCode: "NOBODY" };
    const reply = await fixture.call({ path: "/NOBODY01/inbox", as: stranger });
    assert.equal(reply.status, 403);
    assert.deepEqual(reply.json, { detail: [{ event: "SEND", code: "EPL-151", msg: "No mailbox matched" }] });
  });

  it("refuses a hash with another password, key, count or spelling", async () => {
    const good = fixture.token(fixture.authority);
    const wrong = [
      fixture.token(fixture.authority, { password: "another" }),
      fixture.token(fixture.authority, { key: "another" }),
      good.replace(":0:", ":1:"),
      good.slice(0, -64) + good.slice(-64).toUpperCase(),
      good.slice(0, -1),
    ];
    for (const authorization of wrong) {
      const reply = await listWith(authorization);
      assert.equal(reply.status, 403);
      assert.equal(messageOf(reply), "Invalid Authentication Token");
    }
    assert.equal((await listWith(good)).status, 200);
  });

  it("refuses a token that was used, also in upper case or with a zero before the count, on any call", async () => {
    const token = fixture.token(fixture.authority, { nonce, count: "7" });
    assert.equal((await listWith(token)).status, 200);
    const again = await fixture.call({ path: "/ZT7OT001/count", authorization: token });
    assert.equal(again.status, 403);
    assert.equal(messageOf(again), "Authentication Token was used before");
    for (const changes of [
      { nonce: nonce.toUpperCase(), count: "7" },
      { nonce, count: "07" },
    ]) {
      assert.equal((await listWith(fixture.token(fixture.authority, changes))).status, 403);
    }
    assert.equal((await listWith(fixture.token(fixture.authority, { nonce, count: "8" }))).status, 200);
  });

  it("does not use up a token that it refuses", async () => {
    const early = fixture.token(fixture.authority, { timestamp: timestampAt(startTime + 121 * minute) });
    assert.equal((await listWith(early)).status, 403);
    fixture.clock.now = startTime + minute;
    assert.equal((await listWith(early)).status, 200);
    fixture.clock.now = startTime;
  });

  it("refuses a token more than two hours from the time of the host, on both sides", async () => {
    const at = (minutes: number): string =>
      fixture.token(fixture.authority, { timestamp: timestampAt(startTime + minutes * minute) });
    assert.equal((await listWith(at(120))).status, 200);
    assert.equal((await listWith(at(-120))).status, 200);
    for (const minutes of [121, -121, 1440]) {
      const reply = await listWith(at(minutes));
      assert.equal(reply.status, 403);
      assert.equal(messageOf(reply), "Authentication Token is out of time");
    }
  });

  it("compares tokens with the time of the host although days were skipped", async () => {
    fixture.mesh.advanceClock(24 * 60 * minute);
    assert.equal((await listWith(fixture.token(fixture.authority))).status, 200);
  });
});

describe("The simulated MESH, asked without a client certificate", () => {
  const listBare = async (fixture: MeshFixture): Promise<Reply> => {
    const { pki } = await testPki();
    const headers = { Accept: v2, Authorization: fixture.token(fixture.authority) };
    const path = "/messageexchange/ZT7OT001/inbox";
    const body = Buffer.alloc(0);
    return request({ port: fixture.mesh.port, method: "GET", path, headers, body, secure: { ca: pki.caPem } });
  };

  it("gives no answer", async () => {
    const fixture = await openMesh();
    try {
      await assert.rejects(listBare(fixture));
    } finally {
      await fixture.close();
    }
  });

  it("answers when none is required", async () => {
    const fixture = await openMesh({ requireClientCertificate: false });
    try {
      assert.equal((await listBare(fixture)).status, 200);
    } finally {
      await fixture.close();
    }
  });

  it("listens on the loopback address only", async () => {
    await assert.rejects(openMesh({ host: "0.0.0.0" }), { code: "CONFIG_INVALID" });
  });

  it("says so when the port is taken", async () => {
    const fixture = await openMesh();
    try {
      await assert.rejects(openMesh({ port: fixture.mesh.port }), { code: "CONFIG_PORT_IN_USE" });
    } finally {
      await fixture.close();
    }
  });
});
