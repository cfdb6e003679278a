// Faults of the simulated MESH, as a client meets them.
import assert from "node:assert/strict";
import { exchangeBytes, openMesh, type MeshFixture, type Reply } from "../../../support/simulator/mesh-client.js";

describe("A fault of the simulated MESH", () => {
  let fixture: MeshFixture;
  beforeEach(async () => {
    fixture = await openMesh();
  });
  afterEach(() => fixture.close());

  const localIds = (): unknown[] => fixture.mesh.inbox("ZSPOT001").map(({ localId }) => localId);
  const deliver = (content: string, chunkBytes?: number): string => {
    const address = { from: "ZSPOT001", to: "ZT7OT001", workflowId: "EXAMPLE_RESPONSE" };
    const chunks = chunkBytes === undefined ? {} : { chunkBytes };
    return fixture.mesh.deliver({ ...address, content: Buffer.from(content), ...chunks });
  };
  const fetch = (id: string): Promise<Reply> => fixture.call({ path: `/ZT7OT001/inbox/${id}` });

  it("drops the answer after the file was stored", async () => {
    fixture.mesh.inject({ fault: { kind: "dropAnswer" } });
    await assert.rejects(fixture.send({ "mex-LocalID": "a" }), { code: "ECONNRESET" });
    assert.deepEqual(localIds(), ["a"]);
    const tracked = await fixture.call({ path: "/ZT7OT001/outbox/tracking/a" });
    assert.equal(tracked.status, 200);
  });

  it("is unavailable before or after the file was stored", async () => {
    fixture.mesh.inject({ fault: { kind: "unavailableBefore" } });
    assert.equal((await fixture.send({ "mex-LocalID": "before" })).status, 503);
    assert.deepEqual(localIds(), []);
    fixture.mesh.inject({ fault: { kind: "unavailableAfter" } });
    assert.equal((await fixture.send({ "mex-LocalID": "after" })).status, 503);
    assert.deepEqual(localIds(), ["after"]);
    assert.equal((await fixture.send({ "mex-LocalID": "well" })).status, 202);
  });

  it("befalls the calls and the mailbox named, so often as said", async () => {
    const { mesh, call } = fixture;
    mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["listInbox"], mailbox: "zt7ot001", times: 2 });
    assert.equal((await call({ path: "/ZSPOT001/inbox", as: mesh.cpis })).status, 200);
    assert.equal((await fixture.send()).status, 202);
    assert.equal((await call({ path: "/ZT7OT001/inbox", authorization: null })).status, 403);
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await call({ path: "/ZT7OT001/inbox" })).status);
    assert.deepEqual(statuses, [503, 503, 200]);
    mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["listInbox"] });
    mesh.clearFaults();
    assert.equal((await call({ path: "/ZT7OT001/inbox" })).status, 200);
  });

  it("answers late although the file is there at once", async () => {
    fixture.mesh.inject({ fault: { kind: "delayAnswer", milliseconds: 60_000 } });
    const arrived = new Promise<void>((resolve) => {
      fixture.mesh.events.once("meshMessage", () => resolve());
    });
    const cut = assert.rejects(fixture.send({ "mex-LocalID": "late" }), { code: "ECONNRESET" });
    await arrived;
    assert.deepEqual(localIds(), ["late"]);
    await fixture.close();
    await cut;
  });

  it("answers as always after a short delay", async () => {
    fixture.mesh.inject({ fault: { kind: "delayAnswer", milliseconds: 5 } });
    assert.equal((await fixture.send()).status, 202);
  });

  it("stores a file twice, so that its local id is not unique", async () => {
    fixture.mesh.inject({ fault: { kind: "storeTwice" } });
    await fixture.sendFile({ "mex-LocalID": "twice" });
    assert.deepEqual(localIds(), ["twice", "twice"]);
    assert.equal((await fixture.call({ path: "/ZT7OT001/outbox/tracking/twice" })).status, 300);
  });

  it("stores a file in chunks twice after its last chunk", async () => {
    fixture.mesh.inject({ fault: { kind: "storeTwice" }, calls: ["sendChunk"] });
    const id = await fixture.sendFile({ "mex-Chunk-Range": "1:2" }, Buffer.from("one,"));
    await fixture.sendChunk(id, "2", { "mex-Chunk-Range": "2:2" }, Buffer.from("two"));
    const contents = fixture.mesh.inbox("ZSPOT001").map(({ content }) => content.toString());
    assert.deepEqual(contents, ["one,two", "one,two"]);
  });

  it("puts a report into the mailbox before the file is answered", async () => {
    const { mesh } = fixture;
    mesh.inject({ fault: { kind: "reportBeforeAnswer", statusCode: "15" } });
    mesh.inject({ fault: { kind: "dropAnswer" } });
    await assert.rejects(fixture.send({ "mex-LocalID": "bad" }), { code: "ECONNRESET" });
    const [report] = mesh.inbox("ZT7OT001");
    assert.equal(report?.localId, "bad");
    assert.equal(report.report?.statusCode, "15");
    assert.deepEqual(localIds(), []);
  });

  it("delivers a file again that was acknowledged", async () => {
    const id = deliver("<FileResponse/>");
    fixture.mesh.inject({ fault: { kind: "deliverAgain" } });
    const path = `/ZT7OT001/inbox/${id}/status/acknowledged`;
    assert.equal((await fixture.call({ method: "PUT", path })).status, 200);
    assert.equal((await fetch(id)).status, 200);
    assert.equal((await fixture.call({ method: "PUT", path })).status, 200);
    assert.equal((await fetch(id)).status, 404);
  });

  it("takes an acknowledgement whose answer is lost", async () => {
    const id = deliver("<FileResponse/>");
    fixture.mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["acknowledge"] });
    const path = `/ZT7OT001/inbox/${id}/status/acknowledged`;
    await assert.rejects(fixture.call({ method: "PUT", path }), { code: "ECONNRESET" });
    assert.equal(fixture.mesh.statusOf(id), "acknowledged");
  });

  it("announces more than it gives, and the connection ends", async () => {
    const id = deliver("<FileResponse/>");
    fixture.mesh.inject({ fault: { kind: "wrongContentLength", difference: 5 } });
    await assert.rejects(fetch(id), { code: "ECONNRESET" });
    assert.equal((await fetch(id)).status, 200);
  });

  it("announces less than it gives", async () => {
    const id = deliver("<FileResponse/>");
    fixture.mesh.inject({ fault: { kind: "wrongContentLength", difference: -5 } });
    const token = fixture.token(fixture.authority);
    const path = `/messageexchange/ZT7OT001/inbox/${id}`;
    const text = await exchangeBytes(
      fixture.mesh.port,
      `GET ${path} HTTP/1.1\r\nHost: mesh\r\nAuthorization: ${token}\r\n\r\n`,
    );
    assert.match(text, /\r\nContent-Length: 10\r\n/);
    assert.ok(text.endsWith("\r\n\r\n<FileResponse/>"));
  });

  it("misses one chunk of a file", async () => {
    const id = deliver("one,two,", 4);
    fixture.mesh.inject({ fault: { kind: "chunkMissing", chunk: 2 } });
    assert.equal((await fetch(id)).status, 206);
    assert.equal((await fetch(`${id}/2`)).status, 404);
    assert.equal((await fetch(`${id}/2`)).body.toString(), "two,");
  });

  it("spells the headers of answers otherwise", async () => {
    const id = deliver("<FileResponse/>");
    const expected = { specified: "mex-MessageID", lower: "mex-messageid", upper: "MEX-MESSAGEID" };
    for (const headerCase of ["specified", "lower", "upper"] as const) {
      fixture.mesh.changeBehaviours({ headerCase });
      assert.ok((await fetch(id)).headerNames.includes(expected[headerCase]));
    }
    fixture.mesh.changeBehaviours({ headerCase: "mixed" });
    assert.ok((await fetch(id)).headerNames.includes("mEx-mEsSaGeId"));
  });

  it("is refused when it could never happen", () => {
    const { mesh } = fixture;
    const impossible: readonly Parameters<typeof mesh.inject>[0][] = [
      { fault: { kind: "storeTwice" }, calls: ["fetch"] },
      { fault: { kind: "deliverAgain" }, calls: ["send"] },
      { fault: { kind: "wrongContentLength", difference: 0 } },
      { fault: { kind: "chunkMissing", chunk: 0 } },
      { fault: { kind: "delayAnswer", milliseconds: -1 } },
      { fault: { kind: "dropAnswer" }, times: 0 },
      { fault: { kind: "dropAnswer" }, calls: [] },
    ];
    for (const injection of impossible) {
      assert.throws(() => mesh.inject(injection), { code: "CONFIG_INVALID" }, injection.fault.kind);
    }
    for (let count = 0; count < 1000; count += 1) mesh.inject({ fault: { kind: "dropAnswer" } });
    assert.throws(() => mesh.inject({ fault: { kind: "dropAnswer" } }), { code: "CONFIG_INVALID" });
  });
});
