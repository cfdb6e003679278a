// Tests of receiving over the folders of the MESH client: each pair once it is whole, once, and nothing lost.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { createFailingStore } from "../../../support/mhs/failing-store.js";
import { until } from "../../../support/mhs/durable-exchange.js";
import {
  consume,
  type Instance,
  minute,
  outboundFile,
  refused,
  sent,
  stored,
  untilState,
  useFolderScene,
} from "../../../support/mesh/folder-scene.js";
import { exampleScope } from "../../../support/mesh/sample-files.js";

const response = "<FileResponse>1</FileResponse>";

/** How many descriptors of this process lead to a file. */
async function openFilesOf(file: string): Promise<number> {
  const names = await fs.readdir("/proc/self/fd");
  const links = await Promise.all(names.map((name) => fs.readlink(`/proc/self/fd/${name}`).catch(() => "")));
  return links.filter((link) => link === file).length;
}

/** Waits until so many more scans have begun and ended: what was put into IN before is seen by them. */
async function scans({ mailbox }: Instance, count = 2): Promise<void> {
  let left = count;
  const note = (): void => void (left -= 1);
  mailbox.events.on("polled", note);
  await until(() => left <= 0);
  mailbox.events.off("polled", note);
}

describe("what the MESH client puts into IN", () => {
  const scene = useFolderScene();

  it("is delivered with what its control file says, and then lies in the archive", async () => {
    const instance = await scene.start();
    const consumed = consume(instance);
    await scene.putIntoIn(
      "20261122104005987654_D4E5F6",
      { dtsId: "20261122104005987654_D4E5F6", localId: "R-42" },
      response,
    );
    await until(() => consumed.length === 1);
    const [{ item, text } = assert.fail()] = consumed;
    assert.equal(text, response);
    assert.equal(item.kind, "file");
    assert.equal(item.root, "FileResponse");
    assert.equal(item.messageId, "20261122104005987654_D4E5F6");
    assert.equal(item.localId, "R-42");
    assert.equal(item.workflowId, "EXAMPLE_RESPONSE");
    await until(async () => (await scene.list("IN")).length === 0);
    assert.deepEqual(await scene.list("cpis-archive"), [
      "20261122104005987654_D4E5F6.ctl",
      "20261122104005987654_D4E5F6.dat",
    ]);
  });

  it("is noticed by the system's word of it, long before the next scan, as is what comes into SENT", async () => {
    const instance = await scene.start({ scanMilliseconds: 10 * minute });
    const consumed = consume(instance);
    await scans(instance, 1);
    await scene.putIntoIn("A1", {}, response);
    await until(() => consumed.length === 1);
    const id = await instance.mailbox.send(outboundFile());
    const base = await scene.untilInOut();
    await untilState(instance.store, id, "awaiting-acknowledgement");
    await scene.takeFromOut(base, sent());
    await untilState(instance.store, id, "completed");
  });

  it("is left alone while it changes", async () => {
    const instance = await scene.start({ stableMilliseconds: minute, scanMilliseconds: 20 });
    await scene.putIntoIn("A1", {}, "<FileResponse>");
    await scans(instance);
    scene.clock.ahead += 2 * minute;
    await fs.appendFile(scene.path("IN", "A1.dat"), "1</FileResponse>");
    await scans(instance);
    assert.deepEqual(instance.log, []);
    scene.clock.ahead += 2 * minute;
    const consumed = consume(instance);
    await until(() => consumed.length === 1);
    assert.equal(consumed[0]?.text, response);
  });

  it("is not stored in part when it is replaced while it is read", async function () {
    // Only there it can be seen which files are open.
    if (process.platform !== "linux") this.skip();
    const instance = await scene.start({ scanMilliseconds: 20 });
    const consumed = consume(instance);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, `<FileResponse>${"a".repeat(20_000_000)}</FileResponse>`);
    await until(async () => (await openFilesOf(scene.path("IN", "A1.dat"))) > 0);
    await fs.writeFile(scene.path("IN", "A1.dat"), response);
    await until(() => consumed.length === 1);
    assert.ok(consumed[0]?.text === response, `${consumed[0]?.text.length ?? 0} characters`);
    assert.equal((await instance.store.list({ direction: "inbound" }, 10)).messages.length, 1);
  });

  it("is taken once its data has come, also when the control file came first", async () => {
    const instance = await scene.start({ scanMilliseconds: 20 });
    const consumed = consume(instance);
    await scene.putIntoIn("A1", { dtsId: "ID-1" });
    await scans(instance, 3);
    assert.deepEqual(await scene.list("IN"), ["A1.ctl"]);
    await fs.writeFile(scene.path("IN", "A1.dat"), response);
    await until(() => consumed.length === 1);
    assert.equal(consumed[0]?.text, response);
    await until(() => instance.log.length === 1);
    assert.deepEqual(instance.log, ["received ID-1 FileResponse new"]);
  });

  it("is warned of, once a day, when one half of a pair stays away", async () => {
    const instance = await scene.start({ scanMilliseconds: 20 });
    await scene.putIntoIn("A1", {});
    await fs.writeFile(scene.path("IN", "B2.dat"), response);
    await scans(instance, 3);
    scene.clock.ahead += 6 * minute;
    await until(() => instance.log.includes("warning DATA_MISSING"));
    scene.clock.ahead += 60 * minute;
    await until(() => instance.log.includes("warning CONTROL_FILE_MISSING"));
    await scans(instance);
    assert.equal(instance.log.length, 2);
    scene.clock.ahead += 24 * 60 * minute;
    await until(() => instance.log.length === 4);
    assert.deepEqual(await scene.list("IN"), ["A1.ctl", "B2.dat"]);
  });

  it("is delivered once, whatever name it comes under a second time, and nothing in the archive is replaced", async () => {
    const instance = await scene.start();
    const consumed = consume(instance);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await until(async () => (await scene.list("cpis-archive")).length === 2);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await until(async () => (await scene.list("cpis-archive")).length === 4);
    await scene.putIntoIn("B2", { dtsId: "ID-1" }, response);
    await until(async () => (await scene.list("cpis-archive")).length === 6);
    await until(() => instance.log.length === 3);
    assert.deepEqual(instance.log, [
      "received ID-1 FileResponse new",
      "received ID-1 FileResponse duplicate",
      "received ID-1 FileResponse duplicate",
    ]);
    assert.equal(consumed.length, 1);
  });

  it("is warned of when it comes again with other bytes: the first ones stand", async () => {
    const instance = await scene.start();
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await until(() => instance.log.length === 1);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, "<FileResponse>2</FileResponse>");
    await until(() => instance.log.length === 3);
    assert.ok(instance.log.includes("warning OTHER_CONTENT_UNDER_SAME_ID"));
    assert.equal((await scene.list("cpis-archive")).length, 4);
  });

  it("is not delivered again after a crash between the store and the archive, or between the two moves", async () => {
    const first = await scene.start();
    const consumed = consume(first);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await scene.putIntoIn("B2", { dtsId: "ID-2" }, response);
    await until(async () => (await scene.list("cpis-archive")).length === 4);
    await until(() => consumed.length === 2);
    await first.close();
    for (const name of ["A1.dat", "A1.ctl", "B2.ctl"]) {
      await fs.rename(scene.path("cpis-archive", name), scene.path("IN", name));
    }
    const second = await scene.start();
    const again = consume(second);
    await until(async () => (await scene.list("cpis-archive")).length === 4);
    await second.mailbox.poll();
    assert.deepEqual(await scene.list("IN"), []);
    assert.deepEqual(again, []);
    assert.deepEqual(second.log, ["received ID-1 FileResponse duplicate"]);
  });

  it("reaches no other folder by what it says or by its name", async () => {
    const instance = await scene.start({ scope: { ...exampleScope, takesAll: true } });
    const consumed = consume(instance);
    const evil = "../../../cp-is-evil";
    const changes = { dtsId: evil, localId: evil, subject: evil, workflowId: evil, from: evil };
    await scene.putIntoIn("..", changes, response);
    await scene.putIntoIn("..%2f..%2fcp-is-evil", { dtsId: "ID-2" }, response);
    await until(() => consumed.length === 2);
    await until(async () => (await scene.list("IN")).length === 0);
    assert.equal((await scene.list("cpis-archive")).length, 4);
    assert.deepEqual(await scene.list("."), ["IN", "OUT", "SENT", "TEMP", "cpis-archive", "cpis-staging"]);
    const around = await fs.readdir(path.join(scene.root(), ".."));
    assert.ok(!around.some((name) => name.startsWith("cp-is-evil")));
  });

  it("is not read through a link", async () => {
    const secret = scene.path("secret");
    await fs.writeFile(secret, "<FileResponse>secret</FileResponse>");
    const instance = await scene.start({ scanMilliseconds: 20 });
    const consumed = consume(instance);
    await fs.symlink(secret, scene.path("IN", "A1.dat"));
    await scene.putIntoIn("A1", {});
    await scene.putIntoIn("B2", {}, response);
    await fs.symlink(scene.path("IN", "B2.ctl"), scene.path("IN", "C3.ctl"));
    await until(() => consumed.length === 1);
    await scans(instance, 3);
    assert.equal(consumed.length, 1);
    assert.deepEqual(await scene.list("IN"), ["A1.ctl", "A1.dat", "C3.ctl"]);
    assert.equal(await fs.readFile(secret, "utf8"), "<FileResponse>secret</FileResponse>");
  });

  it("does not hold up the others when it cannot be read, and is taken when it is corrected", async () => {
    const instance = await scene.start({ maximumFileBytes: 100, scanMilliseconds: 20 });
    const consumed = consume(instance);
    await fs.writeFile(scene.path("IN", "A1.dat"), response);
    await fs.writeFile(scene.path("IN", "A1.ctl"), "<DTSControl>");
    await scene.putIntoIn("B2", {}, "x".repeat(101));
    await scene.putIntoIn("C3", {}, response);
    await until(() => consumed.length === 1);
    await until(() => instance.log.filter((line) => line === "warning NOT_TAKEN").length === 2);
    await scans(instance, 5);
    assert.equal(instance.log.length, 3);
    assert.deepEqual(await scene.list("IN"), ["A1.ctl", "A1.dat", "B2.ctl", "B2.dat"]);
    await scene.putIntoIn("A1", { dtsId: "ID-1" });
    await until(() => consumed.length === 2);
  });

  it("is delivered unpacked when its control file says that it is compressed, and it is", async () => {
    const instance = await scene.start();
    const consumed = consume(instance);
    await fs.writeFile(scene.path("IN", "A1.dat"), gzipSync(response));
    await scene.putIntoIn("A1", { isCompressed: true });
    await scene.putIntoIn("B2", { isCompressed: true }, response);
    await until(() => consumed.length === 2);
    assert.deepEqual(
      consumed.map(({ text }) => text),
      [response, response],
    );
  });

  it("stays there while the store is full, and is taken when it has room again", async () => {
    const store = await scene.openStore();
    const failing = createFailingStore(store);
    const instance = await scene.start({ store: failing.store, scanMilliseconds: 20 });
    const consumed = consume(instance);
    failing.fail("STORE_FULL", ["acceptInbound"]);
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await until(() => failing.refusals() > 1);
    assert.deepEqual(await scene.list("IN"), ["A1.ctl", "A1.dat"]);
    failing.recover();
    await until(() => consumed.length === 1);
    await until(async () => (await scene.list("IN")).length === 0);
    assert.deepEqual(instance.log, ["storeUnavailable STORE_FULL", "received ID-1 FileResponse new"]);
    await instance.close();
    await store.close();
  });

  it("is delivered while the archive is away, once, and moved there when it is back", async () => {
    const instance = await scene.start({ scanMilliseconds: 20 });
    const consumed = consume(instance);
    await fs.rename(scene.path("cpis-archive"), scene.path("elsewhere"));
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await scene.putIntoIn("B2", { dtsId: "ID-2" }, response);
    await until(() => consumed.length === 2);
    await until(() => instance.log.length === 1);
    await fs.rename(scene.path("elsewhere"), scene.path("cpis-archive"));
    await until(async () => (await scene.list("cpis-archive")).length === 4);
    await until(() => instance.log.length === 4);
    assert.deepEqual(instance.log.toSorted(), [
      "reachable",
      "received ID-1 FileResponse new",
      "received ID-2 FileResponse new",
      "unreachable MESH_FOLDER_MISSING",
    ]);
    assert.equal(consumed.length, 2);
  });

  it("is found in a folder that was away and came back as another one", async () => {
    const instance = await scene.start({ scanMilliseconds: 20 });
    const consumed = consume(instance);
    await fs.rmdir(scene.path("IN"));
    await until(() => instance.log.length === 1);
    await assert.rejects(instance.mailbox.poll(), { code: "MESH_FOLDER_MISSING" });
    await fs.mkdir(scene.path("IN"));
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, response);
    await until(() => consumed.length === 1);
    assert.deepEqual(instance.log.slice(0, 2), ["unreachable MESH_FOLDER_MISSING", "reachable"]);
  });

  it("as a report fails the file of its local id, whatever message it names", async () => {
    const instance = await scene.start();
    const consumed = consume(instance);
    const file = outboundFile();
    const id = await instance.mailbox.send(file);
    await scene.takeFromOut(await scene.untilInOut(), sent("ID-1"));
    await untilState(instance.store, id, "completed");
    await scene.putIntoIn("R1", { messageType: "Report", dtsId: "R1", localId: file.localId, ...refused("14") });
    await until(() => consumed.length === 1);
    const row = await stored(instance.store, id);
    assert.deepEqual([row.state, row.errorCode], ["failed", "MESH_UNDELIVERED"]);
    const [{ item } = assert.fail()] = consumed;
    assert.equal(item.kind, "report");
    assert.equal(item.messageId, "R1");
    assert.equal(item.statusCode, "14");
    assert.equal(item.file, id);
  });

  it("as a report without a local id fails the file that it names", async () => {
    const instance = await scene.start();
    const id = await instance.mailbox.send(outboundFile("<File/>", { completedBy: "response" }));
    await scene.takeFromOut(await scene.untilInOut(), sent("ID-1"));
    await untilState(instance.store, id, "awaiting-response");
    await scene.putIntoIn("R1", { messageType: "REPORT", dtsId: "ID-1", ...refused("15") });
    await untilState(instance.store, id, "failed");
    assert.equal((await stored(instance.store, id)).errorCode, "MESH_BAD_FILE");
  });

  it("as a report of success fails nothing, and is a sign that MESH has the file", async () => {
    const instance = await scene.start();
    const consumed = consume(instance);
    const file = outboundFile("<File/>", { completedBy: "response" });
    const id = await instance.mailbox.send(file);
    await scene.untilInOut();
    await untilState(instance.store, id, "awaiting-acknowledgement");
    await scene.putIntoIn("R1", { messageType: "Report", localId: file.localId, ...sent("ID-1") });
    await untilState(instance.store, id, "awaiting-response");
    await scene.putIntoIn("R2", { messageType: "Report", localId: file.localId, ...sent("ID-1") });
    await until(async () => (await scene.list("cpis-archive")).length === 2);
    assert.equal((await stored(instance.store, id)).state, "awaiting-response");
    assert.deepEqual(consumed, []);
  });
});
