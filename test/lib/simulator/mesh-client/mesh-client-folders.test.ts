// Tests of the simulated MESH client that moves files between its folders and the simulated MESH.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type ControlFile, encodeControlFile, parseControlFile } from "../../../../lib/mesh/folders/control-file.js";
import { createMeshServer, type MeshServer } from "../../../../lib/simulator/index.js";
import {
  createSimulatedMeshClient,
  type SimulatedMeshClient,
  type SimulatedMeshClientOptions,
} from "../../../../lib/simulator/mesh-client/mesh-client-folders.js";
import { until } from "../../../support/mhs/durable-exchange.js";
import { testPki } from "../../../support/simulator/simulator-client.js";

const own = "ZT7OT001";
const upload: ControlFile = {
  version: "1.0",
  addressType: "DTS",
  messageType: "Data",
  workflowId: "EXAMPLE_UPLOAD",
  to: "ZSPOT001",
  from: own,
  localId: "999-1-1",
  statusRecords: [],
};

describe("the simulated MESH client", () => {
  let root = "";
  let mesh: MeshServer;
  let client: SimulatedMeshClient | undefined;
  let ahead = 0;
  const effects = { now: () => Date.now() + ahead, newUuid: () => randomUUID().toUpperCase() };
  const inRoot = (...names: readonly string[]): string => path.join(root, ...names);

  beforeEach(async () => {
    ahead = 0;
    const { pki, spine } = await testPki();
    root = await fs.mkdtemp(path.join(os.tmpdir(), "cp-is-client-"));
    mesh = await createMeshServer({ pki, effects, certificate: spine });
    mesh.openMailbox({ odsCode: "ZT7", mailbox: own });
  });

  afterEach(async () => {
    await client?.close();
    client = undefined;
    await mesh.close();
    await fs.rm(root, { recursive: true });
  });

  async function start(options: Partial<SimulatedMeshClientOptions> = {}): Promise<SimulatedMeshClient> {
    client = createSimulatedMeshClient({ root, mesh, mailbox: own, effects, pollMilliseconds: 60_000, ...options });
    await client.start();
    await client.poll();
    return client;
  }

  async function put(base: string, control: Partial<ControlFile> = {}, content = "<File/>"): Promise<void> {
    await fs.writeFile(inRoot("OUT", `${base}.dat`), content);
    await fs.writeFile(inRoot("OUT", `${base}.ctl`), encodeControlFile({ ...upload, ...control }));
  }

  const readControl = async (...names: readonly string[]): Promise<ControlFile> =>
    parseControlFile(await fs.readFile(inRoot(...names)));

  it("sends a pair from OUT, and notes in SENT under which id MESH has it", async () => {
    const running = await start();
    await put("A1", { subject: "Upload 1" });
    await running.poll();
    const [message] = mesh.inbox(mesh.cpisMailbox);
    assert.equal(message?.content.toString(), "<File/>");
    assert.equal(message.localId, "999-1-1");
    assert.equal(message.subject, "Upload 1");
    assert.deepEqual(await fs.readdir(inRoot("OUT")), []);
    assert.deepEqual(await fs.readdir(inRoot("TEMP")), []);
    const control = await readControl("SENT", "A1.ctl");
    assert.equal(control.dtsId, message.messageId);
    assert.equal(control.statusRecords[0]?.status, "SUCCESS");
    assert.equal(await fs.readFile(inRoot("SENT", "A1.dat"), "utf8"), "<File/>");
  });

  it("notes an error of MESH's code for a pair that cannot be sent", async () => {
    const running = await start();
    const cases: readonly (readonly [string, Partial<ControlFile>, string?])[] = [
      ["09", { version: "2.0" }],
      ["11", { messageType: "Something" }],
      ["12", { to: "NOBODY" }],
      ["07", { from: "ZT8OT001" }],
      ["17", { workflowId: "ANOTHER" }],
      ["02", {}, ""],
      ["06", { subject: "\u4e2d" }],
    ];
    for (const [index, [code, control, content]] of cases.entries()) {
      await put(`A${index}`, control, content);
      await running.poll();
      const [status] = (await readControl("SENT", `A${index}.ctl`)).statusRecords;
      assert.deepEqual([status?.status, status?.code], ["ERROR", code]);
    }
    assert.deepEqual(mesh.inbox(mesh.cpisMailbox), []);
  });

  it("refuses a control file that lacks what it demands, or cannot be read", async () => {
    const running = await start();
    const flaws = {
      Version: "09",
      AddressType: "06",
      MessageType: "11",
      To_DTS: "08",
      WorkflowId: "17",
      DTSControl: "06",
    };
    for (const [name, code] of Object.entries(flaws)) {
      const whole = encodeControlFile(upload).toString();
      await put(name);
      await fs.writeFile(
        inRoot("OUT", `${name}.ctl`),
        whole.replaceAll(new RegExp(`<${name}>[^<]*(</${name}>)?`, "g"), ""),
      );
      await running.poll();
      assert.equal((await readControl("SENT", `${name}.ctl`)).statusRecords[0]?.code, code);
    }
  });

  it("leaves alone what is half there, or younger than its processing delay", async () => {
    const running = await start({ processingDelayMilliseconds: 30_000 });
    await put("A1");
    await put("B2");
    await fs.rm(inRoot("OUT", "B2.dat"));
    await running.poll();
    assert.deepEqual((await fs.readdir(inRoot("OUT"))).sort(), ["A1.ctl", "A1.dat", "B2.ctl"]);
    ahead = 31_000;
    await running.poll();
    assert.deepEqual(await fs.readdir(inRoot("OUT")), ["B2.ctl"]);
  });

  it("writes what comes for its mailbox into IN, and a report as a control file alone", async () => {
    await start();
    const { response: workflowId, upload: uploads } = mesh.workflowIds;
    const id = mesh.deliver({
      from: mesh.cpisMailbox,
      to: own,
      workflowId,
      localId: "R-1",
      content: Buffer.from("<R/>"),
    });
    const sent = mesh.deliver({
      from: own,
      to: mesh.cpisMailbox,
      workflowId: uploads,
      localId: "999-1-1",
      content: Buffer.from("<File/>"),
    });
    const report = mesh.report(sent, { statusCode: "14", description: "not collected" });
    await until(() => mesh.inbox(own).length === 0);
    assert.deepEqual((await fs.readdir(inRoot("IN"))).sort(), [`${id}.ctl`, `${id}.dat`, `${report}.ctl`].sort());
    const data = await readControl("IN", `${id}.ctl`);
    assert.deepEqual([data.messageType, data.dtsId, data.localId, data.to], ["Data", id, "R-1", own]);
    const reported = await readControl("IN", `${report}.ctl`);
    assert.deepEqual([reported.messageType, reported.dtsId, reported.localId], ["Report", sent, "999-1-1"]);
    assert.equal(reported.statusRecords[0]?.code, "14");
  });

  it("does as its conduct says", async () => {
    const running = await start({ conduct: { leavesInOut: true } });
    await put("A1");
    await running.poll();
    assert.deepEqual((await fs.readdir(inRoot("OUT"))).sort(), ["A1.ctl", "A1.dat"]);
    running.changeConduct({ leavesInOut: false, refusesWith: "16" });
    await running.poll();
    assert.equal((await readControl("SENT", "A1.ctl")).statusRecords[0]?.code, "16");
    running.changeConduct({ refusesWith: undefined, staysSilent: true });
    await put("B2");
    await running.poll();
    assert.deepEqual((await readControl("SENT", "B2.ctl")).statusRecords, []);
    running.changeConduct({ savesSent: false });
    await put("C3");
    await running.poll();
    assert.deepEqual(
      (await fs.readdir(inRoot("SENT"))).filter((name) => name.startsWith("C3")),
      [],
    );
    assert.equal(mesh.inbox(mesh.cpisMailbox).length, 2);
  });

  it("writes slowly, and the control file first, when it is told so", async () => {
    const seen: string[] = [];
    await start({ conduct: { writesControlFirst: true, writesSlowly: { pieceBytes: 4, pauseMilliseconds: 1 } } });
    const watcher = fs.watch(inRoot("IN"), { signal: AbortSignal.timeout(120_000) });
    const { response: workflowId } = mesh.workflowIds;
    const id = mesh.deliver({ from: mesh.cpisMailbox, to: own, workflowId, content: Buffer.from("<FileResponse/>") });
    for await (const { filename } of watcher) {
      seen.push(filename ?? "");
      if (seen.includes(`${id}.dat`)) break;
    }
    assert.equal(seen[0], `${id}.ctl`);
    await until(() => mesh.inbox(own).length === 0);
    assert.equal(await fs.readFile(inRoot("IN", `${id}.dat`), "utf8"), "<FileResponse/>");
  });

  it("leaves in the mailbox what it cannot write, and writes it when it can", async () => {
    const running = await start();
    await fs.rmdir(inRoot("IN"));
    let failures = 0;
    mesh.events.on("error", () => void (failures += 1));
    const { response: workflowId } = mesh.workflowIds;
    const id = mesh.deliver({ from: mesh.cpisMailbox, to: own, workflowId, content: Buffer.from("<R/>") });
    await until(() => failures === 1);
    await fs.mkdir(inRoot("IN"));
    await running.poll();
    await until(() => mesh.inbox(own).length === 0);
    assert.deepEqual((await fs.readdir(inRoot("IN"))).sort(), [`${id}.ctl`, `${id}.dat`]);
    await running.close();
    mesh.deliver({ from: mesh.cpisMailbox, to: own, workflowId, content: Buffer.from("<R/>") });
    await until(() => failures === 2);
    assert.equal(mesh.inbox(own).length, 1);
  });
});
