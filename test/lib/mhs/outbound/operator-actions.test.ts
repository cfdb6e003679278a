// What a person does with stored ebXML messages, tried with a real peer over TLS.
import assert from "node:assert/strict";
import { isRequest, releaseOfMessage, resendMessage } from "../../../../lib/mhs/outbound/operator-actions.js";
import type { MessageRowId, StoredOutboundMessage } from "../../../../lib/store/message-model.js";
import type { MessageStore } from "../../../../lib/store/message-store.js";
import { stored, until, untilState, useDurableScene } from "../../../support/mhs/durable-exchange.js";
import { errorFor } from "../../../support/mhs/exchange.js";
import { acknowledgmentFor, messageIn, replyEmpty, replyWith, type PeerBehaviour } from "../../../support/mhs/peer.js";

const act = { by: "anna", at: Date.UTC(2026, 10, 22, 12), forgotten: ["isFailureTold"] };

describe("A person and a stored ebXML message", () => {
  const scene = useDurableScene();

  async function outboundRow(store: MessageStore, id: MessageRowId): Promise<StoredOutboundMessage> {
    const message = await stored(store, id);
    assert.ok(message.direction === "outbound");
    return message;
  }

  /** Refuses the first message, takes the others. */
  function refuseFirst(): PeerBehaviour {
    let count = 0;
    return (request, response) => {
      const message = messageIn(request);
      replyWith(response, (count += 1) === 1 ? errorFor(request, "Error") : acknowledgmentFor(message));
    };
  }

  it("send a dead letter again: the same payload in a new envelope under a new id, linked with the first", async () => {
    const peer = await scene.startPeer(refuseFirst());
    const { mhs, store } = await scene.start();
    const context = Buffer.from("what its sender wants back");
    const attributes = { uploadOwner: "flow", isFailureTold: true };
    const id = await mhs.send(scene.message({ context, attributes, applicationId: "42" }));
    await untilState(store, id, "failed");
    const outcome = await resendMessage(await outboundRow(store, id), act, store);
    assert.equal(outcome.kind, "resent");
    await untilState(store, outcome.id, "completed");
    const [first, second] = peer.requests.map(messageIn);
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(second.payload, first.payload);
    assert.notEqual(second.header.messageId, first.header.messageId);
    assert.equal(second.header.timestamp, "2026-11-22T12:00:00Z");
    const { messageId, timestamp } = first.header;
    assert.deepEqual({ ...second.header, messageId, timestamp }, first.header);
    assert.deepEqual(second.reliability, first.reliability);
    const [original, successor] = [await outboundRow(store, id), await outboundRow(store, outcome.id)];
    assert.deepEqual([successor.originalId, successor.applicationId], [id, original.applicationId]);
    assert.deepEqual([successor.attributes["uploadOwner"], successor.attributes["isFailureTold"]], ["flow", undefined]);
    assert.deepEqual(await store.readContext(outcome.id), context);
    assert.equal((await store.history(outcome.id))[0]?.by, "anna");
    assert.equal(original.state, "failed");
  });

  it("make one new message, however many press at once", async () => {
    const peer = await scene.startPeer(refuseFirst());
    const { mhs, store } = await scene.start();
    const id = await mhs.send(scene.message());
    await untilState(store, id, "failed");
    const row = await outboundRow(store, id);
    const outcomes = await Promise.all([1, 2, 3].map(() => resendMessage(row, act, store)));
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["resent", "resent-before", "resent-before"]);
    assert.equal(new Set(outcomes.map((outcome) => outcome.id)).size, 1);
    await untilState(store, outcomes[0]!.id, "completed");
    assert.equal(peer.requests.length, 2);
  });

  it("never send a request again, nor let a held one go", async () => {
    await scene.startPeer((_request, response) => replyEmpty(response, 500));
    const { mhs, store } = await scene.start();
    const request = scene.request();
    await mhs.request(request);
    const found = await store.findByMessageId("outbound", request.messageId);
    assert.ok(found?.direction === "outbound");
    assert.ok(isRequest(found));
    await assert.rejects(resendMessage(found, act, store), { code: "EBXML_NOT_RESENDABLE" });
    assert.throws(() => releaseOfMessage(found, act), { code: "EBXML_NOT_RESENDABLE" });
  });

  it("let a held one go, with all its sendings before it", async () => {
    const takes: PeerBehaviour = (request, response) => replyWith(response, acknowledgmentFor(messageIn(request)));
    await scene.startPeer(takes);
    const { mhs, store } = await scene.start();
    await scene.stopPeer();
    const sent = await mhs.send(scene.message());
    await until(async () => (await store.history(sent)).some(({ code }) => code === "EBXML_CONNECT_FAILED"));
    // By the hand of the outbox, as for a key that is not in the ring.
    const held = { id: sent, from: ["queued", "sending"], to: "held", at: 1, code: "STORE_KEY_UNKNOWN" } as const;
    assert.equal(await store.transition({ ...held, changes: { errorCode: "STORE_KEY_UNKNOWN", attempts: 2 } }), "done");
    const row = await outboundRow(store, sent);
    await scene.startPeer(takes);
    assert.equal(await store.transition(releaseOfMessage(row, { ...act, at: Date.now() })), "done");
    assert.equal(await store.transition(releaseOfMessage(row, { ...act, at: Date.now() })), "not-in-state");
    await untilState(store, sent, "completed");
    const released = (await store.history(sent)).find(({ code }) => code === "released");
    assert.equal(released?.by, "anna");
    assert.equal((await stored(store, sent)).errorCode, undefined);
  });

  it("cannot send again what the store has no bytes of", async () => {
    const { store } = await scene.start();
    const [id] = await store.acceptOutbound([
      {
        ...{ channel: "other", destination: "d", isOrdered: false, interaction: "X", service: "s", messageId: "M" },
        ...{ conversationId: "C", fromParty: "A", toParty: "B", acceptedAt: 1, content: Buffer.from("no ebXML") },
        state: "failed",
        attributes: { pattern: "reliable", soapAction: "s/X", contentType: "text/xml" },
      },
    ]);
    await assert.rejects(resendMessage(await outboundRow(store, id!), act, store), { code: "STORE_CORRUPT" });
  });
});
