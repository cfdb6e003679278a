// What the owner of a mailbox gets from the simulated MESH: lists, files, reports, acknowledgements.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  day,
  openMesh,
  v2,
  type Headers,
  type MeshFixture,
  type Reply,
} from "../../../support/simulator/mesh-client.js";

interface InboxPage {
  readonly messages: readonly string[];
  readonly links: { readonly self: string; readonly next?: string };
  readonly approx_inbox_count: number;
}

function createReader(fixture: MeshFixture) {
  const fetch = (id: string, headers: Headers = {}, method = "GET"): Promise<Reply> =>
    fixture.call({ method, path: `/ZT7OT001/inbox/${id}`, headers });
  const list = async (query: string): Promise<InboxPage> =>
    (await fixture.call({ path: `/ZT7OT001/inbox${query}` })).json as InboxPage;
  const acknowledge = (id: string, accept = v2): Promise<Reply> =>
    fixture.call({ method: "PUT", path: `/ZT7OT001/inbox/${id}/status/acknowledged`, accept });
  const deliver = (more: { readonly content?: string; readonly workflowId?: string } = {}): string =>
    fixture.mesh.deliver({
      from: "ZSPOT001",
      to: "ZT7OT001",
      workflowId: more.workflowId ?? "EXAMPLE_RESPONSE",
      content: Buffer.from(more.content ?? "<FileResponse/>"),
    });
  return { fetch, list, acknowledge, deliver };
}

/** Opens a fresh MESH for each test of a suite. */
function useMesh(): { fixture: MeshFixture; reader: ReturnType<typeof createReader> } {
  const opened = {} as { fixture: MeshFixture; reader: ReturnType<typeof createReader> };
  beforeEach(async () => {
    opened.fixture = await openMesh();
    opened.reader = createReader(opened.fixture);
  });
  afterEach(() => opened.fixture.close());
  return opened;
}

describe("A list of the simulated MESH", () => {
  const opened = useMesh();

  it("comes in pages that follow each other, whatever is acknowledged meanwhile", async () => {
    const { list, acknowledge, deliver } = opened.reader;
    const ids = Array.from({ length: 25 }, () => deliver());
    const first = await list("?max_results=10");
    assert.deepEqual(first.messages, ids.slice(0, 10));
    assert.equal(first.approx_inbox_count, 25);
    assert.equal(first.links.self, "/messageexchange/ZT7OT001/inbox?max_results=10");
    for (const id of first.messages) await acknowledge(id);
    const second = await list(first.links.next?.replace(/^.*\?/, "?") ?? "");
    assert.deepEqual(second.messages, ids.slice(10, 20));
    const third = await list(second.links.next?.replace(/^.*\?/, "?") ?? "");
    assert.deepEqual(third.messages, ids.slice(20));
    assert.equal(third.links.next, undefined);
    assert.equal(third.approx_inbox_count, 15);
  });

  it("is refused for a number of results, a continuation or a filter that is not allowed", async () => {
    const queries = ["max_results=9", "max_results=5001", "max_results=ten", "max_results=", "continue_from=x"];
    for (const query of [...queries, "workflow_filter=*X", "workflow_filter=!", "workflow_filter=X**"]) {
      const reply = await opened.fixture.call({ path: `/ZT7OT001/inbox?${query}` });
      assert.equal(reply.status, 400, query);
      const [detail] = (reply.json as { detail: { loc: string[] }[] }).detail;
      assert.deepEqual(detail?.loc, ["query", query.split("=")[0]]);
    }
    assert.deepEqual((await opened.reader.list("?max_results=10")).messages, []);
    assert.deepEqual((await opened.reader.list("?max_results=5000")).messages, []);
  });

  it("can be filtered by workflow in six ways", async () => {
    const { list, deliver } = opened.reader;
    const byWorkflow = new Map(["CPIS_A", "CPIS_B", "OTHER_A"].map((id) => [deliver({ workflowId: id }), id]));
    const expected: Readonly<Record<string, readonly string[]>> = {
      CPIS_A: ["CPIS_A"],
      "!CPIS_A": ["CPIS_B", "OTHER_A"],
      "CPIS*": ["CPIS_A", "CPIS_B"],
      "!CPIS*": ["OTHER_A"],
      "*_A*": ["CPIS_A", "OTHER_A"],
      "!*_A*": ["CPIS_B"],
    };
    for (const [filter, workflows] of Object.entries(expected)) {
      const { messages } = await list(`?workflow_filter=${encodeURIComponent(filter)}`);
      assert.deepEqual(
        messages.map((id) => byWorkflow.get(id)),
        workflows,
        filter,
      );
    }
  });

  it("can have an empty page with a next one behind it when it is filtered", async () => {
    const { list, deliver } = opened.reader;
    for (let count = 0; count < 10; count += 1) deliver();
    const wanted = deliver({ workflowId: "EXAMPLE_ACCESS" });
    const first = await list("?max_results=10&workflow_filter=EXAMPLE_ACCESS");
    assert.deepEqual(first.messages, []);
    const next = await list(first.links.next?.replace(/^.*\?/, "?") ?? "");
    assert.deepEqual(next.messages, [wanted]);
  });
});

describe("A file in a mailbox of the simulated MESH", () => {
  const opened = useMesh();

  it("comes with all headers that its sender gave, and those of MESH", async () => {
    const { fixture, reader } = opened;
    const id = fixture.mesh.deliver({
      from: "ZSPOT001",
      to: "zt7ot001",
      workflowId: "EXAMPLE_RESPONSE",
      localId: "R-000042",
      fileName: "R-000042.xml",
      subject: "response",
      content: Buffer.from("<FileResponse/>"),
    });
    const { headers } = await reader.fetch(id);
    const expected: Headers = {
      "mex-from": "ZSPOT001",
      "mex-to": "ZT7OT001",
      "mex-workflowid": "EXAMPLE_RESPONSE",
      "mex-messageid": id,
      "mex-messagetype": "DATA",
      "mex-localid": "R-000042",
      "mex-filename": "R-000042.xml",
      "mex-subject": "response",
      "mex-version": "1.0",
      "mex-addresstype": "ALL",
      "mex-chunk-range": "1:1",
      "mex-total-chunks": "1",
      "mex-statuscode": "00",
      "mex-statusevent": "TRANSFER",
      "mex-statusdescription": "Transferred to recipient mailbox",
      "mex-statussuccess": "SUCCESS",
      "mex-statustimestamp": "20261122101500",
      "mex-content-type": "application/xml",
      "content-type": "application/xml",
      "content-length": "15",
      etag: `"${id}-1"`,
      "last-modified": "Sun, 22 Nov 2026 10:15:00 GMT",
    };
    assert.deepEqual({ ...headers, ...expected }, headers);
  });

  it("gets the name of its message id when its sender gave none", async () => {
    const id = opened.reader.deliver();
    assert.equal((await opened.reader.fetch(id)).headers["mex-filename"], `${id}.dat`);
  });

  it("shows its headers without its body to a HEAD", async () => {
    const id = opened.reader.deliver();
    const head = await opened.reader.fetch(id, {}, "HEAD");
    assert.equal(head.status, 200);
    assert.equal(head.headers["content-length"], "15");
    assert.equal(head.body.byteLength, 0);
  });

  it("is not for strangers, and an unknown one is for nobody", async () => {
    const { call, mesh } = opened.fixture;
    const id = opened.reader.deliver();
    const unknown = await opened.reader.fetch("unknown");
    assert.equal(unknown.status, 404);
    const [detail] = (unknown.json as { detail: { event: string; code: string }[] }).detail;
    assert.deepEqual([detail?.event, detail?.code], ["RECEIVE", "20"]);
    assert.equal((await opened.reader.acknowledge("unknown")).status, 404);
    const other = mesh.openMailbox({ odsCode: "ZT8" });
    const path = `/${other.mailbox}/inbox/${id}`;
    assert.equal((await call({ path, as: other })).status, 403);
    assert.equal((await call({ method: "PUT", path: `${path}/status/acknowledged`, as: other })).status, 403);
    assert.equal((await opened.reader.fetch(id)).status, 200);
  });

  it("cannot be fetched after its acknowledgement, unless switched so", async () => {
    const { fixture, reader } = opened;
    for (const status of [404, 410, 200] as const) {
      fixture.mesh.changeBehaviours({ acknowledgedFetchStatus: status });
      const id = reader.deliver();
      assert.equal((await reader.fetch(id)).status, 200);
      assert.equal((await reader.acknowledge(id)).status, 200);
      assert.equal((await reader.acknowledge(id)).status, 200);
      assert.equal((await reader.fetch(id)).status, status);
      assert.deepEqual(fixture.mesh.inbox("ZT7OT001"), []);
    }
  });

  it("is acknowledged with its id in version 1", async () => {
    const id = opened.reader.deliver();
    const reply = await opened.reader.acknowledge(id, "application/vnd.mesh.v1+json");
    assert.deepEqual(reply.json, { messageId: id });
  });

  it("goes compressed to those who accept gzip when switched so", async () => {
    const { fixture, reader } = opened;
    const id = reader.deliver();
    const gzip = { "Accept-Encoding": "gzip" };
    const plain = await reader.fetch(id, gzip);
    assert.equal(plain.headers["content-encoding"], undefined);
    fixture.mesh.changeBehaviours({ compression: "always" });
    const compressed = await reader.fetch(id, gzip);
    assert.equal(compressed.headers["content-encoding"], "gzip");
    assert.equal(compressed.headers["mex-content-compressed"], "Y");
    assert.equal(gunzipSync(compressed.body).toString(), "<FileResponse/>");
    assert.equal((await reader.fetch(id)).body.toString(), "<FileResponse/>");
  });

  it("can be put there in compressed chunks", async () => {
    const { fixture, reader } = opened;
    const content = Buffer.from("<FileResponse></FileResponse>");
    const address = { from: "ZSPOT001", to: "ZT7OT001", workflowId: "EXAMPLE_RESPONSE" };
    const id = fixture.mesh.deliver({ ...address, content, chunkBytes: 10, isCompressed: true });
    const gzip = { "Accept-Encoding": "gzip" };
    const chunks = [
      await reader.fetch(id, gzip),
      await reader.fetch(`${id}/2`, gzip),
      await reader.fetch(`${id}/3`, gzip),
    ];
    assert.deepEqual(
      chunks.map(({ status }) => status),
      [206, 206, 200],
    );
    assert.deepEqual(Buffer.concat(chunks.map((chunk) => gunzipSync(chunk.body))), content);
    assert.deepEqual(fixture.mesh.inbox("ZT7OT001")[0]?.content, content);
  });

  it("is refused when its recipient is unknown or a text could not be a header", () => {
    const good = { from: "ZSPOT001", to: "ZT7OT001", workflowId: "EXAMPLE_RESPONSE", content: Buffer.from("x") };
    const { mesh } = opened.fixture;
    for (const wrong of [{ to: "NOBODY" }, { subject: "a\r\nb" }, { fileName: "\u2603" }, { chunkBytes: 0 }]) {
      assert.throws(() => mesh.deliver({ ...good, ...wrong }), { code: "CONFIG_INVALID" });
    }
  });

  it("is told to those who watch, and kept by a keeper", async () => {
    const { mesh, sendFile } = opened.fixture;
    const seen: string[] = [];
    mesh.events.on("meshMessage", ({ messageId }) => seen.push(`arrived ${messageId}`));
    const waiting = await sendFile({}, Buffer.from("first"));
    const done = new Promise<void>((resolve) => {
      mesh.keepMailbox(mesh.cpisMailbox, {
        take: (message) => {
          seen.push(`${message.content.toString()} ${message.messageId}`);
          if (message.content.toString() === "second") resolve();
          return Promise.resolve();
        },
      });
    });
    const second = await sendFile({}, Buffer.from("second"));
    await done;
    assert.deepEqual(seen, [`arrived ${waiting}`, `first ${waiting}`, `arrived ${second}`, `second ${second}`]);
    assert.equal(mesh.statusOf(waiting), "acknowledged");
  });

  it("stays in the mailbox when its keeper fails, and does not block the next", async () => {
    const { mesh, sendFile } = opened.fixture;
    const failures: string[] = [];
    mesh.events.on("error", ({ code }) => failures.push(code));
    const taken: string[] = [];
    const bothTaken = new Promise<void>((resolve) => {
      mesh.keepMailbox("zspot001", {
        take: ({ messageId, content }) => {
          taken.push(messageId);
          if (taken.length === 2) resolve();
          return content.toString() === "bad" ? Promise.reject(new Error("no")) : Promise.resolve();
        },
      });
    });
    const bad = await sendFile({}, Buffer.from("bad"));
    const good = await sendFile({}, Buffer.from("good"));
    await bothTaken;
    assert.deepEqual(taken, [bad, good]);
    assert.deepEqual(failures, ["CPIS_INTERNAL"]);
    assert.equal(mesh.statusOf(bad), "accepted");
  });
});

describe("A report of the simulated MESH", () => {
  const opened = useMesh();

  it("says why a file was not delivered, and which, and takes the file out of its mailbox", async () => {
    const { mesh, sendFile } = opened.fixture;
    const id = await sendFile({ "mex-LocalID": "999-000042-1", "mex-Subject": "upload" });
    const reportId = mesh.report(id, { statusCode: "15" });
    assert.deepEqual(mesh.inbox("ZSPOT001"), []);
    assert.equal(mesh.statusOf(id), "error");
    const reply = await opened.reader.fetch(reportId);
    const expected: Headers = {
      "mex-messagetype": "REPORT",
      "mex-messageid": reportId,
      "mex-linkedmsgid": id,
      "mex-localid": "999-000042-1",
      "mex-subject": "upload",
      "mex-workflowid": "EXAMPLE_UPLOAD",
      "mex-to": "ZSPOT001",
      "mex-statussuccess": "ERROR",
      "mex-statuscode": "15",
      "mex-statusevent": "TRANSFER",
      "mex-statusdescription": "Bad CP-IS file",
      "mex-statustimestamp": "20261122101500",
    };
    assert.equal(reply.status, 200);
    assert.equal(reply.body.byteLength, 0);
    assert.equal(reply.headers["mex-from"], undefined);
    assert.deepEqual({ ...reply.headers, ...expected }, reply.headers);
    assert.equal((await opened.reader.acknowledge(reportId)).status, 200);
  });

  it("may have no code, and may name who gets it as its recipient", async () => {
    const { mesh, sendFile } = opened.fixture;
    mesh.changeBehaviours({ reportTo: "sender" });
    const reportId = mesh.report(await sendFile(), { description: "gone" });
    const { headers } = await opened.reader.fetch(reportId);
    assert.equal(headers["mex-statuscode"], undefined);
    assert.equal(headers["mex-statusevent"], undefined);
    assert.equal(headers["mex-statusdescription"], "gone");
    assert.equal(headers["mex-to"], "ZT7OT001");
  });

  it("is refused for an unknown message, and for another report", async () => {
    const { mesh, sendFile } = opened.fixture;
    assert.throws(() => mesh.report("unknown", {}), { code: "CONFIG_INVALID" });
    const reportId = mesh.report(await sendFile(), {});
    assert.throws(() => mesh.report(reportId, {}), { code: "CONFIG_INVALID" });
  });

  it("with code 14 comes when nobody collected a file for five days, once", async () => {
    const { mesh, sendFile, call } = opened.fixture;
    const id = await sendFile({ "mex-LocalID": "999-000043-1" });
    mesh.advanceClock(5 * day - 1);
    assert.equal(mesh.inbox("ZSPOT001").length, 1);
    mesh.advanceClock(1);
    assert.deepEqual(mesh.inbox("ZSPOT001"), []);
    assert.equal(mesh.statusOf(id), "undeliverable");
    assert.equal((await call({ path: `/ZSPOT001/inbox/${id}`, as: mesh.cpis })).status, 410);
    const [report, ...more] = mesh.inbox("ZT7OT001");
    assert.deepEqual(more, []);
    assert.equal(report?.report?.statusCode, "14");
    assert.equal(report.report.linkedMessageId, id);
    assert.equal(report.localId, "999-000043-1");
    mesh.advanceClock(5 * day);
    assert.deepEqual(mesh.inbox("ZT7OT001"), []);
  });

  it("comes also when the days pass by the host's own clock", async () => {
    const { clock, sendFile } = opened.fixture;
    const id = await sendFile();
    clock.now += 6 * day;
    const { messages } = await opened.reader.list("");
    assert.equal(messages.length, 1);
    assert.equal((await opened.reader.fetch(messages[0]!)).headers["mex-linkedmsgid"], id);
  });

  it("cannot be had by turning the clock back, or far beyond", () => {
    const { mesh } = opened.fixture;
    for (const milliseconds of [-1, Number.NaN, Infinity, 4e12]) {
      assert.throws(() => mesh.advanceClock(milliseconds), { code: "CONFIG_INVALID" });
    }
  });
});
