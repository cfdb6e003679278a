// Files fetched over the API from a simulated MESH: what is delivered, how often, and what stays in the mailbox.
import assert from "node:assert/strict";
import type { ReceivedItem } from "../../../lib/mesh/model.js";
import { createFailingStore } from "../../support/mhs/failing-store.js";
import { until, untilState } from "../../support/mhs/durable-exchange.js";
import { useMeshScene, type StartedMailbox } from "../../support/mesh/mesh-scene.js";
import { largeContent, outboundFile, responseText, textOf } from "../../support/mesh/sample-files.js";

const day = 24 * 60 * 60_000;

describe("Files fetched over the MESH API", () => {
  // Disks of a busy machine take their time.
  const scene = useMeshScene();

  function deliver(text: string | Buffer = responseText, more: { fileName?: string; subject?: string } = {}): string {
    const { mesh, authority } = scene();
    const { response: workflowId } = mesh.workflowIds;
    const content = Buffer.from(text);
    return mesh.deliver({
      from: mesh.cpisMailbox,
      to: authority.mailbox,
      workflowId,
      localId: "R-1",
      content,
      ...more,
    });
  }

  function waiting(): readonly string[] {
    const { mesh, authority } = scene();
    return mesh.inbox(authority.mailbox).map(({ messageId }) => messageId);
  }

  function consume({ mailbox }: StartedMailbox): ReceivedItem[] {
    const items: ReceivedItem[] = [];
    mailbox.consume({
      confirm: "on-handover",
      inOrder: "none",
      deliver: ({ message }) => {
        items.push(message);
        return Promise.resolve();
      },
    });
    return items;
  }

  async function textsOf(items: readonly ReceivedItem[]): Promise<readonly string[]> {
    return Promise.all(items.map(async (item) => (item.kind === "file" ? textOf(item.contents()) : "a report")));
  }

  /** CP-IS as a sender that divides its files. */
  async function sendFromCpis(settings: { gzip: boolean }, content: Buffer): Promise<void> {
    const { mesh, authority, store } = scene();
    const { mailbox, password } = mesh.cpis;
    const cpis = await scene().start({ mailbox, password, channel: "cpis", chunkBytes: 1_000_000, ...settings });
    const { response: workflowId } = mesh.workflowIds;
    const file = outboundFile({ workflowId, recipient: authority.mailbox, completedBy: "acceptance" }, content);
    await untilState(store, await cpis.mailbox.send(file), "completed");
  }

  it("are acknowledged only after they were fetched, and leave the mailbox then", async () => {
    const one = await scene().start();
    deliver();
    await one.mailbox.poll();
    assert.deepEqual(waiting(), []);
    const calls = scene().calls.filter((call) => call.startsWith("PUT") || call.startsWith("GET"));
    // The inbox itself, the message, its acknowledgement.
    const at = calls.indexOf("PUT inbox/status/acknowledged 200");
    assert.deepEqual(calls.slice(at - 2, at), ["GET inbox 200", "GET inbox 200"]);
  });

  it("stay in the mailbox while the store takes nothing, and come when it does again", async () => {
    const failing = createFailingStore(scene().store);
    const one = await scene().start({ store: failing.store });
    const items = consume(one);
    failing.fail("STORE_FULL", ["acceptInbound"]);
    const id = deliver();
    await assert.rejects(one.mailbox.poll(), { code: "STORE_FULL" });
    assert.deepEqual(waiting(), [id]);
    assert.ok(one.log.includes("storeUnavailable STORE_FULL"));
    failing.recover();
    await one.mailbox.poll();
    await until(() => items.length === 1);
    assert.deepEqual(waiting(), []);
  });

  it("all come, page by page", async () => {
    const one = await scene().start({ pageSize: 10 });
    const items = consume(one);
    const ids = Array.from({ length: 25 }, (_, index) => deliver(`<FileResponse>${index}</FileResponse>`));
    await one.mailbox.poll();
    await until(() => items.length === 25);
    assert.deepEqual(items.map(({ messageId }) => messageId).sort(), [...ids].sort());
    assert.deepEqual(waiting(), []);
  });

  it("are looked for by themselves, at intervals", async () => {
    const one = await scene().start({ pollMilliseconds: 20 });
    const items = consume(one);
    deliver();
    await until(() => items.length === 1);
    deliver();
    await until(() => items.length === 2);
  });

  for (const headerCase of ["lower", "upper", "mixed"] as const) {
    it(`are understood when the names of headers come in ${headerCase} case`, async () => {
      scene().mesh.changeBehaviours({ headerCase });
      const one = await scene().start();
      const items = consume(one);
      deliver(responseText, { fileName: "R-1.xml" });
      await one.mailbox.poll();
      await until(() => items.length === 1);
      const [item] = items;
      assert.equal(item?.kind === "file" ? item.fileName : "", "R-1.xml");
    });
  }

  it("are understood when JSON comes under another name", async () => {
    scene().mesh.changeBehaviours({ jsonContentType: "plain" });
    const one = await scene().start();
    const items = consume(one);
    deliver();
    await one.mailbox.poll();
    await until(() => items.length === 1);
  });

  it("come compressed if the settings ask for it", async () => {
    scene().mesh.changeBehaviours({ compression: "always" });
    const one = await scene().start({ gzip: true });
    const items = consume(one);
    const content = largeContent(300_000).toString();
    deliver(content);
    await one.mailbox.poll();
    await until(() => items.length === 1);
    assert.ok((await textsOf(items))[0] === content);
  });

  for (const gzip of [false, true]) {
    it(`are put together from their chunks, ${gzip ? "each compressed on its own" : "uncompressed"}`, async () => {
      const content = largeContent(2_500_000);
      const one = await scene().start({ gzip });
      const items = consume(one);
      await sendFromCpis({ gzip }, content);
      await one.mailbox.poll();
      await until(() => items.length === 1);
      assert.ok((await textsOf(items))[0] === content.toString());
    });
  }

  it("are never delivered in part: a missing chunk is warned of, and others come meanwhile", async () => {
    const one = await scene().start();
    const items = consume(one);
    await sendFromCpis({ gzip: false }, largeContent(2_500_000));
    scene().mesh.inject({ fault: { kind: "chunkMissing", chunk: 2 }, times: 3 });
    deliver();
    const count = (code: string): number => one.log.filter((line) => line === `warning ${code}`).length;
    for (let look = 0; look < 5; look += 1) await one.mailbox.poll();
    await until(() => items.length === 1);
    assert.deepEqual(await textsOf(items), [responseText]);
    assert.deepEqual([count("MESH_INCOMPLETE"), count("MESSAGE_SKIPPED")], [2, 1]);
    assert.equal(waiting().length, 1);
    scene().clock.now += day;
    await one.mailbox.poll();
    await until(() => items.length === 2);
    assert.deepEqual(waiting(), []);
  });

  it("are fetched again when fewer bytes came than were announced", async () => {
    const one = await scene().start();
    const items = consume(one);
    await one.mailbox.poll();
    scene().mesh.inject({ fault: { kind: "wrongContentLength", difference: 5 } });
    deliver();
    await one.mailbox.poll();
    assert.equal(waiting().length, 1);
    await one.mailbox.poll();
    await until(() => items.length === 1);
    assert.deepEqual(await textsOf(items), [responseText]);
  });

  it("are skipped when they are larger than the limit", async () => {
    const one = await scene().start({ maximumFileBytes: 1_000 });
    const items = consume(one);
    deliver(largeContent(2_000));
    deliver();
    await one.mailbox.poll();
    await one.mailbox.poll();
    await until(() => items.length === 1);
    assert.deepEqual(
      one.log.filter((line) => line.startsWith("warning")),
      ["warning MESSAGE_SKIPPED"],
    );
  });

  it("are fetched at the next look when their sender is still uploading them", async () => {
    const one = await scene().start();
    const items = consume(one);
    await one.mailbox.poll();
    scene().mesh.inject({ fault: { kind: "stillUploading" }, times: 2 });
    deliver();
    await one.mailbox.poll();
    await one.mailbox.poll();
    assert.deepEqual(items, []);
    assert.deepEqual(one.log, []);
    await one.mailbox.poll();
    await until(() => items.length === 1);
  });

  it("are warned of once a day, and tried at every look, when MESH has not given them for hours", async () => {
    const one = await scene().start();
    const items = consume(one);
    scene().mesh.inject({ fault: { kind: "stillUploading" }, times: 4 });
    deliver();
    await one.mailbox.poll();
    scene().clock.now += 5 * 60 * 60_000;
    await one.mailbox.poll();
    await one.mailbox.poll();
    assert.deepEqual(one.log, ["warning MESH_MESSAGE_NOT_READY"]);
    scene().clock.now += day;
    await one.mailbox.poll();
    assert.deepEqual(one.log.slice(1), ["warning MESH_MESSAGE_NOT_READY"]);
    await one.mailbox.poll();
    await until(() => items.length === 1);
  });

  it("are acknowledged again and not delivered twice when MESH gives them again", async () => {
    const one = await scene().start();
    const items = consume(one);
    await one.mailbox.poll();
    scene().mesh.inject({ fault: { kind: "deliverAgain" } });
    deliver();
    await one.mailbox.poll();
    await one.mailbox.poll();
    assert.deepEqual(waiting(), []);
    await until(() => items.length === 1);
    assert.deepEqual(
      one.log.filter((line) => line.startsWith("received")),
      ["received FileResponse new", "received FileResponse duplicate"],
    );
  });

  it("are delivered once when the program ends between storing and acknowledging", async () => {
    const first = await scene().start();
    await first.mailbox.poll();
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["acknowledge"], times: 3 });
    deliver();
    await first.mailbox.poll();
    assert.equal(waiting().length, 1);
    await first.close();
    const second = await scene().start();
    const items = consume(second);
    await second.mailbox.poll();
    assert.deepEqual(waiting(), []);
    await until(() => items.length === 1);
    assert.ok(second.log.includes("received FileResponse duplicate"));
  });

  it("are still looked for when a call failed twice", async () => {
    const one = await scene().start();
    await one.mailbox.poll();
    const items = consume(one);
    deliver();
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["listInbox"], times: 2 });
    scene().mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["fetch"], times: 2 });
    await one.mailbox.poll();
    await until(() => items.length === 1);
  });

  it("keep what people wrote about them out of the readable columns of the store", async () => {
    const one = await scene().start();
    deliver(responseText, { fileName: "Anna Smith.xml", subject: "about Anna Smith" });
    await one.mailbox.poll();
    const { messages } = await scene().store.list({ direction: "inbound" }, 1);
    assert.ok(!JSON.stringify(messages).includes("Anna"));
    const { attributes, service, interaction } = messages[0]!;
    assert.equal(attributes["mex-messagetype"], "DATA");
    assert.deepEqual([service, interaction], ["EXAMPLE_RESPONSE", "FileResponse"]);
  });
});
