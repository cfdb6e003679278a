// Tests of the connection check for MESH: the API against the simulated one, and the folders of its client.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { MeshApiCheck } from "../../../../lib/services/connection-check/connection-check-model.js";
import { createMeshServer, type MeshServer } from "../../../../lib/simulator/index.js";
import { testCertificates } from "../../../support/mhs/peer.js";
import { startConnectProxy } from "../../../support/tls/connect-proxy.js";
import { clock, closeAll, closeLater, effects, runCheck } from "../../../support/services/checked-connection.js";

const cpis = { mailbox: "ZSPOT001", odsCode: "ZSP" };

interface MeshScene {
  readonly mesh: MeshServer;
  readonly check: MeshApiCheck;
}

async function meshScene(): Promise<MeshScene> {
  const { pki, good } = await testCertificates();
  const certificate = { keyPem: String(good.key), certPem: String(good.cert) };
  const simulated = { now: () => Date.now(), newUuid: effects.newUuid };
  const mesh = await createMeshServer({ pki, effects: simulated, certificate, cpis });
  closeLater(() => mesh.close());
  const { mailbox, password } = mesh.openMailbox({ odsCode: "ZT7" });
  const { sharedKey, url: baseUrl } = mesh;
  return { mesh, check: { kind: "mesh-api", baseUrl, tls: good, mailbox, password, sharedKey } };
}

describe("a connection check for MESH", () => {
  afterEach(closeAll);

  it("passes every step, counts the messages that wait, and takes none of them", async () => {
    const { mesh, check } = await meshScene();
    const calls: string[] = [];
    mesh.events.on("meshExchange", ({ method, status }) => calls.push(`${method} ${status}`));
    const deliver = (): void => {
      const { upload } = mesh.workflowIds;
      mesh.registerWorkflow({ workflowId: upload, senders: "cpis", receivers: "local-authorities" });
      mesh.deliver({ from: cpis.mailbox, to: check.mailbox, workflowId: upload, content: Buffer.from("<a/>") });
    };
    deliver();
    const report = await runCheck(check);
    assert.deepEqual(report.results, [
      "own-certificate pass",
      "name pass",
      "connection pass",
      "handshake pass",
      "peer-certificate pass",
      "clock pass",
      "mailbox pass",
      "inbox pass",
    ]);
    assert.deepEqual(report.step("inbox").seen, ["1 message waits."]);
    assert.equal(mesh.inbox(check.mailbox).length, 1);
    deliver();
    assert.deepEqual((await runCheck(check)).step("inbox").seen, ["2 messages wait."]);
    assert.ok(!calls.some((call) => call.startsWith("PUT")));
    for (const secret of [check.password, check.sharedKey, "NHSMESH"]) assert.ok(!report.text.includes(secret));
  });

  it("goes through the proxy where there is one, and tells the proxy's refusals from MESH's", async () => {
    const { mesh, check } = await meshScene();
    const { pki } = await testCertificates();
    const host = "mesh.sim.example.nhs.uk";
    const certificate = await pki.issue({ commonName: host, dnsNames: [host], usage: "server" });
    const simulated = { now: () => Date.now(), newUuid: effects.newUuid };
    const { sharedKey } = mesh;
    const named = await createMeshServer({ pki, effects: simulated, certificate, cpis, sharedKey });
    closeLater(() => named.close());
    named.openMailbox({ odsCode: "ZT7", mailbox: check.mailbox, password: check.password });
    const leadsTo = { host: "127.0.0.1", port: named.port };
    const proxy = await startConnectProxy({ leadsTo });
    const closed = await startConnectProxy({ refusal: 403 });
    closeLater(() => proxy.close());
    closeLater(() => closed.close());
    const through = { ...check, baseUrl: `https://${host}` };
    const passed = await runCheck({ ...through, proxy: { url: proxy.url, noProxy: [] } });
    assert.ok(
      passed.results.every((result) => result.endsWith(" pass")),
      passed.results.join(),
    );
    assert.match(passed.step("name").seen.join(), /through the proxy 127\.0\.0\.1:\d+/);
    const refused = await runCheck({ ...through, proxy: { url: closed.url, noProxy: [] } });
    assert.deepEqual(
      [refused.step("connection").result, refused.step("connection").code],
      ["fail", "TLS_PROXY_REFUSED"],
    );
  });

  it("tells a wrong password or shared key by its code, and repeats neither", async () => {
    const { check } = await meshScene();
    for (const change of [{ password: "wr0ng-Word!" }, { sharedKey: "wr0ng-key-9" }]) {
      const report = await runCheck({ ...check, ...change });
      const { result, code } = report.step("mailbox");
      assert.deepEqual([result, code, report.step("inbox").result], ["fail", "MESH_UNAUTHORISED", "skipped"]);
      for (const secret of Object.values(change)) assert.ok(!report.text.includes(secret));
    }
  });

  it("tells a clock that is too far off for MESH as the reason why credentials are refused", async () => {
    const { check } = await meshScene();
    clock.aheadMilliseconds = -3 * 60 * 60_000;
    const report = await runCheck(check);
    assert.deepEqual([report.step("clock").result, report.step("clock").code], ["fail", "CONFIG_CLOCK"]);
    assert.match(report.step("mailbox").seen[0] ?? "", /clock of this machine is 180 minutes slow/);
    clock.aheadMilliseconds = 60 * 60_000;
    const warned = await runCheck(check);
    assert.deepEqual([warned.step("clock").result, warned.step("mailbox").result], ["warn", "pass"]);
  });

  it("gives no credentials to who is not MESH, or is not there", async () => {
    const { mesh, check } = await meshScene();
    const calls: string[] = [];
    mesh.events.on("meshExchange", ({ method }) => calls.push(method));
    const { foreignPki } = await testCertificates();
    const distrusting = await runCheck({ ...check, tls: { ...check.tls, ca: foreignPki.caPem } });
    assert.deepEqual(distrusting.results.slice(-2), ["mailbox skipped", "inbox skipped"]);
    assert.deepEqual(calls, []);
    await mesh.close();
    const gone = await runCheck(check);
    assert.equal(gone.step("connection").code, "MESH_CONNECT_FAILED");
  });

  it("tells MESH that is out of order", async () => {
    const { mesh, check } = await meshScene();
    mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["handshake"], times: 10 });
    const report = await runCheck(check);
    assert.equal(report.step("mailbox").code, "MESH_UNAVAILABLE");
  });
});

describe("a connection check for the folders of the MESH client", () => {
  let root: string;
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-check-"));
    for (const name of ["IN", "OUT", "SENT"]) await fs.mkdir(path.join(root, name));
  });
  afterEach(() => fs.rm(root, { recursive: true }));

  it("tries each folder, and leaves nothing behind: least of all in OUT", async () => {
    const report = await runCheck({ kind: "mesh-folder", root });
    const names = ["in", "out", "sent", "staging", "archive"];
    assert.deepEqual(report.results, [...names.map((name) => `folder-${name} pass`), "client skipped"]);
    const left = await fs.readdir(root, { recursive: true });
    assert.deepEqual(left.sort(), ["IN", "OUT", "SENT", "cpis-archive", "cpis-staging"]);
  });

  it("names the folder that is missing, and tries the others all the same", async () => {
    await fs.rmdir(path.join(root, "SENT"));
    await fs.writeFile(path.join(root, "cpis-archive"), "");
    const report = await runCheck({ kind: "mesh-folder", root });
    assert.deepEqual(
      report.results.filter((line) => line.endsWith("fail")),
      ["folder-sent fail", "folder-archive fail"],
    );
    assert.equal(report.step("folder-sent").code, "MESH_FOLDER_MISSING");
    assert.doesNotMatch(report.text, new RegExp(path.basename(root)));
  });

  it("refuses a root that is no absolute path", async () => {
    const report = await runCheck({ kind: "mesh-folder", root: "mesh" });
    assert.deepEqual([report.results, report.step("settings").code], [["settings fail"], "CONFIG_INVALID"]);
  });
});
