// What the simulated MESH tells about itself: versions, handshake, tracking, lookups, mailboxes, counts.
import assert from "node:assert/strict";
import { openMesh, v2, type MeshFixture } from "../../../support/simulator/mesh-client.js";

const v1 = "application/vnd.mesh.v1+json";
const handshake = { "mex-ClientVersion": "1", "mex-OSName": "test", "mex-OSVersion": "1" };

describe("The simulated MESH, asked about a file", () => {
  let fixture: MeshFixture;
  let id: string;
  before(async () => {
    fixture = await openMesh();
    id = await fixture.sendFile({ "mex-LocalID": "999-1/a b", "mex-FileName": "a.xml" });
  });
  after(() => fixture.close());

  it("tells its sender what became of it", async () => {
    const path = `/ZT7OT001/outbox/tracking?messageID=${id}`;
    assert.deepEqual((await fixture.call({ path })).json, {
      message_id: id,
      local_id: "999-1/a b",
      workflow_id: "EXAMPLE_UPLOAD",
      filename: "a.xml",
      expiry_time: "2026-11-27T10:15:00.000Z",
      upload_timestamp: "2026-11-22T10:15:00.000Z",
      recipient: "ZSPOT001",
      recipient_name: "ZSPOT001",
      recipient_ods_code: "ZSP",
      recipient_org_code: "ZSP",
      recipient_org_name: "ZSP",
      status_success: true,
      status: "accepted",
      status_event: "TRANSFER",
      status_timestamp: "2026-11-22T10:15:00.000Z",
      status_description: "Transferred to recipient mailbox",
      status_code: "00",
    });
    const old = (await fixture.call({ path, accept: v1 })).json as Record<string, string>;
    assert.deepEqual(
      [old["messageId"], old["localId"], old["status"], old["uploadTimestamp"]],
      [id, "999-1/a b", "Accepted", "20261122101500"],
    );
  });

  it("finds it by its local id, with names of version 1", async () => {
    const path = `/ZT7OT001/outbox/tracking/${encodeURIComponent("999-1/a b")}`;
    const reply = await fixture.call({ path });
    assert.equal(reply.status, 200);
    assert.equal((reply.json as Record<string, string>)["messageId"], id);
  });

  it("answers 404 when a local id is unknown and 300 when it is not unique", async () => {
    assert.equal((await fixture.call({ path: "/ZT7OT001/outbox/tracking/none" })).status, 404);
    await fixture.sendFile({ "mex-LocalID": "twice" });
    await fixture.sendFile({ "mex-LocalID": "twice" });
    assert.equal((await fixture.call({ path: "/ZT7OT001/outbox/tracking/twice" })).status, 300);
  });

  it("tells nothing to strangers, nor without the parameter as it is spelled", async () => {
    const { cpis } = fixture.mesh;
    const strange = `/ZSPOT001/outbox/tracking`;
    assert.equal((await fixture.call({ path: `${strange}?messageID=${id}`, as: cpis })).status, 404);
    assert.equal((await fixture.call({ path: `${strange}/999-1%2Fa%20b`, as: cpis })).status, 404);
    assert.equal((await fixture.call({ path: "/ZT7OT001/outbox/tracking?messageID=unknown" })).status, 404);
    assert.equal((await fixture.call({ path: `/ZT7OT001/outbox/tracking?messageid=${id}` })).status, 400);
  });

  it("shows uploads, acknowledgements and failures", async () => {
    const statusOf = async (one: string): Promise<unknown> => {
      const { json } = await fixture.call({ path: `/ZT7OT001/outbox/tracking?messageID=${one}` });
      const { status, status_success, status_code } = json as Record<string, unknown>;
      return [status, status_success, status_code];
    };
    assert.deepEqual(await statusOf(await fixture.sendFile({ "mex-Chunk-Range": "1:2" })), ["uploading", true, ""]);
    const taken = await fixture.sendFile();
    const path = `/ZSPOT001/inbox/${taken}/status/acknowledged`;
    await fixture.call({ method: "PUT", path, as: fixture.mesh.cpis });
    assert.deepEqual(await statusOf(taken), ["acknowledged", true, "00"]);
    const failed = await fixture.sendFile();
    fixture.mesh.report(failed, { statusCode: "15" });
    assert.deepEqual(await statusOf(failed), ["error", false, "15"]);
    const lost = await fixture.sendFile();
    fixture.mesh.report(lost, { statusCode: "14" });
    assert.deepEqual(await statusOf(lost), ["undeliverable", false, "14"]);
  });

  it("forgets the oldest that have left their mailbox", async () => {
    const small = await openMesh({ limits: { maximumMessagesRemembered: 1 } });
    try {
      const ids = [await small.sendFile(), await small.sendFile()];
      for (const one of ids) small.mesh.report(one, { statusCode: "15" });
      assert.deepEqual(
        ids.map((one) => small.mesh.statusOf(one)),
        [undefined, "error"],
      );
    } finally {
      await small.close();
    }
  });
});

describe("The simulated MESH, asked about itself", () => {
  let fixture: MeshFixture;
  before(async () => {
    fixture = await openMesh();
  });
  after(() => fixture.close());

  it("takes a handshake by POST with its headers, and by GET when switched so", async () => {
    const { call, mesh } = fixture;
    const path = "/ZT7OT001";
    const good = await call({ method: "POST", path, headers: handshake });
    assert.deepEqual([good.status, good.body.byteLength], [200, 0]);
    const old = await call({ method: "POST", path, headers: handshake, accept: v1 });
    assert.deepEqual(old.json, { mailboxId: "ZT7OT001" });
    for (const name of Object.keys(handshake)) {
      const headers = Object.fromEntries(Object.entries(handshake).filter(([one]) => one !== name));
      const reply = await call({ method: "POST", path, headers });
      assert.equal(reply.status, 400);
      const loc = ["header", name.toLowerCase()];
      assert.deepEqual(reply.json, { detail: [{ loc, msg: "field required", type: "value_error.missing" }] });
    }
    assert.equal((await call({ path, headers: handshake })).status, 405);
    mesh.changeBehaviours({ acceptsHandshakeByGet: true });
    assert.equal((await call({ path, headers: handshake })).status, 200);
    assert.equal((await call({ method: "POST", path, headers: handshake, authorization: null })).status, 403);
  });

  it("serves an unknown version as version 2, and refuses a malformed one", async () => {
    const headers = handshake;
    const shake = (accept: string) => fixture.call({ method: "POST", path: "/ZT7OT001", headers, accept });
    for (const accept of [v2, "application/vnd.mesh.v9+json", `text/plain, ${v2};q=1`]) {
      assert.equal((await shake(accept)).body.byteLength, 0);
    }
    assert.notEqual((await shake("*/*")).body.byteLength, 0);
    for (const accept of ["application/vnd.mesh.vX+json", "application/vnd.mesh+json", "application/vnd.mesh.v2"]) {
      assert.equal((await shake(accept)).status, 400);
    }
  });

  it("labels its answers by version, or as plain JSON when switched so", async () => {
    const { call, mesh } = fixture;
    const typeOf = async (accept: string): Promise<string | undefined> =>
      (await call({ path: "/ZT7OT001/inbox", accept })).headers["content-type"];
    assert.equal(await typeOf(v2), v2);
    assert.equal(await typeOf(v1), "application/json");
    mesh.changeBehaviours({ jsonContentType: "plain" });
    assert.equal(await typeOf(v2), "application/json");
  });

  it("tells without authorization who takes a workflow", async () => {
    const lookUp = async (path: string): Promise<unknown> => (await fixture.call({ path, authorization: null })).json;
    const cpis = { results: [{ mailbox_id: "ZSPOT001", mailbox_name: "ZSPOT001" }] };
    assert.deepEqual(await lookUp("/endpointlookup/ZSP/EXAMPLE_UPLOAD"), cpis);
    assert.deepEqual(await lookUp("/workflowsearch/EXAMPLE_UPLOAD"), cpis);
    assert.deepEqual(await lookUp("/endpointlookup/ZT7/EXAMPLE_UPLOAD"), { results: [] });
    assert.deepEqual(await lookUp("/workflowsearch/NONE"), { results: [] });
  });

  it("lets those use a workflow who were registered for it", async () => {
    const { mesh, send } = fixture;
    const other = mesh.openMailbox({ odsCode: "ZT8" });
    const headers = { "mex-To": other.mailbox, "mex-WorkflowID": "OTHER" };
    assert.equal((await send(headers)).status, 417);
    mesh.registerWorkflow({ workflowId: "OTHER", senders: ["ZT7OT001"], receivers: [other.mailbox] });
    assert.equal((await send(headers)).status, 202);
    assert.throws(() => mesh.registerWorkflow({ workflowId: "", senders: [], receivers: [] }), {
      code: "CONFIG_INVALID",
    });
  });

  it("counts what waits", async () => {
    const before = fixture.mesh.inbox("ZSPOT001").length;
    await fixture.sendFile();
    const reply = await fixture.call({ path: "/ZSPOT001/count", as: fixture.mesh.cpis });
    assert.deepEqual(reply.json, { count: before + 1, allResultsIncluded: true });
  });

  it("gives an organisation the mailbox that it has, and keeps others from it", () => {
    const { mesh, authority } = fixture;
    assert.deepEqual(mesh.openMailbox({ odsCode: "zt7" }), authority);
    assert.deepEqual(mesh.openMailbox({ odsCode: "ZT7", mailbox: "zt7ot001", password: "other" }), authority);
    assert.deepEqual(mesh.findMailbox("ZT7"), authority);
    assert.equal(mesh.findMailbox("NONE"), undefined);
    assert.throws(() => mesh.openMailbox({ odsCode: "ZT9", mailbox: "ZT7OT001" }), { code: "CONFIG_INVALID" });
    assert.throws(() => mesh.openMailbox({ odsCode: "Z T9" }), { code: "CONFIG_INVALID" });
    assert.throws(() => mesh.keepMailbox("NOBODY", { take: () => Promise.resolve() }), { code: "CONFIG_INVALID" });
  });

  it("tells of each exchange, without what is secret in it", async () => {
    const { mesh, call } = fixture;
    const told: unknown[] = [];
    mesh.events.on("meshExchange", (exchange) => told.push(exchange));
    await call({ path: "/ZT7OT001/inbox?max_results=10" });
    await call({ path: "/ZT7OT001/inbox", authorization: null });
    const common = { method: "GET", path: "/messageexchange/ZT7OT001/inbox" };
    const times = { startedAt: fixture.clock.now, durationMilliseconds: 0 };
    assert.deepEqual(told, [
      { ...common, mailbox: "ZT7OT001", status: 200, ...times },
      { ...common, status: 403, ...times },
    ]);
  });
});
