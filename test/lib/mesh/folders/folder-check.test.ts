// Tests of what a mailbox demands of its folders before it starts.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { until } from "../../../support/mhs/durable-exchange.js";
import { outboundFile, useFolderScene } from "../../../support/mesh/folder-scene.js";

describe("a mailbox over folders", () => {
  const scene = useFolderScene();

  it("does not start without the client's folders, and starts when they are there", async () => {
    await fs.rmdir(scene.path("SENT"));
    const { mailbox } = await scene.start({ isIdle: true });
    await assert.rejects(mailbox.start(), { code: "MESH_FOLDER_MISSING", detail: "SENT: ENOENT" });
    await fs.mkdir(scene.path("SENT"));
    await mailbox.start();
    await mailbox.send(outboundFile());
    await scene.untilInOut();
  });

  it("does not start with folders of its own that are the client's, or within them or each other", async () => {
    const settings = [
      { stagingFolder: scene.path("TEMP") },
      { stagingFolder: scene.path("OUT") },
      { archiveFolder: scene.path("IN", "archive") },
      { archiveFolder: scene.path() },
      { archiveFolder: path.dirname(scene.root()) },
      { archiveFolder: scene.path("cpis-staging") },
      { archiveFolder: scene.path("cpis-staging", "archive") },
      { archiveFolder: "archive" },
      { root: "somewhere" },
    ];
    const store = await scene.openStore();
    for (const setting of settings) {
      const instance = await scene.start({ ...setting, store, isIdle: true });
      await assert.rejects(instance.mailbox.start(), { code: "CONFIG_INVALID" });
      await instance.close();
    }
    await assert.rejects(scene.start({ namePrefix: "../", store }), { code: "CONFIG_INVALID" });
    await assert.rejects(scene.start({ mailbox: "", store }), { code: "CONFIG_MISSING" });
    await store.close();
  });

  it("does not take a file for a folder", async () => {
    const file = scene.path("staging");
    await fs.writeFile(file, "");
    const { mailbox } = await scene.start({ stagingFolder: path.join(file, "below"), isIdle: true });
    await assert.rejects(mailbox.start(), { code: "MESH_FOLDER_MISSING" });
  });

  it("demands a staging folder from which a file can be renamed into OUT", async function () {
    const other = "/dev/shm";
    const [here, there] = await Promise.all([fs.stat(scene.root()), fs.stat(other).catch(() => undefined)]);
    if (there === undefined || there.dev === here.dev) return this.skip();
    const stagingFolder = await fs.mkdtemp(path.join(other, "cp-is-"));
    const instance = await scene.start({ stagingFolder, isIdle: true });
    await assert.rejects(instance.mailbox.start(), { code: "CONFIG_INVALID" });
    await instance.close();
    await fs.rm(stagingFolder, { recursive: true });
  });

  it("archives to another file system", async function () {
    const other = "/dev/shm";
    const [here, there] = await Promise.all([fs.stat(scene.root()), fs.stat(other).catch(() => undefined)]);
    if (there === undefined || there.dev === here.dev) return this.skip();
    const archiveFolder = await fs.mkdtemp(path.join(other, "cp-is-"));
    const instance = await scene.start({ archiveFolder });
    await scene.putIntoIn("A1", { dtsId: "ID-1" }, "<FileResponse/>");
    await until(() => instance.log.length === 1);
    assert.deepEqual((await fs.readdir(archiveFolder)).sort(), ["A1.ctl", "A1.dat"]);
    assert.equal(await fs.readFile(path.join(archiveFolder, "A1.dat"), "utf8"), "<FileResponse/>");
    assert.deepEqual(await scene.list("IN"), []);
    await instance.close();
    await fs.rm(archiveFolder, { recursive: true });
  });
});
