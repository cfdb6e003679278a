// Files sent over the API to a simulated MESH: what arrives there, how often, and what is left here.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { ApiMailboxOptions } from "../../../lib/mesh/api/api-mailbox.js";
import type { MessageRowId } from "../../../lib/store/message-model.js";
import { createFailingStore } from "../../support/mhs/failing-store.js";
import { createSqlitePlace } from "../../support/store/sqlite-place.js";
import { stored, until, untilState } from "../../support/mhs/durable-exchange.js";
import { useMeshScene, type StartedMailbox } from "../../support/mesh/mesh-scene.js";
import { largeContent, outboundFile, uploadText } from "../../support/mesh/sample-files.js";

const minute = 60_000;
const content = largeContent(2_500_000);
/** Three chunks. */
const inChunks: Partial<ApiMailboxOptions> = { chunkBytes: 1_000_000 };

describe("Files sent over the MESH API", () => {
  // Disks of a busy machine take their time.
  const scene = useMeshScene();

  function arrived(): readonly Buffer[] {
    const { mesh } = scene();
    return mesh.inbox(mesh.cpisMailbox).map((message) => message.content);
  }

  /** How often a file was posted, whatever became of it. */
  function postings(): number {
    return scene().calls.filter((call) => /^POST outbox \d+$/.test(call)).length;
  }

  async function stateOf(id: MessageRowId): Promise<readonly [string, string | undefined]> {
    const { state, errorCode } = await stored(scene().store, id);
    return [state, errorCode];
  }

  async function assertAcceptedOnce(id: MessageRowId, bytes: Buffer | string = uploadText): Promise<void> {
    await untilState(scene().store, id, "awaiting-response");
    assert.equal(arrived().length, 1);
    assert.ok(arrived()[0]?.equals(Buffer.from(bytes)));
    await until(() => postings() > 0);
    assert.equal(postings(), 1);
  }

  it("are noted with the id by which MESH knows them", async () => {
    const { mailbox } = await scene().start();
    const id = await mailbox.send(outboundFile());
    await untilState(scene().store, id, "awaiting-response");
    const { attributes, attempts } = await stored(scene().store, id);
    const { mesh } = scene();
    assert.equal(attributes["meshMessageId"], mesh.inbox(mesh.cpisMailbox)[0]?.messageId);
    assert.equal(attempts, 1);
  });

  for (const kind of ["dropAnswer", "unavailableAfter"] as const) {
    it(`are asked for and not sent again when MESH took them and the answer was lost (${kind})`, async () => {
      const { mailbox } = await scene().start();
      scene().mesh.inject({ fault: { kind }, calls: ["send"] });
      const id = await mailbox.send(outboundFile());
      await assertAcceptedOnce(id);
      const states = (await scene().store.history(id)).map(({ state }) => state);
      assert.deepEqual(states, ["queued", "sending", "awaiting-acknowledgement", "awaiting-response"]);
    });
  }

  it("are asked for when the answer does not come in time", async () => {
    const { mailbox } = await scene().start({ requestTimeoutMilliseconds: 300 });
    scene().mesh.inject({ fault: { kind: "delayAnswer", milliseconds: 1_000 }, calls: ["send"] });
    await assertAcceptedOnce(await mailbox.send(outboundFile()));
  });

  it("are never taken for an older file of the same local id, as after the store was lost", async () => {
    const first = await scene().start();
    const old = outboundFile();
    await assertAcceptedOnce(await first.mailbox.send(old));
    await first.close();
    scene().clock.now += 24 * 60 * minute;
    const place = await createSqlitePlace();
    const store = await place.open();
    try {
      const again = await scene().start({ store, pauses: { busyMilliseconds: 1, trackingMilliseconds: [] } });
      scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["send"] });
      const id = await again.mailbox.send(outboundFile({ localId: old.localId }, "<File>another</File>"));
      await untilState(store, id, "held");
      assert.equal((await stored(store, id)).attributes["meshMessageId"], undefined);
      assert.equal(arrived().length, 1);
      await again.close();
    } finally {
      await store.close();
      await place.remove();
    }
  });

  /** By the clock, and by a look at what is due. */
  async function passAllWaits({ mailbox }: StartedMailbox): Promise<void> {
    for (const [count, wait] of [1, 5, 30].entries()) {
      await until(() => scene().calls.filter((call) => call === "GET outbox/tracking 404").length > count);
      await until(async () => {
        const [oldest] = (await scene().store.list({ states: ["awaiting-acknowledgement"] }, 1)).messages;
        return oldest?.attributes["trackings"] === count + 1;
      });
      scene().clock.now += wait * minute;
      await mailbox.poll();
    }
  }

  it("are held for a person, and hold up later ones, when MESH may not have them", async () => {
    const started = await scene().start();
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["send"] });
    const id = await started.mailbox.send(outboundFile({ orderedBy: "ZT7" }));
    const later = await started.mailbox.send(outboundFile({ orderedBy: "ZT7" }));
    await passAllWaits(started);
    await untilState(scene().store, id, "held");
    assert.deepEqual(await stateOf(id), ["held", "MESH_OUTCOME_UNKNOWN"]);
    assert.deepEqual(await stateOf(later), ["queued", undefined]);
    assert.equal(postings(), 1);
    assert.ok(started.log.includes("undelivered held MESH_OUTCOME_UNKNOWN"));
  });

  it("are sent again under a new local id, before later ones, if the settings say so", async () => {
    const nextLocalId = (localId: string): string => localId.replace(/-1$/, "-2");
    const started = await scene().start({ unknownOutcome: "resend-after-tracking", nextLocalId });
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["send"] });
    const context = Buffer.from("what its sender wants back");
    const id = await started.mailbox.send(outboundFile({ localId: "999-000777-1", orderedBy: "ZT7", context }));
    const later = await started.mailbox.send(outboundFile({ localId: "999-000778-1", orderedBy: "ZT7" }));
    await passAllWaits(started);
    await untilState(scene().store, later, "awaiting-response");
    const { mesh, store } = scene();
    assert.deepEqual(
      mesh.inbox(mesh.cpisMailbox).map(({ localId }) => localId),
      ["999-000777-2", "999-000778-1"],
    );
    assert.deepEqual(await stateOf(id), ["failed", "MESH_OUTCOME_UNKNOWN"]);
    const resent = await store.findByMessageId("outbound", "999-000777-2");
    assert.equal(resent?.originalId, id);
    assert.equal(resent.state, "awaiting-response");
    assert.deepEqual(await store.readContext(resent.id), context);
  });

  it("are taken for accepted, with a warning, when MESH has them twice", async () => {
    const { mailbox, log } = await scene().start();
    scene().mesh.inject({ fault: { kind: "storeTwice" } });
    scene().mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["send"] });
    const id = await mailbox.send(outboundFile());
    await untilState(scene().store, id, "awaiting-response");
    assert.ok(log.includes("warning SENT_MORE_THAN_ONCE"));
  });

  it("are held, and not sent, when their bytes are not those that were to be sent", async () => {
    const { mailbox } = await scene().start();
    const compressed = gzipSync("something else");
    const digest = "0".repeat(64);
    for (const changes of [
      { compressed },
      { compressed: Buffer.from("no gzip") },
      { digest },
      { digest: `gzip:${digest}` },
    ]) {
      const id = await mailbox.send(outboundFile(changes));
      await untilState(scene().store, id, "held");
      assert.deepEqual(await stateOf(id), ["held", "STORE_CORRUPT"]);
    }
    assert.equal(postings(), 0);
  });

  for (const { changes, code } of [
    { changes: { recipient: "ZZZOT999" }, code: "MESH_RECIPIENT_UNKNOWN" },
    { changes: { workflowId: "NO_SUCH_WORKFLOW" }, code: "MESH_WORKFLOW_NOT_REGISTERED" },
    { changes: { subject: "see http://example.org" }, code: "MESH_REFUSED" },
  ] as const) {
    it(`fail with ${code}, in MESH's own words, and later ones are sent`, async () => {
      const { mailbox, log } = await scene().start();
      const id = await mailbox.send(outboundFile({ orderedBy: "ZT7", ...changes }));
      const later = await mailbox.send(outboundFile({ orderedBy: "ZT7" }));
      await untilState(scene().store, later, "awaiting-response");
      assert.deepEqual(await stateOf(id), ["failed", code]);
      assert.ok(log.includes(`warning ${code}`));
      assert.match(String((await stored(scene().store, id)).attributes["refusal"]), /^status 4\d\d/);
    });
  }

  it("fail by a report that comes before the answer to their sending", async () => {
    const started = await scene().start({ pollMilliseconds: 20 });
    scene().mesh.inject({ fault: { kind: "reportBeforeAnswer", statusCode: "15" } });
    scene().mesh.inject({ fault: { kind: "delayAnswer", milliseconds: 300 }, calls: ["send"] });
    const id = await started.mailbox.send(outboundFile());
    await untilState(scene().store, id, "failed");
    await until(() => postings() === 1);
    await started.close();
    assert.deepEqual(await stateOf(id), ["failed", "MESH_BAD_FILE"]);
    assert.ok(!started.log.includes("accepted"));
  });

  it("fail with MESH_UNDELIVERED when the recipient has not collected them for five days", async () => {
    const { mailbox } = await scene().start();
    const id = await mailbox.send(outboundFile());
    await untilState(scene().store, id, "awaiting-response");
    scene().mesh.advanceClock(6 * 24 * 60 * minute);
    await mailbox.poll();
    assert.deepEqual(await stateOf(id), ["failed", "MESH_UNDELIVERED"]);
  });

  for (const gzip of [false, true]) {
    const how = gzip ? "compressed" : "as they are";
    it(`arrive whole when they are sent at once, ${how}`, async () => {
      const { mailbox } = await scene().start({ gzip });
      await assertAcceptedOnce(await mailbox.send(outboundFile({}, content)), content);
    });

    it(`arrive whole when they are sent in chunks, ${how}`, async () => {
      const { mailbox } = await scene().start({ gzip, ...inChunks });
      const chunks: string[] = [];
      mailbox.events.on("sending", ({ chunk, chunks: all }) => chunks.push(`${chunk}:${all}`));
      await assertAcceptedOnce(await mailbox.send(outboundFile({}, content)), content);
      assert.deepEqual(chunks, ["1:3", "2:3", "3:3"]);
    });
  }

  it("go on with the second chunk when the answer to the first was lost", async () => {
    const { mailbox } = await scene().start(inChunks);
    scene().mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["send"] });
    await assertAcceptedOnce(await mailbox.send(outboundFile({}, content)), content);
  });

  it("repeat a chunk whose answer was lost, also the last one, which MESH then says it has", async () => {
    const { mailbox } = await scene().start(inChunks);
    scene().mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["sendChunk"], times: 2 });
    await assertAcceptedOnce(await mailbox.send(outboundFile({}, content)), content);
  });

  describe("after a crash", () => {
    /** Nothing is written down any more from the moment when this chunk is being sent. */
    async function crashAt(chunk: number, changes: Partial<ApiMailboxOptions> = {}): Promise<MessageRowId> {
      const failing = createFailingStore(scene().store);
      const started = await scene().start({ store: failing.store, ...changes });
      const { mailbox } = started;
      mailbox.events.on("sending", (event) => {
        if (event.chunk === chunk) failing.fail("STORE_CLOSED");
      });
      const id = await mailbox.send(outboundFile({}, changes.chunkBytes === undefined ? uploadText : content));
      await until(() => failing.refusals() > 0);
      await started.close();
      assert.equal((await stored(scene().store, id)).state, "sending");
      scene().clock.now += minute;
      return id;
    }

    it("before the answer was noted are asked for, and not sent again", async () => {
      const id = await crashAt(1);
      await scene().start();
      await assertAcceptedOnce(id);
    });

    it("between two chunks go on with the next one", async () => {
      const id = await crashAt(2, inChunks);
      await scene().start({ chunkBytes: 700_000 });
      await assertAcceptedOnce(id, content);
    });

    it("in the middle of the first chunk's answer go on with the second", async () => {
      const id = await crashAt(1, inChunks);
      await scene().start();
      await assertAcceptedOnce(id, content);
    });

    it("while their outcome is unknown are asked for again", async () => {
      const first = await scene().start();
      scene().mesh.inject({ fault: { kind: "dropAnswer" }, calls: ["send"] });
      scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["trackLocalId"], times: 3 });
      const id = await first.mailbox.send(outboundFile());
      await untilState(scene().store, id, "awaiting-acknowledgement");
      await until(() => first.log.includes("unreachable MESH_UNAVAILABLE"));
      await first.close();
      scene().clock.now += minute;
      await scene().start();
      await assertAcceptedOnce(id);
    });
  });

  it("wait while MESH is away, which is told once, and are sent when it is back", async () => {
    const { mailbox, log } = await scene().start();
    await scene().stopMesh();
    const id = await mailbox.send(outboundFile());
    await until(() => log.includes("unreachable MESH_CONNECT_FAILED"));
    await untilState(scene().store, id, "queued");
    await scene().startMesh();
    scene().clock.now += minute;
    await mailbox.poll();
    await untilState(scene().store, id, "awaiting-response");
    assert.equal(arrived().length, 1);
    assert.deepEqual(
      log.filter((line) => line.includes("reachable")),
      ["unreachable MESH_CONNECT_FAILED", "reachable"],
    );
  });

  for (const gzip of [false, true]) {
    it(`are sent from the start when MESH has forgotten their first chunks, and that is told (${gzip ? "gzip" : "plain"})`, async () => {
      const nextId = (localId: string): string => localId.replace(/\d+$/, (attempt) => String(Number(attempt) + 1));
      const settings = { ...inChunks, gzip, nextLocalId: nextId };
      const { mailbox, log } = await scene().start(settings);
      scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["sendChunk"], times: 3 });
      const file = outboundFile({}, content);
      const id = await mailbox.send(file);
      await until(() => log.includes("unreachable MESH_UNAVAILABLE"));
      await scene().stopMesh();
      await scene().startMesh();
      scene().clock.now += minute;
      await mailbox.poll();
      await until(() => arrived().length === 1);
      assert.ok(arrived()[0]?.equals(content));
      assert.equal(log.filter((line) => line === "warning UPLOAD_BEGUN_ANEW").length, 1);
      const { mesh } = scene();
      assert.equal(mesh.inbox(mesh.cpisMailbox)[0]?.localId, nextId(file.localId));
      await untilState(scene().store, id, "failed");
    });
  }

  it("are failed when MESH has forgotten them and they cannot be given another local id", async () => {
    const { mailbox, log } = await scene().start(inChunks);
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["sendChunk"], times: 3 });
    const id = await mailbox.send(outboundFile({}, content));
    await until(() => log.includes("unreachable MESH_UNAVAILABLE"));
    await scene().stopMesh();
    await scene().startMesh();
    scene().clock.now += minute;
    await mailbox.poll();
    await untilState(scene().store, id, "failed");
    assert.deepEqual(arrived(), []);
  });

  it("each carry a token of their own, also when many calls are made at once", async () => {
    const { mailbox } = await scene().start();
    const sending = Array.from({ length: 12 }, () => mailbox.send(outboundFile({ completedBy: "acceptance" })));
    await Promise.all([mailbox.poll(), ...sending, mailbox.poll()]);
    await until(() => arrived().length === 12);
    assert.deepEqual(
      scene().calls.filter((call) => call.endsWith(" 403")),
      [],
    );
  });
});
