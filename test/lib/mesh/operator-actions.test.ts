// What a person does with stored files for MESH, tried with a simulated MESH on loopback.
import assert from "node:assert/strict";
import { mayBeInMesh, releaseOfFile, resendFileByHand } from "../../../lib/mesh/operator-actions.js";
import type { MessageRowId, StoredOutboundMessage } from "../../../lib/store/message-model.js";
import { stored, untilState } from "../../support/mhs/durable-exchange.js";
import { useMeshScene } from "../../support/mesh/mesh-scene.js";
import { outboundFile } from "../../support/mesh/sample-files.js";

const person = { by: "anna", forgotten: ["isFailureTold"] };
const nextLocalId = (localId: string): string => localId.replace(/-1$/, "-2");

describe("A person and a stored file for MESH", () => {
  const scene = useMeshScene();

  function act() {
    return { ...person, at: scene().clock.now };
  }

  async function row(id: MessageRowId): Promise<StoredOutboundMessage> {
    const message = await stored(scene().store, id);
    assert.ok(message.direction === "outbound");
    return message;
  }

  function localIds(): readonly (string | undefined)[] {
    const { mesh } = scene();
    return mesh.inbox(mesh.cpisMailbox).map(({ localId }) => localId);
  }

  it("send a file again that the recipient did not collect: as a new one, once, with all that belongs to it", async () => {
    const { store, mesh } = scene();
    const { mailbox } = await scene().start({ nextLocalId });
    const context = Buffer.from("what its sender wants back");
    const attributes = { uploadOwner: "flow", isFailureTold: true };
    const file = outboundFile({ localId: "999-000701-1", orderedBy: "ZT7", context, attributes });
    const id = await mailbox.send(file);
    await untilState(store, id, "awaiting-response");
    mesh.report(mesh.inbox(mesh.cpisMailbox)[0]!.messageId, { statusCode: "14" });
    await mailbox.poll();
    await untilState(store, id, "failed");
    const original = await row(id);
    const options = { store, nextLocalId };
    const outcomes = await Promise.all([1, 2, 3].map(() => resendFileByHand(original, act(), options)));
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["resent", "resent-before", "resent-before"]);
    const successor = outcomes[0]!.id;
    await untilState(store, successor, "awaiting-response");
    assert.deepEqual(localIds().slice(-1), ["999-000701-2"]);
    const { originalId, isOrdered, attributes: kept } = await row(successor);
    assert.deepEqual([originalId, isOrdered, kept["uploadOwner"]], [id, true, "flow"]);
    assert.equal(kept["isFailureTold"], undefined);
    assert.deepEqual(await store.readContext(successor), context);
    assert.equal((await store.history(successor))[0]?.by, "anna");
  });

  it("let a file of unknown outcome go: under a new local id, and before the later ones", async () => {
    const { store } = scene();
    const { mailbox } = await scene().start({ nextLocalId, pauses: { trackingMilliseconds: [] } });
    scene().mesh.inject({ fault: { kind: "unavailableBefore" }, calls: ["send"] });
    const id = await mailbox.send(outboundFile({ localId: "999-000702-1", orderedBy: "ZT7" }));
    const later = await mailbox.send(outboundFile({ localId: "999-000703-1", orderedBy: "ZT7" }));
    await untilState(store, id, "held");
    const held = await row(id);
    assert.ok(mayBeInMesh(held));
    assert.equal(await store.transition(releaseOfFile(held, act())), "done");
    assert.equal(await store.transition(releaseOfFile(held, act())), "not-in-state");
    await untilState(store, later, "awaiting-response");
    assert.deepEqual(localIds(), ["999-000702-2", "999-000703-1"]);
    assert.equal((await row(id)).state, "failed");
    const successor = await store.findByMessageId("outbound", "999-000702-2");
    assert.deepEqual([successor?.originalId, successor?.state], [id, "awaiting-response"]);
    assert.equal((await store.history(id)).find(({ code }) => code === "released")?.by, "anna");
  });

  it("let a file go that was held before it was sent: as it is", async () => {
    const { store } = scene();
    const { mailbox } = await scene().create({ nextLocalId });
    const id = await mailbox.send(outboundFile({ localId: "999-000704-1" }));
    const held = { id, from: ["queued"], to: "held", at: 1, code: "STORE_KEY_UNKNOWN" } as const;
    await store.transition({ ...held, changes: { errorCode: "STORE_KEY_UNKNOWN" } });
    assert.equal(mayBeInMesh(await row(id)), false);
    await store.transition(releaseOfFile(await row(id), act()));
    await mailbox.start();
    await untilState(store, id, "awaiting-response");
    assert.deepEqual(localIds(), ["999-000704-1"]);
    assert.equal((await row(id)).errorCode, undefined);
  });

  it("let a file go that was held in the middle: it goes on behind the pieces that MESH has", async () => {
    const { store } = scene();
    const { mailbox } = await scene().create({ nextLocalId });
    const id = await mailbox.send(outboundFile({ localId: "999-000705-1" }));
    const attributes = { ...(await row(id)).attributes, meshMessageId: "M1", sentChunks: 1, chunks: 2, chunkBytes: 40 };
    await store.transition({ id, from: ["queued"], to: "held", at: 1, changes: { attributes } });
    const transition = releaseOfFile(await row(id), act());
    assert.equal(transition.to, "sending");
    assert.deepEqual(transition.changes?.attributes, attributes);
  });

  it("let a file go that has its name in the client's folders: the folders decide what is done", async () => {
    const { store } = scene();
    const { mailbox } = await scene().create({ nextLocalId });
    const id = await mailbox.send(outboundFile({ attributes: { baseName: "cp-is-1", isFailureTold: true } }));
    const held = { id, from: ["queued"], to: "held", at: 1, code: "MESH_OUTCOME_UNKNOWN" } as const;
    await store.transition({ ...held, changes: { errorCode: "MESH_OUTCOME_UNKNOWN" } });
    const transition = releaseOfFile(await row(id), act());
    assert.equal(transition.to, "queued");
    const { baseName, isFailureTold } = transition.changes?.attributes ?? {};
    assert.deepEqual([baseName, isFailureTold], ["cp-is-1", undefined]);
  });
});
