// Tests of sending over the folders of the MESH client: handed over once, whatever breaks off when.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { newOutboundRow } from "../../../../lib/mesh/outbound-file.js";
import { until } from "../../../support/mhs/durable-exchange.js";
import {
  cpisMailbox,
  type Instance,
  minute,
  outboundFile,
  ownMailbox,
  refused,
  sent,
  stored,
  untilState,
  useFolderScene,
} from "../../../support/mesh/folder-scene.js";

describe("a file sent over the MESH client's folders", () => {
  const scene = useFolderScene();

  /** The base name is decided when the file is accepted. */
  async function acceptWithoutSending(
    content: string,
  ): Promise<{ id: Awaited<ReturnType<Instance["mailbox"]["send"]>>; baseName: string }> {
    const instance = await scene.start({ isIdle: true });
    const id = await instance.mailbox.send(outboundFile(content));
    const { baseName } = (await stored(instance.store, id)).attributes;
    await instance.close();
    assert.ok(typeof baseName === "string");
    return { id, baseName };
  }

  it("lies in OUT as data with its control file, and is accepted when the client has moved it to SENT", async () => {
    const { mailbox, store, log } = await scene.start();
    const file = outboundFile("<File>ü</File>", { subject: "Upload 1" });
    const id = await mailbox.send(file);
    const base = await scene.untilInOut();
    assert.match(base, /^cpis-[0-9a-f-]{36}$/);
    assert.deepEqual(await scene.list("OUT"), [`${base}.ctl`, `${base}.dat`]);
    assert.equal(await fs.readFile(scene.path("OUT", `${base}.dat`), "utf8"), "<File>ü</File>");
    assert.deepEqual(await scene.readControl("OUT", base), {
      version: "1.0",
      addressType: "DTS",
      messageType: "Data",
      workflowId: "EXAMPLE_UPLOAD",
      to: cpisMailbox,
      from: ownMailbox,
      subject: "Upload 1",
      localId: file.localId,
      compress: false,
      allowChunking: true,
      encrypted: false,
      statusRecords: [],
    });
    await untilState(store, id, "awaiting-acknowledgement");
    await scene.takeFromOut(base, sent("ID-1"));
    await untilState(store, id, "completed");
    assert.deepEqual(log, [`accepted ${file.localId} ID-1`]);
    assert.equal((await stored(store, id)).attributes["meshMessageId"], "ID-1");
    assert.deepEqual(await scene.list("cpis-staging"), []);
  });

  it("waits for its response after that, when it is completed by one", async () => {
    const { mailbox, store } = await scene.start({ addressType: "ALL", compress: true });
    const id = await mailbox.send(outboundFile("<File/>", { completedBy: "response" }));
    const base = await scene.untilInOut();
    const control = await scene.readControl("OUT", base);
    assert.equal(control.addressType, "ALL");
    assert.equal(control.compress, true);
    await scene.takeFromOut(base, sent());
    await untilState(store, id, "awaiting-response");
  });

  it("fails with MESH's code when the client notes an error", async () => {
    const { mailbox, store, log } = await scene.start();
    for (const [code, expected] of [
      ["12", "MESH_RECIPIENT_UNKNOWN"],
      ["17", "MESH_WORKFLOW_NOT_REGISTERED"],
      ["06", "MESH_REFUSED"],
    ] as const) {
      const file = outboundFile();
      const id = await mailbox.send(file);
      await scene.takeFromOut(await scene.untilInOut(), refused(code));
      await untilState(store, id, "failed");
      assert.equal((await stored(store, id)).errorCode, expected);
      await until(() => log.includes(`undelivered ${file.localId} failed ${expected}`));
    }
  });

  it("follows the one before it in its order, when MESH has that", async () => {
    const { mailbox, store } = await scene.start();
    const first = await mailbox.send(outboundFile("<File>1</File>", { orderedBy: "999", completedBy: "response" }));
    const second = await mailbox.send(outboundFile("<File>2</File>", { orderedBy: "999" }));
    const base = await scene.untilInOut();
    await untilState(store, first, "awaiting-acknowledgement");
    assert.equal((await stored(store, second)).state, "queued");
    assert.equal((await scene.list("OUT")).length, 2);
    await scene.takeFromOut(base, sent());
    const next = await scene.untilInOut();
    assert.equal(await fs.readFile(scene.path("OUT", `${next}.dat`), "utf8"), "<File>2</File>");
  });

  it("that was accepted, and no more, is handed over after a restart", async () => {
    const { baseName } = await acceptWithoutSending("<File/>");
    // What a crash left of its writing.
    await fs.mkdir(scene.path("cpis-staging"));
    await fs.writeFile(scene.path("cpis-staging", `${baseName}_earlier.dat`), "<Fi");
    await scene.start();
    assert.equal(await scene.untilInOut(), baseName);
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.dat`), "utf8"), "<File/>");
    assert.deepEqual(await scene.list("cpis-staging"), []);
  });

  /** What a process leaves that is killed between two steps: the row in "sending", and the files where they were. */
  async function leaveSending(content = "<File/>"): Promise<Awaited<ReturnType<typeof acceptWithoutSending>>> {
    const accepted = await acceptWithoutSending(content);
    const store = await scene.openStore();
    const [claimed] = await store.claim({
      channel: "mesh",
      direction: "outbound",
      states: ["queued"],
      owner: "killed",
      leaseMilliseconds: 1,
      limit: 1,
      now: Date.now(),
    });
    assert.equal(claimed?.id, accepted.id);
    const at = Date.now();
    const attributes = { ...claimed.attributes, stagedName: stagedNameOf(accepted.baseName) };
    const sending = { from: ["queued"], to: "sending", at, owner: "killed", keepLease: true } as const;
    await store.transition({ id: accepted.id, ...sending, changes: { attributes } });
    await store.close();
    await fs.mkdir(scene.path("cpis-staging"), { recursive: true });
    return accepted;
  }

  const stagedNameOf = (baseName: string): string => `${baseName}_5a`;
  const control = "<DTSControl><Version>1.0</Version></DTSControl>";

  it("that was staged, and no more, is moved to OUT after a restart without being written again", async () => {
    const { baseName } = await leaveSending();
    await fs.writeFile(scene.path("cpis-staging", `${stagedNameOf(baseName)}.dat`), "as it was staged");
    await fs.writeFile(scene.path("cpis-staging", `${stagedNameOf(baseName)}.ctl`), control);
    await scene.start();
    assert.equal(await scene.untilInOut(), baseName);
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.dat`), "utf8"), "as it was staged");
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.ctl`), "utf8"), control);
  });

  it("whose data alone was moved to OUT gets its control file after a restart", async () => {
    const { baseName } = await leaveSending();
    await fs.writeFile(scene.path("OUT", `${baseName}.dat`), "as it was staged");
    await fs.writeFile(scene.path("cpis-staging", `${stagedNameOf(baseName)}.ctl`), control);
    const { store } = await scene.start();
    assert.equal(await scene.untilInOut(), baseName);
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.dat`), "utf8"), "as it was staged");
    await until(async () => (await store.countByState()).some(({ state }) => state === "awaiting-acknowledgement"));
  });

  it("whose staged data was lost before the client could see it is written anew", async () => {
    const { baseName } = await leaveSending("<File>again</File>");
    await fs.writeFile(scene.path("cpis-staging", `${stagedNameOf(baseName)}.ctl`), control);
    await scene.start();
    assert.equal(await scene.untilInOut(), baseName);
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.dat`), "utf8"), "<File>again</File>");
  });

  it("that lies in OUT after a restart was handed over, and is not written again", async () => {
    const { id, baseName } = await leaveSending();
    for (const extension of ["dat", "ctl"]) {
      await fs.writeFile(scene.path("OUT", `${baseName}.${extension}`), extension === "ctl" ? control : "old");
    }
    const { store } = await scene.start();
    await untilState(store, id, "awaiting-acknowledgement");
    assert.equal(await fs.readFile(scene.path("OUT", `${baseName}.dat`), "utf8"), "old");
    await scene.takeFromOut(baseName, sent());
    await untilState(store, id, "completed");
  });

  it("that lies in SENT after a restart is accepted, also when the store knows it as queued", async () => {
    const { id, baseName } = await acceptWithoutSending("<File/>");
    const taken = "<DTSControl><DTSId>ID-2</DTSId><StatusRecord><Status>SUCCESS</Status></StatusRecord></DTSControl>";
    await fs.writeFile(scene.path("SENT", `${baseName}.ctl`), taken);
    const { store, log } = await scene.start();
    await untilState(store, id, "completed");
    assert.deepEqual(await scene.list("OUT"), []);
    assert.match(log.join(), /^accepted \S+ ID-2$/);
  });

  it("that the client took, and kept nowhere, is not written again and is warned of", async () => {
    const { id } = await leaveSending();
    const { store, log } = await scene.start();
    await untilState(store, id, "awaiting-acknowledgement");
    scene.clock.ahead = 16 * minute;
    await until(() => log.includes("warning NOT_TAKEN_BY_CLIENT"));
    assert.deepEqual(await scene.list("OUT"), []);
    assert.equal((await stored(store, id)).state, "awaiting-acknowledgement");
  });

  it("that stays in OUT for a quarter of an hour is warned of once a day, and goes on when it is taken", async () => {
    const { mailbox, store, log } = await scene.start();
    const id = await mailbox.send(outboundFile());
    const base = await scene.untilInOut();
    await untilState(store, id, "awaiting-acknowledgement");
    scene.clock.ahead = 16 * minute;
    await until(() => log.includes("warning NOT_TAKEN_BY_CLIENT"));
    scene.clock.ahead += 23 * 60 * minute;
    await mailbox.poll();
    await scene.takeFromOut(base, sent("ID-3"));
    await untilState(store, id, "completed");
    assert.equal(log.filter((line) => line.startsWith("warning")).length, 1);
  });

  it("waits in the store while OUT is away, which is told once, and goes when it is back", async () => {
    const { mailbox, store, log } = await scene.start();
    await fs.rename(scene.path("OUT"), scene.path("elsewhere"));
    const id = await mailbox.send(outboundFile());
    await until(() => log.includes("unreachable MESH_FOLDER_MISSING"));
    await fs.rename(scene.path("elsewhere"), scene.path("OUT"));
    await scene.untilInOut();
    await untilState(store, id, "awaiting-acknowledgement");
    await until(() => log.length === 2);
    assert.deepEqual(log, ["unreachable MESH_FOLDER_MISSING", "reachable"]);
  });

  it("is held for a person when its content is damaged in the store", async () => {
    const { mailbox, store, log } = await scene.start();
    const file = outboundFile("<File/>", { compressed: Buffer.from("no gzip") });
    const id = await mailbox.send(file);
    await untilState(store, id, "held");
    assert.deepEqual(await scene.list("OUT"), []);
    assert.deepEqual(await scene.list("cpis-staging"), []);
    await until(() => log.includes(`undelivered ${file.localId} held STORE_CORRUPT`));
  });

  it("goes out once when two instances share the store and the folders", async () => {
    const store = await scene.openStore();
    const one = await scene.start({ store });
    const other = await scene.start({ store });
    const ids = [];
    for (let count = 0; count < 12; count += 1) {
      ids.push(await (count % 2 === 0 ? one : other).mailbox.send(outboundFile(`<File>${count}</File>`)));
    }
    for (const id of ids) await untilState(store, id, "awaiting-acknowledgement");
    assert.equal((await scene.list("OUT")).length, 24);
    assert.deepEqual(await scene.list("cpis-staging"), []);
    for (const name of await scene.list("OUT")) {
      if (name.endsWith(".ctl")) await scene.takeFromOut(name.slice(0, -".ctl".length), sent());
    }
    for (const id of ids) await untilState(store, id, "completed");
    assert.equal([...one.log, ...other.log].filter((line) => line.startsWith("accepted")).length, 12);
    await Promise.all([one.close(), other.close()]);
    await store.close();
  });

  it("that waited for the API goes over the folders, and one that may have gone there is held", async () => {
    const store = await scene.openStore();
    const details = { mailbox: ownMailbox, channel: "mesh", acceptedAt: Date.now() };
    const rows = [outboundFile(), outboundFile()].map((file) => newOutboundRow(file, details));
    const [waiting, begun] = await store.acceptOutbound(rows);
    assert.ok(waiting !== undefined && begun !== undefined);
    await store.transition({ id: begun, from: ["queued"], to: "sending", at: Date.now() });
    const instance = await scene.start({ store });
    await untilState(store, waiting, "awaiting-acknowledgement");
    await untilState(store, begun, "held");
    assert.equal((await scene.list("OUT")).length, 2);
    assert.match(instance.log.join(), /^undelivered \S+ held MESH_OUTCOME_UNKNOWN$/);
    await instance.close();
    await store.close();
  });

  it("is not taken for accepted while the client says nothing of it", async () => {
    const { mailbox, store, log } = await scene.start();
    const id = await mailbox.send(outboundFile());
    const base = await scene.untilInOut();
    await untilState(store, id, "awaiting-acknowledgement");
    await scene.takeFromOut(base, {});
    scene.clock.ahead = 16 * minute;
    await until(() => log.includes("warning NOT_TAKEN_BY_CLIENT"));
    assert.equal((await stored(store, id)).state, "awaiting-acknowledgement");
  });
});
